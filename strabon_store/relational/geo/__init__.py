"""The functions of GeoSPARQL 1.1 on stored, constant and computed geometries."""

from strabon_store.relational.geo.functions import (
    AGGREGATES,
    SUPPORTED,
    lower_geof,
)
from strabon_store.relational.geo.measures import DISTANCES, distance_window

__all__ = ["AGGREGATES", "DISTANCES", "SUPPORTED", "distance_window", "lower_geof"]
