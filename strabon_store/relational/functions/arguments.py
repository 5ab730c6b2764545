"""What functions ask of their arguments (SPARQL 1.1 section 17.4.3.1)."""

from collections.abc import Callable
from typing import TypeAlias

from strabon_store.relational.encoding import Tag
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import Value

Function: TypeAlias = Callable[..., Value]


def string_argument(value: Value) -> Scalar:
    """The lexical form of a string, with a language or without; else an error."""
    if value.is_surely(Tag.STRING) or value.is_surely(Tag.LANGUAGE):
        return value.text
    return call("if_string", value.kind, value.text)


def simple_literal(value: Value) -> Scalar:
    """The lexical form of a string without a language, else an error."""
    if value.is_surely(Tag.STRING):
        return value.text
    return call("if_kind", value.kind, Constant(int(Tag.STRING)), value.text)


def language_of(value: Value) -> Scalar:
    """The language of a string argument, empty where it has none."""
    return Constant("") if value.is_surely(Tag.STRING) else value.language


def where_compatible(left: Value, right: Value, result: Scalar) -> Scalar:
    """The result where the languages of both arguments agree (17.4.3.1.2)."""
    if right.language == Constant("") or right.is_surely(Tag.STRING):
        return result
    return call("if_compatible", left.language, right.language, result)
