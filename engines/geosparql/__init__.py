"""The functions of GeoSPARQL 1.1 on one geometry at a time, for engines that lack them.

A geometry comes with its CRS, x = east, y = north, Z and M as the literal has them, and
a result is in the CRS of the first operand. What is planar and what is geodesic:
docs/adr/0015.
"""

from engines.geosparql.packing import pack, unpack

__all__ = ["pack", "unpack"]
