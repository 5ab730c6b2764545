"""How DuckDB spells operators, functions, aggregates and geometry: more templates."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engines.duckdb.coverings import EDGES
from engines.duckdb.dialect import RELATE, RELATE_ON_GLOBE
from engines.duckdb.interrupts import CONNECTION
from engines.duckdb.large import by_size
from engines.geosparql.coverings import ROW
from strabon_store.algebra.terms import RDF_LANG_STRING
from strabon_store.relational.encoding import Tag

_FOUND: Final = "strpos(:a, :b)"
_NOT_ANY: Final = "CASE WHEN :a IS NULL OR :b IS NULL THEN NULL"


# What an IRI cannot have (RFC 3987).
_NO_IRI: Final = r'[\x00-\x20<>"{}|\\^`]'


def _quoted(text: str) -> str:
    """`string_plain` of a piece of the first argument, in the language `:c`."""
    escaped = (
        rf"""replace(replace(replace(replace({text}, '\', '\\'), '"', '\"'), """
        r"""chr(10), '\n'), chr(13), '\r')"""
    )
    return f"""'"' || {escaped} || CASE WHEN :c = '' THEN '"' ELSE '"@' || :c END"""


_OPEN: Final = f"{Tag.OTHER}, {Tag.GEOMETRY}"
_CLOSED: Final = f"{Tag.IRI}, {Tag.BLANK}, {Tag.LANGUAGE}"

OPERATORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "and": ":a AND :b",
        "or": ":a OR :b",
        "not": "NOT :a",
        "equal": ":a = :b",
        # Of an equality the engine expects the mean; of a range, most of the rows.
        "equal_often": ":a BETWEEN :b AND :b",
        # Always: the engine tells a scan of a join's other side alone that is filtered.
        "is_id": ":a >= 0",
        "less": ":a < :b",
        "less_or_equal": ":a <= :b",
        "is_bound": ":a IS NOT NULL",
        "is_unbound": ":a IS NULL",
        "if": "CASE WHEN :a THEN :b WHEN NOT :a THEN :c END",
        "if_true": "CASE WHEN :a THEN :b END",
        "if_bound": "CASE WHEN :a IS NOT NULL THEN :b END",
        "and_known": "CASE WHEN :a THEN :b END",
        "if_kind": "CASE WHEN :a = :b THEN :c END",
        "if_string": f"CASE WHEN :a IN ({Tag.STRING}, {Tag.LANGUAGE}) THEN :b END",
        "if_compatible": "CASE WHEN :b = '' OR :a = :b THEN :c END",
        "is_literal": f":a > {Tag.BLANK}",
        # What carries a language is no value of another datatype.
        "may_be_equal": f"(:a IN ({_OPEN}) AND :b NOT IN ({_CLOSED})) "
        f"OR (:b IN ({_OPEN}) AND :a NOT IN ({_CLOSED}))",
        "are_kind": ":a = :c AND :b = :c",
        "equal_language": "lower(:a) = lower(:b)",
        "string_ebv": f"CASE WHEN :a IN ({Tag.STRING}, {Tag.LANGUAGE}) "
        "THEN :b <> '' END",
        "within_window": ":a AND :b",
        "surely_or": "CASE WHEN :a THEN TRUE ELSE :b END",
        # Never the second where the first is false; the engine swaps what AND joins.
        "within_bounds": "CASE WHEN NOT :a THEN FALSE ELSE :b END",
        # What could be near is for joins to know (`relational.geo.candidates`).
        "within_reach": ":c",
        # The windows are for joins to know as well.
        "either_plane": "CASE WHEN :a THEN :b ELSE :c END",
        "either_on_edge": "CASE WHEN :a THEN :b ELSE :c END",
        "is_on_edge": ":a = -180 AND :b = 180",
        "is_beside_edge": "abs(:a) < 180 AND abs(:b) < 90",
        # Not for the engine to join by: what else it could join by is narrower.
        "equal_late": "(:a = :b) IS TRUE",
        "sort_rank": f"CASE WHEN :a IS NULL THEN 0 WHEN :a = {Tag.BLANK} THEN 1 "
        f"WHEN :a = {Tag.IRI} THEN 2 WHEN :a = {Tag.INTEGER} THEN 3 "
        f"WHEN :a = {Tag.DATETIME} THEN 4 WHEN :a = {Tag.DURATION} THEN 5 "
        f"WHEN :a = {Tag.BOOLEAN} THEN 6 ELSE 7 END",
        "sort_number": "coalesce(:a, epoch(CAST(:b AS TIMESTAMP)), CAST(:c AS DOUBLE), "
        "CAST(:d AS DOUBLE))",
        "sort_exact": "coalesce(:a, TRY_CAST(:b AS DECIMAL(38, 18)))",
        # Beyond 20 digits no decimal is exact, and within 38 each of these is.
        "sort_whole": "CASE WHEN abs(:b) >= 1e20 AND abs(:b) < 1e38 "
        "THEN coalesce(:a, CAST(:b AS HUGEINT)) END",
        "sort_text": "CASE WHEN :a IS NULL THEN coalesce(:b, :c) END",
    }
)
"""Section 17.3 and the order of terms."""

FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string_length": "length(:a)",
        # DuckDB maps letter by letter, which is all there is to ASCII.
        "upper": "CASE WHEN strlen(:a) = length(:a) THEN upper(:a) "
        "ELSE pytheas_upper(:a) || '' END",
        "lower": "CASE WHEN strlen(:a) = length(:a) THEN lower(:a) "
        "ELSE pytheas_lower(:a) || '' END",
        "contains": "contains(:a, CAST(:b AS VARCHAR))",
        "starts_with": "starts_with(:a, :b)",
        "ends_with": "ends_with(:a, :b)",
        "text_before": f"""{_NOT_ANY} WHEN {_FOUND} = 0 THEN '""' """
        f"ELSE {_quoted(f'left(:a, {_FOUND} - 1)')} END",
        "text_after": f"""{_NOT_ANY} WHEN {_FOUND} = 0 THEN '""' """
        f"ELSE {_quoted(f'substring(:a, {_FOUND} + length(:b))')} END",
        "md5": "md5(:a)",
        "sha1": "sha1(:a)",
        "sha256": "sha256(:a)",
        "sha384": "pytheas_sha384(:a) || ''",
        "sha512": "pytheas_sha512(:a) || ''",
        "no_truth": "CAST(NULL AS BOOLEAN)",
        "is_short": "strlen(:a) <= :b",
        "regex": "regexp_matches(:a, :b)",
        "regex_of_xpath": f"pytheas_matches(:a, :b, :c, {CONNECTION})",
        "replace": "regexp_replace(:a, :b, :c, 'g')",
        "replace_by_xpath": f"pytheas_replace(:a, :b, :c, :d, {CONNECTION}) || ''",
        "resolve": f"CASE WHEN regexp_matches(:a, '{_NO_IRI}') THEN NULL "
        "WHEN regexp_matches(:a, '^[A-Za-z][A-Za-z0-9+.-]*:') THEN :a "
        "WHEN :b <> '' THEN pytheas_resolve(:a, :b) || '' END",
        "if_language": "CASE WHEN regexp_full_match(:a, "
        "'[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*') THEN :a END",
        "if_datatype": f"CASE WHEN :a = {Tag.IRI} AND :b <> '{RDF_LANG_STRING}' "
        "THEN :b END",
        # The last argument tells calls apart.
        "random": "random()",
        "uuid_iri": "'urn:uuid:' || CAST(gen_random_uuid() AS VARCHAR)",
        "uuid_text": "CAST(gen_random_uuid() AS VARCHAR)",
        "fresh_blank": "'_:b' || replace(CAST(gen_random_uuid() AS VARCHAR), '-', '')",
        "blank_of": "'_:b' || md5(:b || ' ' || :a)",
        "encode_uri": "url_encode(:a)",
        "lang_matches": "CASE WHEN :b = '*' THEN :a <> '' ELSE lower(:a) = lower(:b) "
        "OR starts_with(lower(:a), lower(:b) || '-') END",
        "cast_boolean": f"CASE WHEN :a <> {Tag.STRING} THEN NULL "
        "WHEN :b IN ('true', '1') THEN TRUE WHEN :b IN ('false', '0') THEN FALSE END",
    }
)
"""Section 17.4."""

_START: Final = "floor(:b + 0.5)"
_FIRST: Final = f"least(greatest({_START}, 1), {1 << 31})"
_STOP: Final = f"({_START} + floor(:c + 0.5))"
SUBSTRING: Final = {
    2: f"CASE WHEN NOT isnan(:b) THEN substring(:a, CAST({_FIRST} AS BIGINT)) "
    "WHEN isnan(:b) THEN left(:a, 0) END",
    3: f"CASE WHEN {_STOP} > {_FIRST} AND NOT isnan({_STOP}) THEN substring(:a, "
    f"CAST({_FIRST} AS BIGINT), CAST(least({_STOP} - {_FIRST}, {1 << 31}) AS BIGINT)) "
    f"WHEN {_STOP} IS NOT NULL THEN left(:a, 0) END",
}
"""SUBSTR by number of arguments; nothing stands before the first character."""

AGGREGATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "count_rows": "COUNT(*)",
        "count": "COUNT(:a)",
        "count_distinct": "COUNT(DISTINCT :a)",
        "sum": "SUM(:a)",
        # Each term once: numbers that are equal may be several terms.
        "sum_by": "list_sum(list_transform(LIST(DISTINCT {'term': :b, 'part': :a}), "
        "lambda each: each.part))",
        "avg": "AVG(:a)",
        "max": "MAX(:a)",
        "sample": "ANY_VALUE(:a)",
        "concat_all": "STRING_AGG(:a, :b)",
        "concat_distinct": "STRING_AGG(DISTINCT :a, :b)",
    }
)
"""Section 18.5.1."""


_HIGHEST: Final = "greatest(abs(:b), abs(:d)) + :e"
# A few units in the last place more, so that rounding cannot lose the rim.
_WIDTH: Final = (
    f"CASE WHEN {_HIGHEST} > 89.999999e0 THEN 360 "
    f"ELSE :e / cos(radians({_HIGHEST})) + 1e-9 END"
)
_GROWN: Final = (
    f"ST_MakeEnvelope(CASE WHEN :c + {_WIDTH} > 180 THEN -180 ELSE :a - {_WIDTH} END, "
    ":b - :e - 1e-9, "
    f"CASE WHEN :a - {_WIDTH} < -180 THEN 180 ELSE :c + {_WIDTH} END, :d + :e + 1e-9)"
)
"""Longitudes widen towards the pole: nowhere is a degree shorter than where it ends."""

_NORTH_GAP: Final = "greatest(:f - :d, :b - :h, 0)"
_EAST_GAP: Final = (
    "greatest(least(greatest(:e - :c, :a - :g), "
    "least(:a, :e) + 360 - greatest(:c, :g)), 0)"
)
# Sines of what is missing to the pole, where a cosine would not be 0.
_NARROW: Final = (
    "sin(radians(90 - greatest(abs(:b), abs(:d)))) "
    "* sin(radians(90 - greatest(abs(:f), abs(:h))))"
)
_LEAST: Final = (
    f"2 * :i * asin(0.9999999999999e0 * sqrt(pow(sin(radians({_NORTH_GAP}) / 2), 2) "
    f"+ {_NARROW} * pow(sin(radians({_EAST_GAP}) / 2), 2)))"
)
_NORTH_SPAN: Final = "greatest(:h - :b, :d - :f)"
_EAST_SPAN: Final = (
    "CASE WHEN (:e - :c <= 180 AND :g - :a >= 180) "
    "OR (:e - :c <= -180 AND :g - :a >= -180) THEN 1 "
    "ELSE greatest(pow(sin(radians(:e - :c) / 2), 2), "
    "pow(sin(radians(:g - :a) / 2), 2)) END"
)
_WIDE: Final = "cos(radians(greatest(:b, -:d, 0))) * cos(radians(greatest(:f, -:h, 0)))"
# Beside the antipode the arc is uncertain by some metres.
_MOST: Final = (
    f"2.000002e0 * :i * asin(least(sqrt(pow(sin(radians({_NORTH_SPAN}) / 2), 2) "
    f"+ {_WIDE} * {_EAST_SPAN}), 1)) + 1e-3 + 0 * (:a + :e)"
)
"""Great circles between boxes, by haversines; `greatest` and `least` skip NULL, the
last summand does not."""


def _told(call: str) -> str:
    """A call that is told for whom it works."""
    return f"{call[:-1]}, {CONNECTION})"


def _copied(call: str) -> str:
    """A call that gives bytes, copied at once (see `duckdb_functions`)."""
    return f"{_told(call)} || CAST('' AS BLOB)"


# To DuckDB's own some areas that are apart, and all that are empty, are at no distance.
_TWO: Final = ("CAST(ST_AsWKB(:a) AS BLOB)", "CAST(ST_AsWKB(:b) AS BLOB)")
_PLANAR_DISTANCE: Final = (
    f"({by_size('pytheas_planar_distance', *_TWO, others=(CONNECTION,))})"
)
_METRES: Final = _told("pytheas_metres(:a)")


def _side(edge: int) -> tuple[str, str]:
    """Two products: the first is the greater one where a point is left of an edge."""
    return (
        f":c.dx_{edge} * (:b - :c.y1_{edge})",
        f":c.dy_{edge} * (:a - :c.x1_{edge})",
    )


def _is_left_open(edge: int) -> str:
    """Whether rounding may have turned the order of the products (Shewchuk 1997)."""
    one, other = _side(edge)
    return (
        f"abs({one} - {other}) <= 3.3306690738754716e-16 * (abs({one}) + abs({other}))"
    )


def _crosses(edge: int) -> str:
    """Whether a ray west from a point crosses an edge: 1, or 0."""
    one, other = _side(edge)
    return (
        f"CAST((:c.y1_{edge} > :b) <> (:c.y2_{edge} > :b) "
        f"AND ({one} < {other}) = (:c.y2_{edge} > :b) AS UTINYINT)"
    )


_IN_CROWDED_CELL: Final = (
    f"pytheas_within(:a, :b, :c.edges, :c.is_inside, :d, {CONNECTION})"
)
_IN_CELL: Final = (
    f"CASE WHEN {' OR '.join(map(_is_left_open, range(EDGES)))} "
    f"THEN {_IN_CROWDED_CELL} "
    "ELSE (CAST(:c.is_inside AS UTINYINT) + "
    f"{' + '.join(map(_crosses, range(EDGES)))}) % 2 = 1 END"
)
"""Whether a point is inside an area, by the edges in a cell of its border."""


def _may_be_on(start: int, end: int) -> str:
    """Whether a point may be on an edge, from one number of its ends to the other."""
    one = f"(:c.x{end} - :c.x{start}) * (:b - :c.y{start})"
    other = f"(:c.y{end} - :c.y{start}) * (:a - :c.x{start})"
    return (
        f"abs({one} - {other}) <= 3.3306690738754716e-16 * (abs({one}) + abs({other}))"
    )


_ENDS_OF_TWO: Final = ", ".join(f":c.x{i}, :c.y{i}" for i in range(1, 5))
_ON_TWO_EDGES: Final = f"pytheas_on_two_edges(:a, :b, [{_ENDS_OF_TWO}], {CONNECTION})"

GEOMETRY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "geometry_constant": "ST_GeomFromWKB(:a)",
        "no_geometry": "CAST(NULL AS GEOMETRY)",
        "distance_m": by_size("pytheas_distance_m", *_TWO, others=(CONNECTION,)),
        "distance_degrees": "("
        + by_size("pytheas_distance_degrees", *_TWO, others=(CONNECTION,))
        + ")",
        "boxes_meet": "ST_Intersects_Extent(:a, :b)",
        "grown_box": _GROWN,
        "grown_in_plane": "ST_MakeEnvelope(:a - :e, :b - :e, :c + :e, :d + :e)",
        # All longitudes where that reaches over the antimeridian, or to a pole.
        "grown_in_degrees": "ST_MakeEnvelope("
        "CASE WHEN greatest(:c + :e - 90, :d + :e, :e - :b) >= 90 THEN -180 "
        "ELSE :a - :e END, :b - :e, "
        "CASE WHEN greatest(:e - :a - 90, :d + :e, :e - :b) >= 90 THEN 180 "
        "ELSE :c + :e END, :d + :e)",
        # NaN is greater than all: nothing is known of what it reaches.
        "reach": "least(greatest(coalesce(:a * :b, 0), 0) + :c, 1e30)",
        "least": "least(:a, :b)",
        "least_metres": _LEAST,
        "most_metres": _MOST,
        "least_degrees": f"0.9999999999999e0 * sqrt(pow({_EAST_GAP}, 2) "
        "+ pow(greatest(:f - :d, :b - :h, 0), 2)) + 0 * (:a + :e)",
        "most_degrees": "1.0000000000001e0 * sqrt(pow(greatest(:g - :a, :c - :e), 2) "
        "+ pow(greatest(:h - :b, :d - :f), 2)) + 0 * (:a + :e)",
        "area_m2": f"pytheas_area_m2(CAST(ST_AsWKB(:a) AS BLOB), {CONNECTION})",
        "perimeter_m": f"pytheas_perimeter_m(CAST(ST_AsWKB(:a) AS BLOB), {CONNECTION})",
        "length_m": f"pytheas_length_m(CAST(ST_AsWKB(:a) AS BLOB), {CONNECTION})",
        "relate": by_size(RELATE, *_TWO, others=("upper(:c)", CONNECTION)),
        "relate_on_globe": by_size(
            RELATE_ON_GLOBE, *_TWO, others=("upper(:c)", CONNECTION)
        ),
        "radians": "radians(:a)",
        "scale": ":a * :b",
        "per_unit": ":a / :b",
        "whole": "CAST(:a AS HUGEINT)",
        "read_geometry": _copied("pytheas_read(:a, :b)"),
        "shape_of": f"ST_GeomFromWKB({_copied('pytheas_shape(:a)')})",
        "native_of": f"ST_GeomFromWKB({_copied('pytheas_native(:a)')})",
        "window_of": f"ST_GeomFromWKB({_copied('pytheas_window(:a)')})",
        "plane_of": f"{_told('pytheas_plane(:a)')} || ''",
        # The same for all that are empty: they may be equal.
        "window": "ST_MakeEnvelope(coalesce(:a, 0), coalesce(:b, 0), "
        "coalesce(:c, 0), coalesce(:d, 0))",
        "planar_distance": f"{_PLANAR_DISTANCE} * {_METRES.replace(':a', ':c')}",
        "planar_area": f"ST_Area(:a) * pow({_METRES.replace(':a', ':b')}, 2)",
        "planar_perimeter": f"ST_Perimeter(:a) * {_METRES.replace(':a', ':b')}",
        "planar_length": f"ST_Length(:a) * {_METRES.replace(':a', ':b')}",
        "construct": _copied("pytheas_construct(:a, :b)"),
        "construct_by": _copied("pytheas_construct_by(:a, :b, CAST(:c AS DOUBLE))"),
        "construct_in": _copied("pytheas_construct_in(:a, :b, :c)"),
        "overlay": "("
        + by_size("pytheas_overlay", ":b", ":c", first=(":a",), others=(CONNECTION,))
        + ") || CAST('' AS BLOB)",
        "number_of_geometry": _told("pytheas_number_of(:a, :b)"),
        "flag_of_geometry": _told("pytheas_flag_of(:a, :b)"),
        "text_of_geometry": f"{_told('pytheas_text_of(:a, :b, :c)')} || ''",
        "cell_of": f"CAST(floor((:b + 90.0) * :c) AS BIGINT) * {ROW} "
        "+ CAST(floor((:a + 180.0) * :c) AS BIGINT)",
        "cover": f"pytheas_cover(CAST(ST_AsWKB(:a) AS BLOB), :b, {CONNECTION})",
        "cells_inside": ":a.inside",
        "cells_of_border": ":a.border",
        "crowded_cells": ":a.crowded",
        "cell_number": ":a.cell",
        "cover_lines": "pytheas_cover_lines("
        f"CAST(ST_AsWKB(:a) AS BLOB), :b, {CONNECTION})",
        "cells_of_edges": ":a.few",
        "crowded_edges": ":a.several",
        "may_be_on_two_edges": f"({_may_be_on(1, 2)} OR {_may_be_on(3, 4)})",
        "is_on_two_edges": _ON_TWO_EDGES,
        "is_on_edges": f"pytheas_on_edges(:a, :b, :c.edges, {CONNECTION})",
        "is_in_cell": _IN_CELL,
        "is_in_crowded_cell": _IN_CROWDED_CELL,
        "collect": _copied("pytheas_collect(:a, list(:b))"),
        "collect_distinct": _copied("pytheas_collect(:a, list(DISTINCT :b))"),
    }
)
"""GeoSPARQL's functions; the relations stand in `engines.duckdb.dialect`."""
