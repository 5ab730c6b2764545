"""The functions of GeoSPARQL 1.1 on stored, constant and computed geometries."""

from strabon_store.relational.geo.functions import (
    AGGREGATES,
    SUPPORTED,
    lower_geof,
)
from strabon_store.relational.geo.measures import DISTANCES, within_distance

__all__ = ["AGGREGATES", "DISTANCES", "SUPPORTED", "lower_geof", "within_distance"]
