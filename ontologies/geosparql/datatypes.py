"""The datatypes of geometry literals (section 8.5), and the properties to them."""

from typing import Final

from ontologies.namespaces import GEO, STRDF

WKT_LITERAL: Final = GEO.term("wktLiteral")
GML_LITERAL: Final = GEO.term("gmlLiteral")
GEOJSON_LITERAL: Final = GEO.term("geoJSONLiteral")
KML_LITERAL: Final = GEO.term("kmlLiteral")
DGGS_LITERAL: Final = GEO.term("dggsLiteral")
STRDF_WKT: Final = STRDF.term("WKT")
STRDF_GML: Final = STRDF.term("GML")

GEOMETRY_DATATYPES: Final = frozenset(
    {
        WKT_LITERAL,
        GML_LITERAL,
        GEOJSON_LITERAL,
        KML_LITERAL,
        DGGS_LITERAL,
        STRDF_WKT,
        STRDF_GML,
    }
)
"""The datatypes of literals that are parsed into geometries."""

SERIALIZATIONS: Final = tuple(
    GEO.term(name)
    for name in ("asWKT", "asGML", "asGeoJSON", "asKML", "asDGGS", "hasSerialization")
)
"""The properties from a geometry to its literals."""

DEFAULT_GEOMETRIES: Final = tuple(
    GEO.term(name) for name in ("hasDefaultGeometry", "defaultGeometry")
)
"""The property from a feature to its geometry; version 1.0 has the second name too."""
