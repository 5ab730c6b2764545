"""Constructor functions of XSD datatypes (SPARQL 1.1 section 17.5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational import arithmetic
from strabon_store.relational.encoding import Tag
from strabon_store.relational.functions.arguments import Function, simple_literal
from strabon_store.relational.numbers import RANKED, Rank, numeric_string
from strabon_store.relational.scalars import NULL, Constant, call
from strabon_store.relational.times import DURATIONS, MOMENTS
from strabon_store.relational.values import (
    XSD_BOOLEAN,
    Value,
    boolean,
    from_plain,
    number,
    string,
)

_PARSERS: Final = {
    Rank.INTEGER: ("parse_integer", "boolean_integer"),
    Rank.DECIMAL: ("parse_decimal", "boolean_decimal"),
    Rank.FLOAT: ("parse_double", "boolean_double"),
    Rank.DOUBLE: ("parse_double", "boolean_double"),
}


def _number_cast(rank: Rank) -> Function:
    def cast(value: Value) -> Value:
        cast_number = arithmetic.cast(rank, value.numeric).native
        if value.is_surely(Tag.INTEGER):
            return number(cast_number, rank)
        parse, of_boolean = _PARSERS[rank]
        name = Constant(XSD.local(RANKED[rank]))
        parsed = call(parse, name, simple_literal(value))
        flag = call(of_boolean, value.boolean)
        return number(call("coalesce", cast_number, flag, parsed), rank)

    return cast


def _string_cast(value: Value) -> Value:
    """The canonical form of what has a value (XPath functions 19.1.2)."""
    if value.is_surely(Tag.STRING) or value.is_surely(Tag.IRI):
        return string(value.text)
    name = call("xsd_name", value.datatype)
    return string(
        call(
            "case",
            call("is_bound", value.number),
            numeric_string(value.numeric),
            call("is_bound", value.boolean),
            call("boolean_text", value.boolean),
            call("is_time", value.kind),
            call("cast_time", name, name, value.text),
            value.text,
        )
    )


def _boolean_cast(value: Value) -> Value:
    text = call("cast_boolean", value.kind, value.text)
    as_number = arithmetic.truth(value.numeric)
    return boolean(call("coalesce", value.boolean, as_number, text))


def _time_cast(name: str) -> Function:
    """A date, a time or a duration as another, or what a string spells."""
    datatype, target = Constant(XSD.term(name)), Constant(name)

    def cast(value: Value) -> Value:
        source = call(
            "case",
            call("is_time", value.kind),
            call("xsd_name", value.datatype),
            call("equal", value.kind, Constant(int(Tag.STRING))),
            target,
            NULL,
        )
        text = call("cast_time", target, source, value.text)
        return from_plain(call("typed_plain", text, datatype))

    return cast


CASTS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        XSD.term("integer"): _number_cast(Rank.INTEGER),
        XSD.term("decimal"): _number_cast(Rank.DECIMAL),
        XSD.term("float"): _number_cast(Rank.FLOAT),
        XSD.term("double"): _number_cast(Rank.DOUBLE),
        XSD_STRING: _string_cast,
        XSD_BOOLEAN: _boolean_cast,
        **{XSD.term(name): _time_cast(name) for name in sorted(MOMENTS | DURATIONS)},
    }
)
"""Constructor functions by datatype (17.5)."""
