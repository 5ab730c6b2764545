"""Functions on dates and times (SPARQL 1.1 section 17.4.5; ADJUST of SPARQL 1.2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.relational.functions.arguments import Function
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import (
    XSD_DATETIME,
    Value,
    from_plain,
    moment,
    number,
    string,
)


def _part(operation: str, rank: Rank = Rank.INTEGER) -> Function:
    def function(value: Value) -> Value:
        text = call("settled", value.text, _family_of_moment(value))
        return number(call(operation, text), rank, is_small=rank is Rank.INTEGER)

    return function


def _family_of_moment(value: Value) -> Scalar:
    """The family of a date or a time; durations have none."""
    known = call("is_bound", value.temporal.moment)
    return call("if_true", known, value.temporal.family)


def _zone(value: Value) -> Scalar:
    return call("zone", value.text, value.temporal.moment)


def _time_zone(value: Value) -> Value:
    name = Constant(XSD.term("dayTimeDuration"))
    return from_plain(call("typed_plain", call("zone_duration", _zone(value)), name))


def _adjust(value: Value, zone: Value | None = None) -> Value:
    """ADJUST: the same instant as another zone tells it, or no zone at all."""
    return from_plain(
        call("adjust", value.plain, Constant("") if zone is None else zone.plain)
    )


DATES_AND_TIMES: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        ("NOW", 0): lambda: moment(call("now"), XSD_DATETIME),
        ("YEAR", 1): _part("year"),
        ("MONTH", 1): _part("month"),
        ("DAY", 1): _part("day"),
        ("HOURS", 1): _part("hours"),
        ("MINUTES", 1): _part("minutes"),
        ("SECONDS", 1): _part("seconds", Rank.DECIMAL),
        ("TIMEZONE", 1): _time_zone,
        ("TZ", 1): lambda value: string(_zone(value)),
        ("ADJUST", 1): _adjust,
        ("ADJUST", 2): _adjust,
    }
)
