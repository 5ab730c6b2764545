"""Dates, times and durations of XSD 1.1 part 2: values, arithmetic, canonical forms.

What has no time zone is some offset of 14 hours at most away (section D.2.1): it
compares with what has one across a greater distance only, and is not subtracted from
it. Durations of months and seconds compare as what they make of four dates (3.3.6).
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Final

_WIDE: Final = Context(prec=60)
_DAY: Final = 86_400
_LAST_HOUR, _SIXTY, _MONTHS = 23, 60, 12
# A cycle of the Gregorian calendar, which XSD extends both ways: years and days.
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146_097
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# More digits than any engine's timeline has; int() refuses very long ones.
_LONGEST: Final = 1000
# Of the product of a duration: digits before the point, and the last one behind it.
_LONGEST_DIGITS: Final = 30
_FINEST: Final = Decimal("1e-18")

_YEAR: Final = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_DATE: Final = rf"{_YEAR}-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})"
_CLOCK: Final = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]+)?)"
)
_ZONE: Final = r"(?P<zone>Z|[-+](?:0[0-9]|1[0-3]):[0-5][0-9]|[-+]14:00)"
_FORMS: Final = MappingProxyType(
    {
        name: re.compile(form)
        for name, form in {
            "dateTime": rf"{_DATE}T{_CLOCK}{_ZONE}?",
            "dateTimeStamp": rf"{_DATE}T{_CLOCK}{_ZONE}",
            "date": rf"{_DATE}{_ZONE}?",
            "time": rf"{_CLOCK}{_ZONE}?",
            "gYear": rf"{_YEAR}{_ZONE}?",
            "gYearMonth": rf"{_YEAR}-(?P<month>[0-9]{{2}}){_ZONE}?",
            "gMonth": rf"--(?P<month>[0-9]{{2}}){_ZONE}?",
            "gMonthDay": rf"--(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}}){_ZONE}?",
            "gDay": rf"---(?P<day>[0-9]{{2}}){_ZONE}?",
        }.items()
    }
)
MOMENTS: Final = frozenset(_FORMS)
"""Local names of the datatypes of dates and times."""

_CLOCKED: Final = frozenset({"dateTime", "dateTimeStamp", "time"})
_MONTH_PART: Final = r"(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?"
_DAY_PART: Final = (
    r"(?:(?P<days>[0-9]+)D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?"
    r"(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_SPANS: Final = MappingProxyType(
    {
        "duration": re.compile(rf"(?P<sign>-?)P(?=.){_MONTH_PART}{_DAY_PART}"),
        "yearMonthDuration": re.compile(rf"(?P<sign>-?)P(?=.){_MONTH_PART}"),
        "dayTimeDuration": re.compile(rf"(?P<sign>-?)P(?=.){_DAY_PART}"),
    }
)
DURATIONS: Final = frozenset(_SPANS)
"""Local names of the datatypes of durations."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time by its properties (XSD part 2, section D.2.1).

    Attributes:
        name: The local name of its datatype.
        year: Of it and of the next two, those that the datatype has not are of the
            day of reference.
        month: 1 to 12.
        day: From 1.
        second: Since midnight.
        zone: Minutes east of UTC, None where nothing is said.
    """

    name: str
    year: int
    month: int
    day: int
    second: Decimal
    zone: int | None

    @property
    def instant(self) -> Decimal:
        """Seconds since 1970 in UTC, or as if in UTC."""
        local = epoch_day(self.year, self.month, self.day) * _DAY + self.second
        return local - (self.zone or 0) * _SIXTY

    @property
    def zone_text(self) -> str:
        """The zone as it is written."""
        if self.zone is None:
            return ""
        if self.zone == 0:
            return "Z"
        hours, minutes = divmod(abs(self.zone), _SIXTY)
        return f"{'-' if self.zone < 0 else '+'}{hours:02d}:{minutes:02d}"

    def __str__(self) -> str:
        """The canonical form."""
        sign = "-" if self.year < 0 else ""
        year = f"{sign}{abs(self.year):04d}"
        month, day = f"{self.month:02d}", f"{self.day:02d}"
        texts = {
            "date": f"{year}-{month}-{day}",
            "time": self._clock,
            "gYear": year,
            "gYearMonth": f"{year}-{month}",
            "gMonth": f"--{month}",
            "gMonthDay": f"--{month}-{day}",
            "gDay": f"---{day}",
        }
        text = texts.get(self.name, f"{year}-{month}-{day}T{self._clock}")
        return text + self.zone_text

    @property
    def _clock(self) -> str:
        minutes, second = divmod(self.second, _SIXTY)
        hours, minute = divmod(int(minutes), _SIXTY)
        whole, _, fraction = f"{second:f}".partition(".")
        digits = fraction.rstrip("0")
        text = f"{hours:02d}:{minute:02d}:{int(whole):02d}"
        return f"{text}.{digits}" if digits else text


@dataclass(frozen=True, slots=True)
class Duration:
    """Months and seconds, which have the same sign."""

    name: str
    months: int
    seconds: Decimal

    def __str__(self) -> str:
        """The canonical form."""
        is_negative = self.months < 0 or self.seconds < 0
        text = ("-" if is_negative else "") + "P"
        years, months = divmod(abs(self.months), _MONTHS)
        text += "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M")) if n)
        minutes, seconds = divmod(abs(self.seconds), _SIXTY)
        hours, minute = divmod(int(minutes), _SIXTY)
        days, hour = divmod(hours, 24)
        text += f"{days}D" if days else ""
        clock = "".join(f"{n}{u}" for n, u in ((hour, "H"), (minute, "M")) if n)
        if seconds:
            written = f"{seconds:f}"
            if "." in written:
                written = written.rstrip("0").rstrip(".")
            clock += f"{written}S"
        if clock:
            return f"{text}T{clock}"
        if text[-1] != "P":
            return text
        return "P0M" if self.name == "yearMonthDuration" else "PT0S"


def parse(name: str, lexical: str) -> Moment | Duration | None:
    """The value of a literal by the local name of its datatype; None: it has none.

    Examples:
        >>> str(parse("dateTime", "2020-12-31T24:00:00.0Z"))
        '2021-01-01T00:00:00Z'
        >>> str(parse("duration", "P13MT90S"))
        'P1Y1MT1M30S'
    """
    if len(lexical) > _LONGEST:
        return None
    form = _FORMS.get(name)
    if form is not None:
        found = form.fullmatch(lexical)
        return None if found is None else _moment(name, found.groupdict())
    span = _SPANS.get(name)
    found = None if span is None else span.fullmatch(lexical)
    return None if found is None else _duration(name, found.groupdict())


def _moment(name: str, found: Mapping[str, str | None]) -> Moment | None:
    year, month = int(found.get("year") or 1972), int(found.get("month") or 12)
    if not 1 <= month <= _MONTHS:
        return None
    longest = days_in_month(year, month)
    day = int(found.get("day") or (longest if name != "gDay" else 0))
    if not 1 <= day <= longest:
        return None
    second = _second_of_day(found)
    if second is None:
        return None
    zone = _zone(found.get("zone"))
    if second < _DAY:
        return Moment(name, year, month, day, second, zone)
    if name == "time":
        return Moment(name, year, month, day, Decimal(0), zone)
    return _of_days(name, epoch_day(year, month, day) + 1, Decimal(0), zone)


def _second_of_day(found: Mapping[str, str | None]) -> Decimal | None:
    hour, minute = int(found.get("hour") or 0), int(found.get("minute") or 0)
    second = Decimal(found.get("second") or 0)
    if hour == _LAST_HOUR + 1 and minute == second == 0:
        return Decimal(_DAY)
    if hour > _LAST_HOUR or minute >= _SIXTY or second >= _SIXTY:
        return None
    return hour * 3600 + minute * _SIXTY + second


def _zone(text: str | None) -> int | None:
    if not text:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * _SIXTY + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _duration(name: str, found: Mapping[str, str | None]) -> Duration:
    def number(unit: str) -> Decimal:
        return Decimal(found.get(unit) or 0)

    sign = -1 if found["sign"] else 1
    months = int(number("years")) * _MONTHS + int(number("months"))
    hours = number("days") * 24 + number("hours")
    seconds = (hours * _SIXTY + number("minutes")) * _SIXTY + number("seconds")
    return Duration(name, sign * months, sign * seconds)


def days_in_month(year: int, month: int) -> int:
    """How many days a month of the Gregorian calendar has."""
    return monthrange((year - 1) % _CYCLE_YEARS + 1, month)[1]


def epoch_day(year: int, month: int, day: int) -> int:
    """Days since 1970 of a day that there is."""
    cycles, within = divmod(year - 1, _CYCLE_YEARS)
    ordinal = date(within + 1, month, day).toordinal()
    return ordinal + cycles * _CYCLE_DAYS - _EPOCH_DAY


def _of_days(name: str, days: int, second: Decimal, zone: int | None) -> Moment:
    cycles, within = divmod(days + _EPOCH_DAY - 1, _CYCLE_DAYS)
    day = date.fromordinal(within + 1)
    year = day.year + cycles * _CYCLE_YEARS
    return Moment(name, year, day.month, day.day, second, zone)


def cast(value: Moment | Duration, name: str) -> Moment | Duration | None:
    """A value as one of another datatype (XPath functions 19.1.4), or None."""
    if isinstance(value, Duration):
        if name not in DURATIONS:
            return None
        months = 0 if name == "dayTimeDuration" else value.months
        seconds = Decimal(0) if name == "yearMonthDuration" else value.seconds
        return Duration(name, months, seconds)
    if name == value.name or name == value.name.removesuffix("Stamp"):
        return replace(value, name=name)
    is_whole = value.name in {"dateTime", "dateTimeStamp"}
    if not (is_whole or (value.name == "date" and name != "time")):
        return None
    if name not in MOMENTS or (name == "dateTimeStamp" and value.zone is None):
        return None
    text = str(replace(value, name=name if name in _CLOCKED else "date"))
    if name in _CLOCKED:
        return parse(name, text)
    return _moment(name, _kept(value, name))


def _kept(value: Moment, name: str) -> dict[str, str | None]:
    """The properties of a date that another datatype has too."""
    fields: dict[str, str | None] = {"zone": value.zone_text or None}
    if "Year" in name or name == "date":
        fields["year"] = str(value.year)
    if "Month" in name or name == "date":
        fields["month"] = str(value.month)
    if "Day" in name or name == "date":
        fields["day"] = str(value.day)
    return fields


def add(moment: Moment, span: Duration, sign: int = 1) -> Moment | None:
    """A moment some time later (XSD part 2, appendix E); None: it has no such part."""
    if moment.name not in {"dateTime", "dateTimeStamp", "date", "time"}:
        return None
    if moment.name == "time":
        if span.months:
            return None
        second = _WIDE.remainder(moment.second + sign * span.seconds, Decimal(_DAY))
        return replace(moment, second=second + (_DAY if second < 0 else 0))
    years, month = divmod(moment.month - 1 + sign * span.months, _MONTHS)
    year, month = moment.year + years, month + 1
    day = min(moment.day, days_in_month(year, month))
    total = epoch_day(year, month, day) * _DAY + moment.second + sign * span.seconds
    days = int((total / _DAY).to_integral_value("ROUND_FLOOR", _WIDE))
    second = Decimal(0) if moment.name == "date" else total - days * _DAY
    return _of_days(moment.name, days, second, moment.zone)


def subtract(left: Moment, right: Moment) -> Duration | None:
    """The time between two moments of one datatype."""
    families = {each.name.removesuffix("Stamp") for each in (left, right)}
    is_alike = (left.zone is None) == (right.zone is None) and len(families) == 1
    if not is_alike or not families <= {"dateTime", "date", "time"}:
        return None
    return Duration("dayTimeDuration", 0, left.instant - right.instant)


def sum_of(left: Duration, right: Duration, sign: int = 1) -> Duration | None:
    """The sum of two durations; None where months and seconds would differ in sign."""
    months = left.months + sign * right.months
    seconds = left.seconds + sign * right.seconds
    if months * seconds < 0:
        return None
    name = left.name if left.name == right.name else "duration"
    return Duration(name, months, seconds)


def scaled(span: Duration, factor: Decimal) -> Duration | None:
    """So many times a duration (XPath functions 3.1, 8.4.3, 8.4.8).

    Months are rounded to whole ones, halves up, and seconds to 18 digits. None of a
    duration of months and seconds: a part of a month is no number of seconds.

    Examples:
        >>> str(scaled(parse("yearMonthDuration", "P2Y11M"), Decimal("2.3")))
        'P6Y9M'
    """
    if factor.is_infinite() or factor.is_nan() or (span.months and span.seconds):
        return None
    months = _WIDE.multiply(Decimal(span.months), factor)
    seconds = _WIDE.multiply(span.seconds, factor)
    return _rounded(span.name, months, seconds)


def divided(span: Duration, divisor: Decimal) -> Duration | None:
    """A duration by a number (XPath functions 3.1, 8.4.4, 8.4.9), rounded so too.

    Examples:
        >>> str(divided(parse("dayTimeDuration", "P1DT2H30M10.5S"), Decimal("1.5")))
        'PT17H40M7S'
    """
    if not divisor or divisor.is_nan() or (span.months and span.seconds):
        return None
    months = _WIDE.divide(Decimal(span.months), divisor)
    return _rounded(span.name, months, _WIDE.divide(span.seconds, divisor))


def quotient(left: Duration, right: Duration) -> Decimal | None:
    """How many times the second the first is (XPath functions 3.1, 8.4.5, 8.4.10).

    Examples:
        >>> months = [parse("yearMonthDuration", each) for each in ("P3Y4M", "-P1Y4M")]
        >>> quotient(*months)
        Decimal('-2.5')
    """
    if not (left.months or right.months):
        parts = left.seconds, right.seconds
    elif not (left.seconds or right.seconds):
        parts = Decimal(left.months), Decimal(right.months)
    else:
        return None
    return _WIDE.divide(*parts) if parts[1] else None


def _rounded(name: str, months: Decimal, seconds: Decimal) -> Duration | None:
    """A duration of what was computed; None of what is longer than any timeline."""
    if max(months.adjusted(), seconds.adjusted()) > _LONGEST_DIGITS:
        return None
    half_up = (months + Decimal("0.5")).to_integral_value("ROUND_FLOOR", _WIDE)
    # Zero of a quotient may have an exponent below.
    exact = seconds.quantize(_FINEST, "ROUND_HALF_EVEN", _WIDE).normalize(_WIDE)
    return Duration(name, int(half_up), exact + 0)


def adjust(moment: Moment, zone: Duration | None) -> Moment | None:
    """The moment as it is told in another zone, or without one (XPath 9.6)."""
    if moment.name.startswith("g"):
        return None
    if zone is None:
        return replace(moment, zone=None)
    minutes, rest = divmod(zone.seconds, _SIXTY)
    if zone.months or rest or abs(minutes) > 14 * _SIXTY:
        return None
    offset = int(minutes)
    if moment.zone is None:
        return replace(moment, zone=offset)
    shift = Duration("dayTimeDuration", 0, Decimal((offset - moment.zone) * _SIXTY))
    shifted = add(moment, shift)
    return None if shifted is None else replace(shifted, zone=offset)


_STARTS: Final = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))


def compare_durations(left: Duration, right: Duration) -> int | None:
    """-1, 0 or 1, None where neither is the longer (XSD part 2, 3.3.6)."""
    signs = set()
    for year, month in _STARTS:
        start = Moment("dateTime", year, month, 1, Decimal(0), 0)
        ends = [add(start, each) for each in (left, right)]
        if ends[0] is None or ends[1] is None:
            return None
        difference = ends[0].instant - ends[1].instant
        signs.add((difference > 0) - (difference < 0))
    return signs.pop() if len(signs) == 1 else None
