"""What a function of a mapping is, and how its values are read and written.

A function is a row of a table: parameters with their types, a result, and a rule that
makes SQL of arguments.  A value that is not of a parameter's type is no argument, and
is told with its row; a function that has no answer for its arguments makes no term.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Final

from sqlglot import exp

from geotriples.sources.base import Kind
from geotriples.values import (
    XSD_STRING,
    Check,
    Scope,
    Value,
    lexical_form,
    text_literal,
)
from ontologies.namespaces import XSD

XSD_BOOLEAN: Final = XSD.term("boolean")
XSD_INTEGER: Final = XSD.term("integer")
XSD_DECIMAL: Final = XSD.term("decimal")
XSD_DATE: Final = XSD.term("date")
XSD_DATE_TIME: Final = XSD.term("dateTime")


class Type(Enum):
    """What a parameter takes; the words are those of messages."""

    ANY = auto()
    """A value as it is."""
    STRING = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOLEAN = auto()
    LIST = auto()
    """All values of the row, as strings in order."""
    GEOMETRY = auto()
    """A geometry column, or any string that is a geo:wktLiteral."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    Attributes:
        names: IRIs that mean it: FnO's parameter, and the predicate of that.
        type: What it takes.
        is_required: Whether it must be given.
    """

    names: tuple[str, ...]
    type: Type
    is_required: bool = True


Build = Callable[..., Value]
"""From values in the order of the parameters; None where one was not given."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the table.

    Attributes:
        parameters: In the order of the function's description.
        build: From arguments to the result.
        results: IRIs that `rml:return` may name; any, where there are none.
        constants: Positions of parameters whose argument must be a constant, each with
            what reads it; that raises ValueError where it cannot.
    """

    parameters: tuple[Parameter, ...]
    build: Build
    results: tuple[str, ...] = ()
    constants: tuple[tuple[int, Callable[[str], object]], ...] = ()


# -- arguments -----------------------------------------------------------------------

_READERS: Final[Mapping[Type, tuple[str, str, Kind]]] = {
    Type.INTEGER: ("FN_INTEGER", "not an integer", Kind.INTEGER),
    Type.NUMBER: ("FN_NUMBER", "not a number", Kind.DOUBLE),
    Type.BOOLEAN: ("FN_BOOLEAN", "not true or false", Kind.BOOLEAN),
}


def argument(value: Value, parameter: Type, node: str, scope: Scope) -> Value:
    """A value as a parameter takes it.

    Args:
        value: A single value, but for lists.
        parameter: What is wanted.
        node: The term map that made the value.
        scope: Where the value is computed.
    """
    match parameter:
        case Type.ANY:
            return value
        case Type.GEOMETRY if value.kind is Kind.GEOMETRY:
            return value
        case Type.STRING | Type.GEOMETRY:
            return _as_string(value, scope)
        case Type.LIST:
            return _as_list(value, scope)
        case _:
            return _converted(value, parameter, node, scope)


def _as_string(value: Value, scope: Scope) -> Value:
    return Value(lexical_form(value, scope), Kind.STRING, checks=value.checks)


class _InPlace:
    """Columns are not shared: their SQL stands where it is used."""

    def compute(self, sql: exp.Expr) -> exp.Expr:
        return sql


def text_of(value: Value) -> exp.Expr:
    """The lexical form of an argument of type `ANY`."""
    return lexical_form(value, _InPlace())


def _as_list(value: Value, scope: Scope) -> Value:
    if value.is_list:
        sql = value.sql
        if value.kind is Kind.TYPED:
            sql = exp.func("FN_LEXICALS", sql)
        elif value.kind is not Kind.STRING:
            sql = exp.cast(sql, "VARCHAR[]")
    else:
        sql = exp.func("FN_LIST", lexical_form(value, scope))
    return Value(scope.compute(sql), Kind.STRING, is_list=True, checks=value.checks)


def _converted(value: Value, parameter: Type, node: str, scope: Scope) -> Value:
    name, reason, kind = _READERS[parameter]
    if value.kind is kind:
        return value
    text = lexical_form(value, scope)
    sql = scope.compute(exp.func(name, text))
    is_valid = exp.or_(is_null(text), exp.not_(is_null(sql)))
    check = Check(node, text, is_valid, reason)
    return Value(sql, kind, checks=(*value.checks, check))


# -- results -------------------------------------------------------------------------


def string(sql: exp.Expr) -> Value:
    """A plain string."""
    return Value(sql, Kind.STRING, datatype=XSD_STRING)


def boolean(sql: exp.Expr) -> Value:
    """xsd:boolean."""
    return Value(sql, Kind.BOOLEAN)


def integer(sql: exp.Expr) -> Value:
    """xsd:integer, from a whole number of any SQL type."""
    return Value(exp.cast(sql, "BIGINT"), Kind.INTEGER)


def decimal(sql: exp.Expr) -> Value:
    """xsd:decimal from a double: its shortest digits, at most 18 after the point.

    What no decimal can say (NaN, infinities, 1e20 and more) is no value.
    """
    return Value(exp.func("FN_DECIMAL_TEXT", sql), Kind.STRING, datatype=XSD_DECIMAL)


def strings(sql: exp.Expr) -> Value:
    """A list of strings."""
    return Value(sql, Kind.STRING, datatype=XSD_STRING, is_list=True)


# -- rules that many functions share -------------------------------------------------


def call(name: str, result: Callable[[exp.Expr], Value]) -> Build:
    """A rule that hands the arguments to one SQL function."""
    return partial(_call, name, result)


def _call(name: str, result: Callable[[exp.Expr], Value], *values: Value) -> Value:
    return result(exp.func(name, *(value.sql for value in values)))


def is_null(sql: exp.Expr) -> exp.Expr:
    """Whether there is no value."""
    return exp.Is(this=sql, expression=exp.null())


def is_true(sql: exp.Expr) -> exp.Expr:
    """Whether a boolean is true, which it is not where there is none."""
    return exp.Is(this=sql, expression=exp.true())


def concatenated(left: Value, right: Value) -> Value:
    """One list after the other, for a parameter that was given several times."""
    sql = exp.func("FN_LIST_CONCAT", left.sql, right.sql)
    checks = (*left.checks, *right.checks)
    return Value(sql, Kind.STRING, is_list=True, checks=checks)


def number(value: int) -> exp.Expr:
    """An integer constant."""
    return exp.Literal.number(value)


def text(value: str) -> exp.Expr:
    """A string constant."""
    return text_literal(value)


def minus(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """`left - right`."""
    return exp.Sub(this=exp.paren(left), expression=exp.paren(right))


def plus(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """`left + right`."""
    return exp.Add(this=exp.paren(left), expression=exp.paren(right))
