"""How DuckDB spells dates, times and durations.

What microseconds in UTC do not tell is worked out by functions of ours from the
lexical forms, see `duckdb_functions`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational.encoding import Tag
from strabon_store.relational.times import DURATIONS, MOMENTS

_HOURS_14: Final = 14 * 3_600_000_000
_MOMENTS: Final = ", ".join(f"'{name}'" for name in sorted(MOMENTS))
_DURATIONS: Final = ", ".join(f"'{name}'" for name in sorted(DURATIONS))
_ZONE: Final = r"(Z|[+-]\d\d:\d\d)$"
_ALIKE: Final = f"regexp_matches(:c, '{_ZONE}') = regexp_matches(:d, '{_ZONE}')"


def _finer(text: str) -> str:
    """The digits behind the microseconds, which sort as text."""
    return rf"regexp_extract({text}, '[.]\d{{6}}(\d*?)0*(Z|[+-]\d\d:\d\d)?$', 1)"


def _distant(operator: str) -> str:
    instants = [f"epoch_us(CAST({side} AS TIMESTAMP))" for side in (":a", ":b")]
    near = f"abs({instants[0]} - {instants[1]}) <= {_HOURS_14}"
    return f"CASE WHEN {near} THEN :c ELSE :a {operator} :b END"


def _close(operator: str) -> str:
    finer = f"{_finer(':c')} {operator} {_finer(':d')}"
    strict = operator.removesuffix("=") or "="
    if operator == "=":
        return f"CASE WHEN {_ALIKE} THEN :a = :b AND {finer} END"
    return f"CASE WHEN {_ALIKE} THEN :a {strict} :b OR (:a = :b AND {finer}) END"


def _part(pattern: str, kind: str = "BIGINT") -> str:
    return f"TRY_CAST(nullif(regexp_extract(:a, '{pattern}', 1), '') AS {kind})"


TIMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "timestamp": "make_timestamp(:a)",
        "now": "make_timestamp(epoch_us(now()))",
        "both_equal": ":a = :c AND :b = :c",
        "parse_moment": f"CASE WHEN :a IN ({_MOMENTS}) "
        "THEN make_timestamp(pytheas_microseconds(:a, :b)) END",
        "parse_duration": f"CASE WHEN :a IN ({_DURATIONS}) "
        "THEN pytheas_cast(:a, :a, :b) || '' END",
        "parsed_family": "CASE WHEN :b IS NOT NULL THEN "
        "CASE :a WHEN 'dateTimeStamp' THEN 'dateTime' ELSE :a END "
        "WHEN :c IS NOT NULL THEN 'duration' END",
        "distant_equal": _distant("="),
        "distant_less": _distant("<"),
        "distant_less_or_equal": _distant("<="),
        "close_equal": _close("="),
        "close_less": _close("<"),
        "close_less_or_equal": _close("<="),
        "duration_equal": "pytheas_equal_durations(:a, :b)",
        "duration_less": "pytheas_compare_durations(:a, :b) < 0",
        "duration_less_or_equal": "pytheas_compare_durations(:a, :b) <= 0",
        "duration_seconds": f"CASE WHEN :a = {Tag.DURATION} "
        "THEN pytheas_duration_seconds(:b) END",
        # The end of a day is the start of the next.
        "settled": "CASE WHEN :b IS NULL THEN NULL WHEN contains(:a, '24:00:00') "
        "THEN pytheas_cast(:b, :b, :a) || '' ELSE :a END",
        "year": _part(r"^(-?\d{4,})"),
        "month": _part(r"^(?:-?\d{4,}|-)-(\d\d)"),
        "day": _part(r"^(?:-?\d{4,}-\d\d|-(?:-\d\d|-))-(\d\d)"),
        "hours": _part(r"(?:^|T)(\d\d):"),
        "minutes": _part(r"(?:^|T)\d\d:(\d\d):"),
        "seconds": _part(r"(?:^|T)\d\d:\d\d:(\d\d(?:\.\d+)?)", "DECIMAL(38, 18)"),
        "zone": f"CASE WHEN :b IS NOT NULL THEN regexp_extract(:a, '{_ZONE}', 1) END",
        "zone_duration": "pytheas_zone(:a) || ''",
        "cast_time": "pytheas_cast(:a, :b, :c) || ''",
        "time_arithmetic": "pytheas_add_times(:a, :b, :c) || ''",
        "scale_duration": "pytheas_scale_duration(:a, :b, :c) || ''",
        # More digits than a decimal holds are an error; those behind are rounded.
        "divide_durations": "TRY_CAST(pytheas_divide_durations(:a, :b) "
        "AS DECIMAL(38, 18))",
        "adjust": "pytheas_adjust(:a, :b) || ''",
        "kind_of_sum": f"CASE WHEN :a IS NULL THEN {Tag.INTEGER} "
        f"WHEN ends_with(:a, 'uration>') THEN {Tag.DURATION} ELSE {Tag.DATETIME} END",
        "is_time": f":a IN ({Tag.DATETIME}, {Tag.DURATION})",
        "are_durations": f":a = {Tag.DURATION} AND :b = {Tag.DURATION}",
        "are_divided": f":a = {Tag.DURATION} AND :b = {Tag.INTEGER}",
        "are_multiplied": f":a = {Tag.DURATION} AND :b = {Tag.INTEGER} "
        f"OR :a = {Tag.INTEGER} AND :b = {Tag.DURATION}",
        "are_times": f":a IN ({Tag.DATETIME}, {Tag.DURATION}) "
        f"AND :b IN ({Tag.DATETIME}, {Tag.DURATION})",
    }
)
"""Sections 17.3 and 17.4.5."""
