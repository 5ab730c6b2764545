"""How DuckDB spells the operations of the relational plan: a table of templates.

`:a`, `:b`, ... are the arguments. The bit layout of a term id is that of
`relational.encoding`. NULL in gives NULL out wherever SPARQL would have an error.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import RDF, XSD
from strabon_store.backends.duckdb_numbers import exact_decimal
from strabon_store.relational.encoding import (
    INTEGER_BIAS,
    PAYLOAD_BITS,
    PAYLOAD_MASK,
    Tag,
)
from strabon_store.relational.inline import DECIMAL_BIAS, SCALE_BITS

_TYPES: Final = {
    name: f"'{XSD.term(name)}'"
    for name in ("string", "integer", "decimal", "float", "double", "boolean")
} | {"dateTime": f"'{XSD.term('dateTime')}'", "date": f"'{XSD.term('date')}'"}
_LANG_STRING: Final = f"'{RDF.term('langString')}'"

_TAG: Final = f"(:a >> {PAYLOAD_BITS})"
_PAYLOAD: Final = f"(:a & {PAYLOAD_MASK})"
_WHOLE: Final = f"({_PAYLOAD} - {INTEGER_BIAS})"
_UNSCALED: Final = f"(({_PAYLOAD} >> {SCALE_BITS}) - {DECIMAL_BIAS})"
_SCALE: Final = f"({_PAYLOAD} & {(1 << SCALE_BITS) - 1})"
_DIGITS: Final = (
    f"lpad(CAST(abs({_UNSCALED}) AS VARCHAR), CAST(greatest("
    f"length(CAST(abs({_UNSCALED}) AS VARCHAR)), {_SCALE} + 1) AS INTEGER), '0')"
)
_DECIMAL_TEXT: Final = (
    f"CASE WHEN {_UNSCALED} < 0 THEN '-' ELSE '' END || left({_DIGITS}, -{_SCALE}) "
    f"|| '.' || right({_DIGITS}, {_SCALE})"
)
_DECIMAL_DOUBLE: Final = (
    f"CASE WHEN {_SCALE} <= 22 THEN CAST({_UNSCALED} AS DOUBLE) / pow(10, {_SCALE}) "
    f"ELSE CAST(CAST({_UNSCALED} AS VARCHAR) || 'e-' || {_SCALE} AS DOUBLE) END"
)
_DECIMAL: Final = (
    f"CASE WHEN {_SCALE} <= 18 THEN CAST({_UNSCALED} "
    f"* CAST(pow(10, 18 - {_SCALE}) AS HUGEINT) AS DECIMAL(38, 0)) "
    "* CAST('0.000000000000000001' AS DECIMAL(18, 18)) END"
)
_TERM_TEXT: Final = (
    f"CASE {_TAG} WHEN {Tag.BLANK} THEN NULL "
    f"WHEN {Tag.INTEGER} THEN CAST({_WHOLE} AS VARCHAR) "
    f"WHEN {Tag.DECIMAL} THEN {_DECIMAL_TEXT} "
    f"WHEN {Tag.BOOLEAN} THEN CASE {_PAYLOAD} WHEN 1 THEN 'true' WHEN 0 THEN 'false' "
    f"ELSE CAST({_PAYLOAD} - 2 AS VARCHAR) END "
    f"WHEN {Tag.DATETIME} THEN "
    f"strftime(make_timestamp({_WHOLE} * 1000000), '%Y-%m-%dT%H:%M:%SZ') "
    f"WHEN {Tag.DATE} THEN "
    f"strftime(DATE '1970-01-01' + CAST({_WHOLE} AS INTEGER), '%Y-%m-%d') "
    "ELSE :b END"
)
_TERM_DATATYPE: Final = (
    f"CASE {_TAG} WHEN {Tag.IRI} THEN NULL WHEN {Tag.BLANK} THEN NULL "
    f"WHEN {Tag.INTEGER} THEN {_TYPES['integer']} "
    f"WHEN {Tag.DECIMAL} THEN {_TYPES['decimal']} "
    f"WHEN {Tag.BOOLEAN} THEN {_TYPES['boolean']} "
    f"WHEN {Tag.DATETIME} THEN {_TYPES['dateTime']} "
    f"WHEN {Tag.DATE} THEN {_TYPES['date']} ELSE :b END"
)


def _escaped(text: str) -> str:
    r"""N-Triples escapes, as `relational.plain.ESCAPES` has them."""
    return (
        rf"""replace(replace(replace(replace({text}, '\', '\\'), '"', '\"'), """
        r"""chr(10), '\n'), chr(13), '\r')"""
    )


_TERM_PLAIN: Final = (
    f"CASE {_TAG} WHEN {Tag.IRI} THEN '<' || :b || '>' "
    f"WHEN {Tag.BLANK} THEN '_:' || :b "
    f"""WHEN {Tag.STRING} THEN '"' || {_escaped(":b")} || '"' """
    f"""WHEN {Tag.LANGUAGE} THEN '"' || {_escaped(":b")} || '"@' || :d """
    f"""ELSE '"' || {_escaped(f"({_TERM_TEXT})")} || '"^^<' || """
    f"""{_TERM_DATATYPE.replace(":b", ":c")} || '>' END"""
)

_PLAIN_DATATYPE: Final = (
    "CASE WHEN :a IS NULL OR NOT starts_with(:a, '\"') THEN NULL "
    f"WHEN ends_with(:a, '\"') THEN {_TYPES['string']} "
    "WHEN ends_with(:a, '>') THEN regexp_extract(:a, '\\^\\^<([^>]*)>$', 1) "
    f"ELSE {_LANG_STRING} END"
)
_PLAIN_BODY: Final = (
    "regexp_extract(:a, '^\"(.*)\"(?:@[A-Za-z0-9-]+|\\^\\^<[^>]*>)?$', 1, 's')"
)
_PLAIN_TEXT: Final = (
    "CASE WHEN starts_with(:a, '<') THEN substring(:a, 2, length(:a) - 2) "
    "WHEN starts_with(:a, '\"') THEN "
    rf"replace(replace(replace(replace(replace({_PLAIN_BODY}, '\\', chr(1)), "
    r"""'\"', '"'), '\n', chr(10)), '\r', chr(13)), chr(1), '\') END"""
)


TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "term_plain": _TERM_PLAIN,
        "numbered": ":a || CAST(row_number() OVER () AS VARCHAR)",
        "term_kind": f"CASE {_TAG} WHEN {Tag.DECIMAL} THEN {Tag.INTEGER} "
        f"WHEN {Tag.NUMBER} THEN {Tag.INTEGER} WHEN {Tag.EXACT} THEN {Tag.INTEGER} "
        f"WHEN {Tag.DATE} THEN {Tag.DATETIME} "
        f"WHEN {Tag.MOMENT} THEN {Tag.DATETIME} ELSE {_TAG} END",
        "term_text": _TERM_TEXT,
        "term_datatype": _TERM_DATATYPE,
        "term_language": f"CASE WHEN {_TAG} > {Tag.BLANK} THEN coalesce(:b, '') END",
        "term_number": f"CASE {_TAG} WHEN {Tag.INTEGER} THEN CAST({_WHOLE} AS DOUBLE) "
        f"WHEN {Tag.DECIMAL} THEN {_DECIMAL_DOUBLE} "
        f"WHEN {Tag.NUMBER} THEN :b WHEN {Tag.EXACT} THEN :b END",
        "term_rank": f"CASE {_TAG} WHEN {Tag.INTEGER} THEN 0 WHEN {Tag.DECIMAL} THEN 1 "
        f"WHEN {Tag.NUMBER} THEN CASE WHEN :b = {_TYPES['float']} THEN 2 ELSE 3 END "
        f"WHEN {Tag.EXACT} THEN CASE WHEN :b = {_TYPES['decimal']} THEN 1 ELSE 0 END "
        "END",
        "inline_integer": _WHOLE,
        "term_integer": f"CASE {_TAG} WHEN {Tag.INTEGER} "
        f"THEN CAST({_WHOLE} AS HUGEINT) "
        f"WHEN {Tag.EXACT} THEN CASE WHEN :b <> {_TYPES['decimal']} "
        "THEN TRY_CAST(:c AS HUGEINT) END END",
        "term_decimal": f"CASE {_TAG} WHEN {Tag.INTEGER} "
        f"THEN CAST({_WHOLE} AS DECIMAL(38, 18)) WHEN {Tag.DECIMAL} THEN {_DECIMAL} "
        f"WHEN {Tag.EXACT} THEN {exact_decimal(':b')} END",
        "term_moment": f"CASE {_TAG} WHEN {Tag.DATETIME} THEN "
        f"make_timestamp({_WHOLE} * 1000000) WHEN {Tag.DATE} THEN "
        f"CAST(DATE '1970-01-01' + CAST({_WHOLE} AS INTEGER) AS TIMESTAMP) "
        f"WHEN {Tag.MOMENT} THEN :b END",
        "term_boolean": f"CASE WHEN {_TAG} = {Tag.BOOLEAN} THEN {_PAYLOAD} % 2 = 1 END",
        "plain_kind": "CASE WHEN starts_with(:a, '<') THEN 0 "
        "WHEN starts_with(:a, '_:') THEN 1 WHEN ends_with(:a, '\"') THEN 2 "
        f"WHEN :a IS NOT NULL AND NOT ends_with(:a, '>') THEN {Tag.LANGUAGE} "
        f"WHEN :b IS NOT NULL THEN {Tag.INTEGER} "
        f"WHEN :c IS NOT NULL THEN {Tag.BOOLEAN} "
        f"WHEN :d IS NOT NULL THEN {Tag.DATETIME} "
        f"WHEN :e IS NOT NULL THEN {Tag.DURATION} "
        f"WHEN :a IS NOT NULL THEN {Tag.OTHER} END",
        "plain_text": _PLAIN_TEXT,
        "plain_datatype": _PLAIN_DATATYPE,
        "plain_language": "CASE WHEN starts_with(:a, '\"') THEN "
        "regexp_extract(:a, '\"@([A-Za-z0-9-]+)$', 1) END",
        "parse_boolean": "CASE WHEN :a = 'boolean' THEN "
        "CASE WHEN :b IN ('true', '1') THEN TRUE "
        "WHEN :b IN ('false', '0') THEN FALSE END END",
        "string_plain": f"""CASE WHEN :b = '' THEN '"' || {_escaped(":a")} || '"' """
        f"""ELSE '"' || {_escaped(":a")} || '"@' || :b END""",
        "typed_plain": f"CASE WHEN :b = {_TYPES['string']} THEN "
        f"""'"' || {_escaped(":a")} || '"' """
        f"""ELSE '"' || {_escaped(":a")} || '"^^<' || :b || '>' END""",
        "iri_plain": "'<' || :a || '>'",
        "boolean_text": "CASE WHEN :a THEN 'true' WHEN NOT :a THEN 'false' END",
        "moment_text": f"CASE WHEN :b = {_TYPES['date']} THEN "
        "strftime(:a, '%Y-%m-%d') ELSE "
        "rtrim(rtrim(strftime(:a, '%Y-%m-%dT%H:%M:%S.%f'), '0'), '.') || 'Z' END",
        "term_family": f"CASE {_TAG} WHEN {Tag.DATETIME} THEN 'dateTime' "
        f"WHEN {Tag.DATE} THEN 'date' WHEN {Tag.DURATION} THEN 'duration' "
        f"WHEN {Tag.MOMENT} THEN replace(substring(:b, {len(XSD) + 1}), 'Stamp', '') "
        "END",
    }
)
"""Reading and writing terms."""
