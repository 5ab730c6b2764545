"""Functions on dates and times (SPARQL 1.1 section 17.4.5)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational.functions.arguments import Function
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import call
from strabon_store.relational.values import Value, number


def _part(operation: str, rank: Rank = Rank.INTEGER) -> Function:
    def function(value: Value) -> Value:
        written = call("moment_local", value.text, value.moment)
        return number(call(operation, written), rank, is_small=rank is Rank.INTEGER)

    return function


DATES_AND_TIMES: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        ("YEAR", 1): _part("year"),
        ("MONTH", 1): _part("month"),
        ("DAY", 1): _part("day"),
        ("HOURS", 1): _part("hours"),
        ("MINUTES", 1): _part("minutes"),
        ("SECONDS", 1): _part("seconds", Rank.DECIMAL),
    }
)
