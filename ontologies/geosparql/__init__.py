"""GeoSPARQL 1.1 (OGC 22-047r1) as data: relations, functions, units, CRSs, literals."""
