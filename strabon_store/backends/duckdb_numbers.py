"""How DuckDB spells numbers: parsing, promotion, exact arithmetic, canonical forms.

Integers are HUGEINT, decimals DECIMAL(38, 18), floats and doubles DOUBLE. What goes
beyond is NULL, an error of the expression; TRY keeps it from failing the query.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.relational.numbers import RANKED, Rank

_DECIMAL: Final = "DECIMAL(38, 18)"
_SURE: Final = 1 << 53
# Two doubles that are further apart, relatively, differ as floats too.
_CLOSE: Final = "1e-7"


def _integer_double(value: str) -> str:
    # By way of the text where DuckDB would round twice.
    return (
        f"CASE WHEN {value} BETWEEN -{_SURE} AND {_SURE} THEN CAST({value} AS DOUBLE) "
        f"ELSE CAST(CAST({value} AS VARCHAR) AS DOUBLE) END"
    )


def _decimal_double(value: str) -> str:
    return f"CAST(CAST({value} AS VARCHAR) AS DOUBLE)"


def _ordered(operator: str) -> str:
    # DuckDB has NaN equal to itself and above all numbers; IEEE 754 has it neither. A
    # comparison with a constant can be left to the zone maps, isnan cannot.
    return f"(:a {operator} :b AND :b < CAST('nan' AS DOUBLE))"


def _far(operator: str) -> str:
    near = f"abs(:a - :b) <= {_CLOSE} * abs(:b)"
    return f"CASE WHEN {near} THEN :c ELSE :a {operator} :b END"


_BOUNDED: Final = {
    "long": "BIGINT",
    "int": "INTEGER",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "unsignedLong": "UBIGINT",
    "unsignedInt": "UINTEGER",
    "unsignedShort": "USMALLINT",
    "unsignedByte": "UTINYINT",
}
_SIGNED: Final = {
    "nonPositiveInteger": "<= 0",
    "negativeInteger": "< 0",
    "nonNegativeInteger": ">= 0",
    "positiveInteger": "> 0",
}
_IS_INTEGER: Final = (
    "regexp_full_match(:b, '[+-]?[0-9]+') AND CASE (:a) WHEN 'integer' THEN TRUE "
    + " ".join(
        f"WHEN '{name}' THEN TRY_CAST(:b AS {kind}) IS NOT NULL"
        for name, kind in _BOUNDED.items()
    )
    + " "
    + " ".join(
        f"WHEN '{name}' THEN CAST(:b AS DOUBLE) {test}"
        for name, test in _SIGNED.items()
    )
    + " ELSE FALSE END"
)
_IS_DECIMAL: Final = (
    ":a = 'decimal' AND regexp_full_match(:b, '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)')"
)
_IS_DOUBLE: Final = (
    ":a IN ('double', 'float') AND regexp_full_match(:b, "
    "'[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN')"
)


def _to_single(value: str) -> str:
    # What is beyond all floats does not cast.
    single = (
        f"coalesce(TRY_CAST({value} AS FLOAT), sign({value}) * CAST('inf' AS FLOAT))"
    )
    return f"CAST({single} AS DOUBLE)"


_SIGNS: Final = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


def _rounded(sign: str) -> str:
    """An operation of floats where the rank `:a` says so, else of doubles."""
    singles = _to_single(f"({_to_single(':b')} {sign} {_to_single(':c')})")
    return f"CASE WHEN :a = 2 THEN {singles} ELSE :b {sign} :c END"


def exact_decimal(text: str) -> str:
    """The decimal that a lexical form spells; NULL where it would be rounded."""
    is_rounded = rf"regexp_matches({text}, '[.]\d{{18}}\d*[1-9]')"
    return f"CASE WHEN NOT {is_rounded} THEN TRY_CAST({text} AS {_DECIMAL}) END"


_AS_DOUBLE: Final = "CAST(ltrim(:b, '+') AS DOUBLE)"
_UNSIGNED: Final = "split_part(ltrim(:a, '-'), 'e', 1)"
_ALL_DIGITS: Final = f"replace({_UNSIGNED}, '.', '')"
_DIGITS: Final = f"ltrim({_ALL_DIGITS}, '0')"
_PLACES: Final = (
    "coalesce(TRY_CAST(split_part(:a, 'e', 2) AS INTEGER), 0) "
    f"+ strpos({_UNSIGNED} || '.', '.') - 2 "
    f"- (length({_ALL_DIGITS}) - length({_DIGITS}))"
)
# DuckDB writes more digits of a float than tell it from its neighbours.
_SHORTEST_FLOAT: Final = (
    "CASE WHEN {0} = 0 THEN CAST({0} AS VARCHAR) ELSE pytheas_float({0}) || '' END"
)
# Outside of these bounds, DuckDB 1.5 writes some powers of two wrong.
_SHORTEST: Final = (
    "CASE WHEN {0} = 0 OR abs({0}) BETWEEN 1e-4 AND 1e15 THEN CAST({0} AS VARCHAR) "
    "ELSE pytheas_double({0}) || '' END"
)
_FLOAT_TEXT: Final = (
    "CASE (:a) WHEN 'nan' THEN 'NaN' WHEN '-nan' THEN 'NaN' "
    "WHEN 'inf' THEN 'INF' WHEN '-inf' THEN '-INF' "
    "WHEN '0.0' THEN '0.0E0' WHEN '-0.0' THEN '-0.0E0' ELSE "
    "CASE WHEN starts_with(:a, '-') THEN '-' ELSE '' END "
    f"|| left({_DIGITS}, 1) || '.' "
    f"|| coalesce(nullif(rtrim(substring({_DIGITS}, 2), '0'), ''), '0') "
    f"|| 'E' || CAST({_PLACES} AS VARCHAR) END"
)

_LOW: Final = 1 << 64
_BIG: Final = "1000000000"

NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "xsd_name": f"CASE WHEN starts_with(:a, '{XSD}') "
        f"THEN substring(:a, {len(XSD) + 1}) END",
        "parse_integer": f"CASE WHEN {_IS_INTEGER} THEN TRY_CAST(:b AS HUGEINT) END",
        "parse_decimal": f"CASE WHEN {_IS_DECIMAL} THEN {exact_decimal(':b')} "
        f"WHEN {_IS_INTEGER} THEN TRY_CAST(:b AS {_DECIMAL}) END",
        "parse_double": f"CASE WHEN {_IS_DOUBLE} THEN CASE WHEN :a = 'float' THEN "
        f"{_to_single(_AS_DOUBLE)} ELSE {_AS_DOUBLE} END "
        f"WHEN {_IS_DECIMAL} THEN CAST(:b AS DOUBLE) "
        f"WHEN {_IS_INTEGER} THEN CAST(:b AS DOUBLE) END",
        "parsed_rank": "CASE WHEN :b IS NOT NULL THEN CASE (:a) WHEN 'double' THEN 3 "
        "WHEN 'float' THEN 2 WHEN 'decimal' THEN 1 ELSE 0 END END",
        "rank_datatype": "CASE WHEN :b IS NOT NULL THEN CASE (:a) "
        + " ".join(f"WHEN {rank} THEN '{RANKED[rank]}'" for rank in Rank)
        + " END END",
        # NULLs are passed over: where a rank is missing, so is the number beside it.
        "greatest": "greatest(:a, :b)",
        "is_exact": ":a <= 1",
        "is_single": ":a = 2",
        "are_exact": ":a <= 1 AND :b <= 1",
        "are_single": "greatest(:a, :b) = 2",
        "integer": "CAST(:a AS HUGEINT)",
        "decimal": f"CAST(:a AS {_DECIMAL})",
        "small_double": "CAST(:a AS DOUBLE)",
        "integer_double": _integer_double(":a"),
        "integer_decimal": f"TRY_CAST(:a AS {_DECIMAL})",
        "decimal_double": _decimal_double(":a"),
        "decimal_integer": "CAST(trunc(:a) AS HUGEINT)",
        "double_integer": "TRY_CAST(trunc(:a) AS HUGEINT)",
        "double_decimal": "pytheas_decimal(:a)",
        "to_single": _to_single(":a"),
        "rounded": f"CASE (:a) WHEN 0 THEN {_integer_double(':b')} "
        f"WHEN 1 THEN {_decimal_double(':c')} END",
        "add_integers": "TRY(CAST(:a AS HUGEINT) + :b)",
        "subtract_integers": "TRY(CAST(:a AS HUGEINT) - :b)",
        "multiply_integers": "TRY(CAST(:a AS HUGEINT) * :b)",
        "negate_integer": "TRY(-CAST(:a AS HUGEINT))",
        "absolute_integer": "TRY(abs(CAST(:a AS HUGEINT)))",
        "add_decimals": f"TRY(:a + CAST(:b AS {_DECIMAL}))",
        "subtract_decimals": f"TRY(:a - CAST(:b AS {_DECIMAL}))",
        # By an integer there is nothing to round, which is much cheaper.
        "multiply_exactly": "CASE WHEN :c IS NOT NULL "
        "THEN TRY(:b * CAST(:c AS DECIMAL(20, 0))) WHEN :a IS NOT NULL "
        "THEN TRY(:d * CAST(:a AS DECIMAL(20, 0))) ELSE pytheas_multiply(:b, :d) END",
        "divide_decimals": "pytheas_divide(:a, :b)",
        "negate_decimal": "-:a",
        "absolute_decimal": "abs(:a)",
        "ceiling_decimal": f"TRY_CAST(ceil(:a) AS {_DECIMAL})",
        "floor_decimal": f"TRY_CAST(floor(:a) AS {_DECIMAL})",
        "round_decimal": f"TRY_CAST(floor(TRY(:a + CAST('0.5' AS {_DECIMAL}))) "
        f"AS {_DECIMAL})",
        **{f"{name}_doubles": f":a {sign} :b" for name, sign in _SIGNS.items()},
        **{f"{name}_rounded": _rounded(sign) for name, sign in _SIGNS.items()},
        "negate_double": "-:a",
        "absolute_double": "abs(:a)",
        "ceiling_double": "ceil(:a)",
        "floor_double": "floor(:a)",
        # Adding a half would round what is next below it up.
        "round_double": "CASE WHEN :a - floor(:a) < 0.5 THEN floor(:a) "
        "ELSE ceil(:a) END",
        "double_equal": _ordered("="),
        "double_less": _ordered("<"),
        "double_less_or_equal": _ordered("<="),
        "far_equal": _far("="),
        "far_less": _far("<"),
        "far_less_or_equal": _far("<="),
        "differing_equal": "CASE WHEN :a <> :b THEN FALSE END",
        "differing_less": "CASE WHEN :a <> :b THEN :a < :b END",
        "differing_less_or_equal": "CASE WHEN :a <> :b THEN :a < :b END",
        "is_not_zero": ":a <> 0",
        "number_ebv": ":a <> 0 AND NOT isnan(:a)",
        "boolean_integer": "CAST(CAST(:a AS INTEGER) AS HUGEINT)",
        "boolean_decimal": f"CAST(CAST(:a AS INTEGER) AS {_DECIMAL})",
        "boolean_double": "CAST(CAST(:a AS INTEGER) AS DOUBLE)",
        "integer_text": "CAST(:a AS VARCHAR)",
        "digits": "CAST(:a AS VARCHAR)",
        "decimal_text": "rtrim(rtrim(:a, '0'), '.')",
        "shortest": _SHORTEST.format(":a"),
        "shortest_float": _SHORTEST_FLOAT.format(":a"),
        "shortest_of": f"CASE (:a) WHEN 2 THEN {_SHORTEST_FLOAT.format(':b')} "
        f"WHEN 3 THEN {_SHORTEST.format(':b')} END",
        "float_text": _FLOAT_TEXT,
        # XPath functions 19.1.2: numbers of ordinary size are written as decimals.
        "float_string": "CASE WHEN abs(:b) >= 1e-6 AND abs(:b) < 1e6 THEN rtrim(rtrim("
        "CAST(CAST(:a AS DECIMAL(38, 30)) AS VARCHAR), '0'), '.') "
        "WHEN :b = 0 THEN rtrim(rtrim(:a, '0'), '.') ELSE :c END",
        # A sum may overflow, and would fail the query: in parts, it cannot.
        "high_part": "CAST(:a AS HUGEINT) >> 64",
        "low_part": f"CAST(:a AS HUGEINT) & {_LOW - 1}",
        "join_parts": f"TRY(CAST(:a AS HUGEINT) * {_LOW} + :b)",
        "ordinary_part": f"CASE WHEN abs(:a) < {_BIG} THEN :a END",
        "whole_part": f"CASE WHEN abs(:a) >= {_BIG} "
        "THEN CAST(trunc(:a) AS HUGEINT) END",
        "fraction_part": f"CASE WHEN abs(:a) >= {_BIG} "
        f"THEN :a - CAST(trunc(:a) AS {_DECIMAL}) END",
        "join_decimals": f"TRY(CAST(coalesce(:a, 0) AS {_DECIMAL}) "
        f"+ CAST(coalesce(:b, 0) AS {_DECIMAL}) + CAST(coalesce(:c, 0) AS {_DECIMAL}))",
        "count_decimal": f"CAST(:a AS {_DECIMAL})",
    }
)
"""Sections 17.3 and 17.4.4."""
