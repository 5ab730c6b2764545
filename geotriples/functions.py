"""The functions that `rml:functionExecution` may name: IRI -> implementation, a table.

A function takes values by the IRIs of its parameters and gives a value.  Geometry goes
through primitives that work on whole Arrow columns (`geometry.py`); the rest is SQL.

| function | parameters | result |
|---|---|---|
| geof:transform | pyrml:geometry, pyrml:crs (IRI of the target) | geo:wktLiteral |
| geof:geometryType | pyrml:geometry | IRI of the sf: class |
| grel:toUpperCase, grel:toLowerCase | grel:valueParam | string |
| grel:string_trim | grel:valueParam | string |
| grel:string_replace | grel:valueParam, grel:param_find, grel:param_replace | string |

A geometry is a geometry column, or any string that is a geo:wktLiteral.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.mapping.model import FunctionExecution, Problem
from geotriples.sources.base import PYRML, Kind
from geotriples.values import WKT_LITERAL, Value, text_literal
from ontologies.namespaces import GEOF, SF, XSD, Namespace

GREL: Final = Namespace("http://users.ugent.be/~bjdmeest/function/grel.ttl#")

GEOMETRY: Final = PYRML.term("geometry")
CRS: Final = PYRML.term("crs")
_VALUE: Final = GREL.term("valueParam")
_FIND: Final = GREL.term("param_find")
_REPLACE: Final = GREL.term("param_replace")
_STRING_OUT: Final = GREL.term("stringOut")

Arguments = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the table.

    Attributes:
        parameters: IRIs of its parameters, all of them required.
        build: From arguments to the result.
        result: IRI of what it returns, for `rml:return`; None where that has no name.
    """

    parameters: tuple[str, ...]
    build: Callable[[Arguments], Value]
    result: str | None = None


def _transform(arguments: Arguments) -> Value:
    target = arguments[CRS].sql
    geometry = arguments[GEOMETRY]
    if geometry.kind is Kind.GEOMETRY:
        source = text_literal(geometry.crs or "")
        sql = exp.func("RDF_TRANSFORM_WKB", geometry.sql, source, target)
    else:
        sql = exp.func("RDF_TRANSFORM_LITERAL", geometry.sql, target)
    return Value(sql, Kind.STRING, datatype=WKT_LITERAL)


def _geometry_type(arguments: Arguments) -> Value:
    geometry = arguments[GEOMETRY]
    name = "WKB" if geometry.kind is Kind.GEOMETRY else "LITERAL"
    local = exp.func(f"RDF_GEOMETRY_TYPE_{name}", geometry.sql)
    sql = exp.DPipe(this=text_literal(SF), expression=local)
    return Value(sql, Kind.STRING, datatype=XSD.term("anyURI"), is_iri=True)


def _string_function(sql_name: str, *parameters: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        operands = [arguments[parameter].sql for parameter in parameters]
        return Value(exp.func(sql_name, *operands), Kind.STRING)

    return build


def _string(sql_name: str, *parameters: str) -> Function:
    return Function(parameters, _string_function(sql_name, *parameters), _STRING_OUT)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        GEOF.term("transform"): Function((GEOMETRY, CRS), _transform),
        GEOF.term("geometryType"): Function((GEOMETRY,), _geometry_type),
        GREL.term("toUpperCase"): _string("UPPER", _VALUE),
        GREL.term("toLowerCase"): _string("LOWER", _VALUE),
        GREL.term("string_trim"): _string("TRIM", _VALUE),
        GREL.term("string_replace"): _string("REPLACE", _VALUE, _FIND, _REPLACE),
    }
)
"""Function IRI to function."""


def check_execution(execution: FunctionExecution) -> Iterator[Problem]:
    """What is wrong with the function and the arguments that a mapping names."""
    function = FUNCTIONS.get(execution.function)
    if function is None:
        known = ", ".join(sorted(FUNCTIONS))
        message = f"unknown function <{execution.function}>; there are {known}"
        yield Problem(execution.node, message)
        return
    if execution.returns not in {None, function.result}:
        message = f"<{execution.function}> does not return <{execution.returns}>"
        yield Problem(execution.node, message)
    given = [one.parameter for one in execution.inputs]
    for parameter in function.parameters:
        if given.count(parameter) != 1:
            message = (
                f"<{execution.function}> needs parameter <{parameter}> once, "
                f"has it {given.count(parameter)} times"
            )
            yield Problem(execution.node, message)
    for parameter in given:
        if parameter not in function.parameters:
            message = f"<{execution.function}> has no parameter <{parameter}>"
            yield Problem(execution.node, message)
