"""Functions of GeoSPARQL that mappings may name.

| function | parameters | result |
|---|---|---|
| geof:transform | pyrml:geometry, pyrml:crs (IRI of the target) | geo:wktLiteral |
| geof:geometryType | pyrml:geometry | IRI of the sf: class |

A geometry is a geometry column, or any string that is a geo:wktLiteral.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.functions.base import Function, Parameter, Type
from geotriples.sources.base import Kind
from geotriples.values import WKT_LITERAL, Value, text_literal
from ontologies.namespaces import GEOF, PYRML, SF, XSD

GEOMETRY: Final = Parameter((PYRML.term("geometry"),), Type.GEOMETRY)
_CRS: Final = Parameter((PYRML.term("crs"),), Type.STRING)


def _transform(geometry: Value, target: Value) -> Value:
    if geometry.kind is Kind.GEOMETRY:
        source = text_literal(geometry.crs or "")
        sql = exp.func("RDF_TRANSFORM_WKB", geometry.sql, source, target.sql)
    else:
        sql = exp.func("RDF_TRANSFORM_LITERAL", geometry.sql, target.sql)
    return Value(sql, Kind.STRING, datatype=WKT_LITERAL)


def _geometry_type(geometry: Value) -> Value:
    name = "WKB" if geometry.kind is Kind.GEOMETRY else "LITERAL"
    local = exp.func(f"RDF_GEOMETRY_TYPE_{name}", geometry.sql)
    sql = exp.DPipe(this=text_literal(SF), expression=local)
    return Value(sql, Kind.STRING, datatype=XSD.term("anyURI"), is_iri=True)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        GEOF.term("transform"): Function((GEOMETRY, _CRS), _transform),
        GEOF.term("geometryType"): Function((GEOMETRY,), _geometry_type),
    }
)
"""Function IRI to function."""
