"""Constructor functions of XSD datatypes (SPARQL 1.1 section 17.5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational import arithmetic
from strabon_store.relational.encoding import Tag
from strabon_store.relational.functions.arguments import Function, simple_literal
from strabon_store.relational.numbers import RANKED, Rank
from strabon_store.relational.scalars import Constant, call
from strabon_store.relational.values import (
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATETIME,
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
    return string(value.text)


def _boolean_cast(value: Value) -> Value:
    text = call("cast_boolean", value.kind, value.text)
    as_number = arithmetic.truth(value.numeric)
    return boolean(call("coalesce", value.boolean, as_number, text))


def _datetime_cast(value: Value) -> Value:
    """Of a dateTime itself, of a date its midnight, of a string what it spells."""
    datatype = Constant(XSD_DATETIME)
    midnight = call("concat", value.text, Constant("T00:00:00"))
    spelled = call("if_datetime", value.kind, value.text, value.text)
    return from_plain(
        call(
            "case",
            call("equal", value.datatype, datatype),
            value.plain,
            call("equal", value.datatype, Constant(XSD_DATE)),
            call("typed_plain", midnight, datatype),
            call("is_bound", spelled),
            call("typed_plain", spelled, datatype),
            Constant(None),
        )
    )


CASTS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        XSD.term("integer"): _number_cast(Rank.INTEGER),
        XSD.term("decimal"): _number_cast(Rank.DECIMAL),
        XSD.term("float"): _number_cast(Rank.FLOAT),
        XSD.term("double"): _number_cast(Rank.DOUBLE),
        XSD_STRING: _string_cast,
        XSD_BOOLEAN: _boolean_cast,
        XSD_DATETIME: _datetime_cast,
    }
)
"""Constructor functions by datatype (17.5)."""
