"""Functions on RDF terms (SPARQL 1.1 section 17.4.2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational.encoding import Tag
from strabon_store.relational.functions.arguments import Function, simple_literal
from strabon_store.relational.operators import identical
from strabon_store.relational.scalars import FALSE, Constant, Scalar, call
from strabon_store.relational.values import Value, boolean, from_plain, iri, string

SOLUTION: Final = ".solution"
"""A column that tells solutions apart, whatever they bind."""

NEW_SOLUTION: Final = call("uuid_text", Constant(SOLUTION))
"""What stands in it."""


def _is_kind(*kinds: Tag) -> Function:
    def function(value: Value) -> Value:
        codes = (Constant(int(kind)) for kind in kinds)
        return boolean(call("is_one_of", value.kind, *codes))

    return function


def _is_literal(value: Value) -> Value:
    return boolean(call("is_literal", value.kind))


def _has_direction(value: Value) -> Value:
    """No literal of RDF 1.1 has a base direction, nor anything else."""
    return boolean(call("and_known", call("is_bound", value.kind), FALSE))


def _direction(value: Value) -> Value:
    """The base direction of a literal: none, as above."""
    return string(call("if_true", call("is_literal", value.kind), Constant("")))


def _is_numeric(value: Value) -> Value:
    is_number = call("is_bound", value.number)
    known = call("is_bound", value.kind)
    if value.is_surely(Tag.INTEGER):
        known = is_number
    return boolean(call("and_known", known, is_number))


def _same_term(left: Value, right: Value) -> Value:
    return boolean(identical(left, right))


def _to_iri(value: Value, base: Value | None = None) -> Value:
    """IRI: relative references are resolved; without a base they are an error."""
    allowed = (Constant(int(Tag.IRI)), Constant(int(Tag.STRING)))
    is_allowed = call("is_one_of", value.kind, *allowed)
    text: Scalar = call("if_true", is_allowed, value.text)
    against = Constant("") if base is None else base.text
    return iri(call("resolve", text, against))


def _str_lang(text: Value, tag: Value) -> Value:
    language = call("if_language", simple_literal(tag))
    return from_plain(call("string_plain", simple_literal(text), language))


def _str_datatype(text: Value, datatype: Value) -> Value:
    name = call("if_datatype", datatype.kind, datatype.text)
    return from_plain(call("typed_plain", simple_literal(text), name))


def _fresh_blank(serial: Value) -> Value:
    return from_plain(call("fresh_blank", serial.text))


def blank_of(label: Value, solution: Scalar) -> Value:
    """BNODE of a label: the same one within a solution, others in others."""
    return from_plain(call("blank_of", simple_literal(label), solution))


def _uuid(serial: Value) -> Value:
    return iri(call("uuid_iri", serial.text))


def _str_uuid(serial: Value) -> Value:
    return string(call("uuid_text", serial.text))


TERMS: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        ("ISIRI", 1): _is_kind(Tag.IRI),
        ("ISBLANK", 1): _is_kind(Tag.BLANK),
        ("ISLITERAL", 1): _is_literal,
        ("ISNUMERIC", 1): _is_numeric,
        ("SAMETERM", 2): _same_term,
        ("STR", 1): lambda value: string(value.text),
        ("LANG", 1): lambda value: string(value.language),
        ("HASLANG", 1): _is_kind(Tag.LANGUAGE),
        ("HASLANGDIR", 1): _has_direction,
        ("LANGDIR", 1): _direction,
        ("DATATYPE", 1): lambda value: iri(value.datatype),
        ("IRI", 1): _to_iri,
        ("IRI", 2): _to_iri,
        ("STRLANG", 2): _str_lang,
        ("STRDT", 2): _str_datatype,
    }
)

FRESH: Final[Mapping[str, Function]] = MappingProxyType(
    {"BNODE": _fresh_blank, "UUID": _uuid, "STRUUID": _str_uuid}
)
"""What gives another term with each call, told apart by serial numbers."""
