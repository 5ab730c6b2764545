"""The GeoSPARQL store: one compiler from SPARQL to SQL over mapped tables."""
