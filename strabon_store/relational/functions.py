"""The built-ins of SPARQL 1.1 section 17.4 and the casts of 17.5, as tables.

A function that needs more than a row stands above the table that names it. What is in
no table is refused while compiling.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational import arithmetic
from strabon_store.relational.encoding import Tag
from strabon_store.relational.numbers import RANKED, Rank
from strabon_store.relational.operators import identical
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import (
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATETIME,
    Value,
    boolean,
    from_plain,
    iri,
    number,
    of_numeric,
    string,
)

Function: TypeAlias = Callable[..., Value]

_UNMATCHABLE: Final = re.compile(r"\\[1-9]|\(\?<?[=!]")


def lower_builtin(name: str, arguments: tuple[Value, ...]) -> Value:
    """The value of a built-in call.

    Raises:
        UnsupportedFeature: We do not compile it, or not with so many arguments.
    """
    function = BUILT_INS.get((name, len(arguments)))
    if function is None and name in _VARIADIC:
        return _VARIADIC[name](arguments)
    if function is None:
        raise UnsupportedFeature(f"{name} with {len(arguments)} argument(s)")
    return function(*arguments)


def lower_cast(datatype: str, value: Value) -> Value | None:
    """The value cast to an XSD datatype (17.5), or None when it is no cast of ours."""
    cast = CASTS.get(datatype)
    return None if cast is None else cast(value)


def _is_kind(*kinds: Tag) -> Function:
    def function(value: Value) -> Value:
        codes = (Constant(int(kind)) for kind in kinds)
        return boolean(call("is_one_of", value.kind, *codes))

    return function


def _is_literal(value: Value) -> Value:
    return boolean(call("is_literal", value.kind))


def _is_numeric(value: Value) -> Value:
    is_number = call("is_bound", value.number)
    known = call("is_bound", value.kind)
    if value.is_surely(Tag.INTEGER):
        known = is_number
    return boolean(call("and_known", known, is_number))


def _string_argument(value: Value) -> Scalar:
    """The lexical form of a string literal, else an error (17.4.3)."""
    if value.is_surely(Tag.STRING):
        return value.text
    return call("if_string", value.kind, value.text)


def _compatible(left: Value, right: Value, result: Scalar) -> Scalar:
    """The result where the languages of both arguments agree (17.4.3.1.2)."""
    if right.language == Constant("") or right.is_surely(Tag.STRING):
        return result
    return call("if_compatible", left.language, right.language, result)


def _test(operation: str) -> Function:
    def function(left: Value, right: Value) -> Value:
        texts = (_string_argument(left), _string_argument(right))
        return boolean(_compatible(left, right, call(operation, *texts)))

    return function


def _keeping_language(operation: str) -> Function:
    """A string function whose result has the language of its first argument."""

    def function(first: Value, *rest: Value) -> Value:
        others = (value.number for value in rest)
        text = call(operation, _string_argument(first), *others)
        return string(text, _language(first))

    return function


def _language(value: Value) -> Scalar:
    return Constant("") if value.is_surely(Tag.STRING) else value.language


def _around(operation: str) -> Function:
    """STRBEFORE and STRAFTER: no match gives the empty simple literal (17.4.3.9)."""

    def function(first: Value, mark: Value) -> Value:
        texts = (_string_argument(first), _string_argument(mark))
        found = _compatible(first, mark, call(operation, *texts, _language(first)))
        return from_plain(found)

    return function


def _measure(operation: str) -> Function:
    def function(value: Value) -> Value:
        length = call(operation, _string_argument(value))
        return number(length, Rank.INTEGER, is_small=True)

    return function


def _rounding(operation: str) -> Function:
    def function(value: Value) -> Value:
        return of_numeric(arithmetic.unary(operation, value.numeric))

    return function


def _date_part(operation: str, rank: Rank = Rank.INTEGER) -> Function:
    def function(value: Value) -> Value:
        written = call("moment_local", value.text, value.moment)
        return number(call(operation, written), rank, is_small=True)

    return function


def _flags(flags: Value | None) -> str:
    """The flags of a regular expression, as it may begin with them."""
    if flags is None or flags.text == Constant(""):
        return ""
    if not isinstance(flags.text, Constant):
        raise UnsupportedFeature("a regular expression whose flags are computed")
    letters = str(flags.text.value)
    if unknown := set(letters) - set("ims"):
        raise UnsupportedFeature(f"the regular expression flag {min(unknown)!r}")
    return f"(?{letters})"


def _pattern(pattern: Value, flags: Value | None) -> Scalar:
    """A regular expression; NULL where it is malformed, which is an error (17.2).

    Engines compile a constant one before they run, and would refuse the whole query.
    """
    letters = _flags(flags)
    if not isinstance(pattern.text, Constant):
        return call("concat", Constant(letters), pattern.text)
    written = str(pattern.text.value)
    if _UNMATCHABLE.search(written):
        raise UnsupportedFeature(
            "a back-reference or look-around in a regular expression"
        )
    try:
        re.compile(written)
    except re.error:
        return call("no_text")
    return Constant(letters + written)


def _regex(text: Value, pattern: Value, flags: Value | None = None) -> Value:
    return boolean(call("regex", _string_argument(text), _pattern(pattern, flags)))


def _replace(
    text: Value, pattern: Value, replacement: Value, flags: Value | None = None
) -> Value:
    parts = (_pattern(pattern, flags), replacement.text)
    return string(call("replace", _string_argument(text), *parts), _language(text))


def _concat(arguments: tuple[Value, ...]) -> Value:
    """CONCAT: the common language, when all arguments have the same (17.4.3.12)."""
    if not arguments:
        return string(Constant(""))
    texts = tuple(_string_argument(each) for each in arguments)
    if len(texts) == 1:
        return string(texts[0], _language(arguments[0]))
    joined = call("concat", *texts)
    languages = tuple(_language(each) for each in arguments)
    if all(each == Constant("") for each in languages):
        return string(joined)
    return string(joined, call("common_language", *languages))


def _same_term(left: Value, right: Value) -> Value:
    return boolean(identical(left, right))


def _lang_matches(tag: Value, language_range: Value) -> Value:
    return boolean(call("lang_matches", tag.text, language_range.text))


def _to_iri(value: Value) -> Value:
    allowed = (Constant(int(Tag.IRI)), Constant(int(Tag.STRING)))
    return iri(call("if_true", call("is_one_of", value.kind, *allowed), value.text))


def _simple_literal(value: Value) -> Scalar:
    if value.is_surely(Tag.STRING):
        return value.text
    return call("if_kind", value.kind, Constant(int(Tag.STRING)), value.text)


def _str_lang(text: Value, tag: Value) -> Value:
    return from_plain(call("string_plain", _simple_literal(text), tag.text))


def _str_datatype(text: Value, datatype: Value) -> Value:
    return from_plain(call("typed_plain", _simple_literal(text), datatype.text))


def _digest(operation: str) -> Function:
    def function(value: Value) -> Value:
        return string(call(operation, _simple_literal(value)))

    return function


_SIMPLE_ROWS: Final[Mapping[tuple[str, int], Function]] = {
    ("ISIRI", 1): _is_kind(Tag.IRI),
    ("ISURI", 1): _is_kind(Tag.IRI),
    ("ISBLANK", 1): _is_kind(Tag.BLANK),
    ("ISLITERAL", 1): _is_literal,
    ("ISNUMERIC", 1): _is_numeric,
    ("SAMETERM", 2): _same_term,
    ("STR", 1): lambda v: string(v.text),
    ("LANG", 1): lambda v: string(v.language),
    ("DATATYPE", 1): lambda v: iri(v.datatype),
    ("IRI", 1): _to_iri,
    ("URI", 1): _to_iri,
    ("STRLANG", 2): _str_lang,
    ("STRDT", 2): _str_datatype,
    ("LANGMATCHES", 2): _lang_matches,
    ("REGEX", 2): _regex,
    ("REGEX", 3): _regex,
    ("REPLACE", 3): _replace,
    ("REPLACE", 4): _replace,
    ("STRLEN", 1): _measure("string_length"),
    ("SUBSTR", 2): _keeping_language("substring"),
    ("SUBSTR", 3): _keeping_language("substring"),
    ("UCASE", 1): _keeping_language("upper"),
    ("LCASE", 1): _keeping_language("lower"),
    ("CONTAINS", 2): _test("contains"),
    ("STRSTARTS", 2): _test("starts_with"),
    ("STRENDS", 2): _test("ends_with"),
    ("STRBEFORE", 2): _around("text_before"),
    ("STRAFTER", 2): _around("text_after"),
    ("ENCODE_FOR_URI", 1): lambda v: string(call("encode_uri", _string_argument(v))),
    ("MD5", 1): _digest("md5"),
    ("SHA1", 1): _digest("sha1"),
    ("SHA256", 1): _digest("sha256"),
    ("ABS", 1): _rounding("absolute"),
    ("ROUND", 1): _rounding("round"),
    ("CEIL", 1): _rounding("ceiling"),
    ("FLOOR", 1): _rounding("floor"),
    ("YEAR", 1): _date_part("year"),
    ("MONTH", 1): _date_part("month"),
    ("DAY", 1): _date_part("day"),
    ("HOURS", 1): _date_part("hours"),
    ("MINUTES", 1): _date_part("minutes"),
    ("SECONDS", 1): _date_part("seconds", Rank.DECIMAL),
}

BUILT_INS: Final = MappingProxyType(_SIMPLE_ROWS)
"""Built-in by upper-case keyword and number of arguments."""

_VARIADIC: Final = {"CONCAT": _concat}


_PARSERS: Final = {
    Rank.INTEGER: ("parse_integer", "boolean_integer"),
    Rank.DECIMAL: ("parse_decimal", "boolean_decimal"),
    Rank.FLOAT: ("parse_double", "boolean_double"),
    Rank.DOUBLE: ("parse_double", "boolean_double"),
}


def _number_cast(rank: Rank) -> Function:
    def cast(value: Value) -> Value:
        cast_number = arithmetic.cast(rank, value.numeric).native
        if value.is_surely(Tag.INTEGER):
            return number(cast_number, rank)
        parse, of_boolean = _PARSERS[rank]
        name = Constant(XSD.local(RANKED[rank]))
        parsed = call(parse, name, _simple_literal(value))
        flag = call(of_boolean, value.boolean)
        return number(call("coalesce", cast_number, flag, parsed), rank)

    return cast


def _string_cast(value: Value) -> Value:
    return string(value.text)


def _boolean_cast(value: Value) -> Value:
    text = call("cast_boolean", value.kind, value.text)
    as_number = arithmetic.truth(value.numeric)
    return boolean(call("coalesce", value.boolean, as_number, text))


def _datetime_cast(value: Value) -> Value:
    """Of a dateTime itself, of a date its midnight, of a string what it spells."""
    datatype = Constant(XSD_DATETIME)
    midnight = call("concat", value.text, Constant("T00:00:00"))
    spelled = call("if_datetime", value.kind, value.text, value.text)
    return from_plain(
        call(
            "case",
            call("equal", value.datatype, datatype),
            value.plain,
            call("equal", value.datatype, Constant(XSD_DATE)),
            call("typed_plain", midnight, datatype),
            call("is_bound", spelled),
            call("typed_plain", spelled, datatype),
            Constant(None),
        )
    )


CASTS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        XSD.term("integer"): _number_cast(Rank.INTEGER),
        XSD.term("decimal"): _number_cast(Rank.DECIMAL),
        XSD.term("float"): _number_cast(Rank.FLOAT),
        XSD.term("double"): _number_cast(Rank.DOUBLE),
        XSD_STRING: _string_cast,
        XSD_BOOLEAN: _boolean_cast,
        XSD_DATETIME: _datetime_cast,
    }
)
"""Constructor functions by datatype (17.5)."""
