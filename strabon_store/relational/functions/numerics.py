"""Functions on numbers (SPARQL 1.1 section 17.4.4)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational import arithmetic
from strabon_store.relational.functions.arguments import Function
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import call
from strabon_store.relational.values import Value, number, of_numeric


def _of_same_type(operation: str) -> Function:
    def function(value: Value) -> Value:
        return of_numeric(arithmetic.unary(operation, value.numeric))

    return function


def random(serial: Value) -> Value:
    """RAND: another number with each call, told apart by serial numbers."""
    return number(call("random", serial.text), Rank.DOUBLE)


NUMERICS: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        ("ABS", 1): _of_same_type("absolute"),
        ("ROUND", 1): _of_same_type("round"),
        ("CEIL", 1): _of_same_type("ceiling"),
        ("FLOOR", 1): _of_same_type("floor"),
    }
)
