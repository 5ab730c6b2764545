"""Geodesy on WGS 84 that no engine offers: measures in metres, at any latitude.

Geometries are numpy arrays of shapely geometries in CRS84 (x = longitude, y = latitude,
degrees). What is planar: relations, and where an edge runs between two vertices
(straight in longitude and latitude, as Simple Features interpolates). What is geodesic:
every length, distance and area.
"""

from engines.geodesy.distance import distance_m, within_distance
from engines.geodesy.measure import area_m2, length_m, perimeter_m
from engines.geodesy.rounded import transform_rounded
from engines.geodesy.transform import transform
from engines.geodesy.window import Box, degrees_window, expand_box
from engines.geodesy.wrap import Wrapped, wrap

__all__ = [
    "Box",
    "Wrapped",
    "area_m2",
    "degrees_window",
    "distance_m",
    "expand_box",
    "length_m",
    "perimeter_m",
    "transform",
    "transform_rounded",
    "within_distance",
    "wrap",
]
