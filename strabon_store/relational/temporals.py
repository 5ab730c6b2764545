"""Dates, times and durations as the plan compares them.

A moment is a TIMESTAMP in UTC, or as if in UTC where no zone is told, cut to
microseconds. That orders moments which are far apart; those that are close are looked
at as they are written, for their zones and for what the microseconds left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.relational.kinds import literal_kind
from strabon_store.relational.scalars import NULL, Constant, Scalar, call
from strabon_store.relational.times import DURATIONS, Moment, parse

DURATION: Final = "duration"
"""The family of all durations, which compare with each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporal:
    """A date, a time or a duration.

    Attributes:
        family: The local name of the datatype that it compares within; NULL: it is no
            date, time or duration.
        moment: TIMESTAMP, of dates and times.
        text: The lexical form.
        plain: The term in N-Triples, which need not be one where it is no time.
        is_zoned: Whether a zone is told; None: that is known when it is.
        is_whole: Whether the microseconds are surely all there is.
    """

    family: Scalar = NULL
    moment: Scalar = NULL
    text: Scalar = NULL
    plain: Scalar = NULL
    is_zoned: bool | None = None
    is_whole: bool = False

    def map(self, function: Callable[[Scalar], Scalar]) -> "Temporal":
        """The same with every scalar changed."""
        return replace(
            self,
            family=function(self.family),
            moment=function(self.moment),
            text=function(self.text),
            plain=function(self.plain),
        )


NO_TIME: Final = Temporal()
"""Of what is no date, time or duration."""


def family_of(datatype: str) -> str | None:
    """The family of a datatype; None: it has none.

    Examples:
        >>> family_of(XSD.term("dateTimeStamp")), family_of(XSD.term("string"))
        ('dateTime', None)
    """
    name = XSD.local(datatype) if datatype.startswith(str(XSD)) else ""
    if name in DURATIONS:
        return DURATION
    return _FAMILIES.get(name)


_FAMILIES: Final = {
    "dateTime": "dateTime",
    "dateTimeStamp": "dateTime",
    "date": "date",
    "time": "time",
    "gYear": "gYear",
    "gYearMonth": "gYearMonth",
    "gMonth": "gMonth",
    "gMonthDay": "gMonthDay",
    "gDay": "gDay",
}


def constant_time(lexical: str, datatype: str, plain: Scalar) -> Temporal:
    """A literal of the query; `NO_TIME` where it is none or breaks the rules."""
    family = family_of(datatype)
    value = None if family is None else parse(XSD.local(datatype), lexical)
    if value is None:
        return NO_TIME
    text = Constant(lexical)
    if not isinstance(value, Moment):
        return Temporal(family=Constant(family), text=text, plain=plain)
    microseconds = literal_kind(lexical, datatype).moment
    return Temporal(
        family=Constant(family),
        moment=NULL
        if microseconds is None
        else call("timestamp", Constant(microseconds)),
        text=text,
        plain=plain,
        is_zoned=value.zone is not None,
        is_whole=value.second * 10**6 % 1 == 0,
    )


def compare_times(operation: str, left: Temporal, right: Temporal) -> Scalar:
    """`equal`, `less` or `less_or_equal`; an error across families (17.3).

    The order of XSD is partial: of moments with and without a zone, and of months and
    days, some are neither less nor equal nor greater, which is an error.
    """
    if NULL in (left.family, right.family):
        return NULL
    durations = call(f"duration_{operation}", left.text, right.text)
    moments = _compare_moments(operation, left, right)
    match left.family, right.family:
        case Constant(one), Constant(other):
            if one != other:
                return NULL
            return durations if one == DURATION else moments
        case _:
            pass
    return call(
        "case",
        call("both_equal", left.family, right.family, Constant(DURATION)),
        durations,
        call("equal", left.family, right.family),
        moments,
        NULL,
    )


def _compare_moments(operation: str, left: Temporal, right: Temporal) -> Scalar:
    moments = left.moment, right.moment
    are_alike = left.is_zoned is not None and left.is_zoned == right.is_zoned
    if are_alike and left.is_whole and right.is_whole:
        return call(operation, *moments)
    close = call(f"close_{operation}", *moments, left.text, right.text)
    return call(f"distant_{operation}", *moments, close)
