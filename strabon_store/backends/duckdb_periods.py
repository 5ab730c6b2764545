"""Periods of stSPARQL in DuckDB's SQL: pairs of microseconds, the end left out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.geosparql.periods import INSTANT, LEXICAL, PERIODS, UNTIL_CHANGED
from ontologies.namespaces import XSD

_NAMED: Final = ", ".join(f"'{each}'" for each in PERIODS)
_ZONED: Final = r":\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)$"
_IT: Final = '"the one"'
"""A name that no variable has."""

_STRING: Final = XSD.term("string")


def _micros(point: str) -> str:
    """When a point is; in UTC where it names no zone, at midnight without a time."""
    text = f"upper({point})"
    zoned = (
        f"CASE WHEN regexp_matches({text}, '{_ZONED}') THEN {text} "
        f"WHEN contains({text}, ':') THEN {text} || '+00' "
        f"ELSE {text} || 'T00:00:00+00' END"
    )
    return (
        f"CASE {text} WHEN 'UC' THEN {UNTIL_CHANGED} WHEN 'NOW' THEN epoch_us(now()) "
        f"ELSE epoch_us(TRY_CAST({zoned} AS TIMESTAMPTZ)) END"
    )


def _whole(begin: str, end: str) -> str:
    """A period, NULL where it has no instant or an end is unknown."""
    return (
        f"list_transform([{{'s': {begin}, 'e': {end}}}], lambda {_IT}: "
        f"CASE WHEN {_IT}.s < {_IT}.e THEN {_IT} END)[1]"
    )


_READ: Final = (
    f"list_transform([regexp_extract(:a, '^{LEXICAL}$', ['o', 's', 'e', 'c'])], "
    f"lambda {_IT}: CASE WHEN {_IT}.o <> '' THEN {{'s': {_micros(f'{_IT}.s')} + "
    f"CASE WHEN {_IT}.o = '(' THEN 1 ELSE 0 END, 'e': {_micros(f'{_IT}.e')} + "
    f"CASE WHEN {_IT}.c = ']' THEN 1 ELSE 0 END}} END)[1]"
)
_SEVERAL: Final = ":a.s < :b.s AND :b.e < :a.e"

# struct_extract, and not a dot: what is before it may be any expression.
_OPERATIONS: Final = {
    "period_before": ":a.e <= :b.s",
    "period_after": ":a.s >= :b.e",
    "period_overlaps": ":a.s < :b.e AND :b.s < :a.e",
    "period_contains": ":a.s <= :b.s AND :b.e <= :a.e",
    "period_during": ":b.s <= :a.s AND :a.e <= :b.e",
    "period_equal": ":a.s = :b.s AND :a.e = :b.e",
    "period_unequal": ":a.s <> :b.s OR :a.e <> :b.e",
    "period_adjacent": ":a.e = :b.s OR :b.e = :a.s",
    "period_meets": ":a.e = :b.s",
    "period_met_by": ":b.e = :a.s",
    "period_starts": ":a.s = :b.s AND :a.e < :b.e",
    "period_finishes": ":a.e = :b.e AND :b.s < :a.s",
    "period_overleft": ":a.e <= :b.e",
    "period_overright": ":b.s <= :a.s",
    "period_intersection": _whole("greatest(:a.s, :b.s)", "least(:a.e, :b.e)"),
    "period_union": "CASE WHEN :a.s <= :b.e AND :b.s <= :a.e "
    "THEN {'s': least(:a.s, :b.s), 'e': greatest(:a.e, :b.e)} END",
    # What is cut in two is no period.
    "period_minus": f"CASE WHEN NOT ({_SEVERAL}) THEN "
    + _whole(
        "CASE WHEN :b.s <= :a.s AND :a.s < :b.e THEN :b.e ELSE :a.s END",
        "CASE WHEN :b.s < :a.e AND :a.e <= :b.e THEN :b.s ELSE :a.e END",
    )
    + " END",
    "period_preceding": _whole(":a.s", "least(:a.e, :b.s)"),
    "period_succeeding": _whole("greatest(:a.s, :b.e)", ":a.e"),
    "period_between": _whole(":a.s", ":b.s"),
    "period_start": "make_timestamp(:a.s)",
    # The end that is written, see `period_text`; until changed there is none.
    "period_end": f"CASE WHEN :a.e < {UNTIL_CHANGED} THEN make_timestamp("
    "CASE WHEN :a.e % 1000 = 1 THEN :a.e - 1 ELSE :a.e END) END",
    "period_text": "'[' || :b || ',' || CASE "
    f"WHEN :a.e >= {UNTIL_CHANGED} THEN 'UC)' "
    "WHEN :a.e % 1000 = 1 THEN :c || ']' ELSE :c || ')' END",
}


def _extracted(text: str) -> str:
    for argument in "ab":
        for end in "se":
            field = f"struct_extract(:{argument}, '{end}')"
            text = text.replace(f":{argument}.{end}", field)
    return text


PERIOD_OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "period_of": f"CASE WHEN :b IN ({_NAMED}) THEN {_READ} "
        f"WHEN :b = '{INSTANT}' OR (:b = '{_STRING}' AND :a IN ('NOW', 'UC')) "
        f"THEN {_whole(_micros(':a'), _micros(':a') + ' + 1')} END",
        **{name: _extracted(text) for name, text in _OPERATIONS.items()},
    }
)
"""By operation; NULL of what is no period."""
