"""The datatypes of geometry literals (section 8.5)."""

from typing import Final

from ontologies.namespaces import GEO

WKT_LITERAL: Final = GEO.term("wktLiteral")
GML_LITERAL: Final = GEO.term("gmlLiteral")
GEOJSON_LITERAL: Final = GEO.term("geoJSONLiteral")
KML_LITERAL: Final = GEO.term("kmlLiteral")
DGGS_LITERAL: Final = GEO.term("dggsLiteral")

GEOMETRY_DATATYPES: Final = frozenset(
    {WKT_LITERAL, GML_LITERAL, GEOJSON_LITERAL, KML_LITERAL, DGGS_LITERAL}
)
"""The datatypes of literals that are parsed into geometries."""
