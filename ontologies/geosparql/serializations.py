"""The serializations of geometries (section 8.5), one datatype each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ontologies.errors import OntologyError
from ontologies.geosparql.datatypes import (
    DGGS_LITERAL,
    GEOJSON_LITERAL,
    GML_LITERAL,
    KML_LITERAL,
    STRDF_GML,
    STRDF_WKT,
    WKT_LITERAL,
)
from ontologies.geosparql.dggs import parse_dggs_literal
from ontologies.geosparql.gml import parse_gml_literal
from ontologies.geosparql.holes import without_empty_holes
from ontologies.geosparql.kml import parse_kml_literal
from ontologies.geosparql.literals import (
    Geometry,
    check_range,
    parse_geojson_literal,
    parse_wkt_literal,
)
from ontologies.geosparql.strabon import parse_strdf_wkt

PARSERS: Final[Mapping[str, Callable[[str], Geometry]]] = MappingProxyType(
    {
        WKT_LITERAL: parse_wkt_literal,
        GML_LITERAL: parse_gml_literal,
        GEOJSON_LITERAL: parse_geojson_literal,
        KML_LITERAL: parse_kml_literal,
        DGGS_LITERAL: parse_dggs_literal,
        STRDF_WKT: parse_strdf_wkt,
        STRDF_GML: parse_gml_literal,
    }
)
"""The datatypes of geometry literals, and how each is read."""


def parse_literal(text: str, datatype: str) -> Geometry:
    """The geometry of a literal of any serialization.

    Raises:
        OntologyError: It is ill-formed, in an unknown CRS, or no geometry literal.

    Examples:
        >>> parse_literal("POINT (5 51)", WKT_LITERAL).shapely
        <POINT (5 51)>
    """
    parse = PARSERS.get(datatype)
    if parse is None:
        raise OntologyError(f"<{datatype}> is no datatype of geometries")
    geometry = check_range(parse(text), re.split("[#/]", datatype)[-1], text)
    return replace(geometry, shapely=without_empty_holes(geometry.shapely))
