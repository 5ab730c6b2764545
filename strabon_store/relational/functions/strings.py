"""Functions on strings (SPARQL 1.1 section 17.4.3)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strabon_store.relational.functions.arguments import (
    Function,
    language_of,
    simple_literal,
    string_argument,
    where_compatible,
)
from strabon_store.relational.functions.patterns import regex, replace
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import Constant, call
from strabon_store.relational.values import Value, boolean, from_plain, number, string


def _test(operation: str) -> Function:
    def function(left: Value, right: Value) -> Value:
        texts = (string_argument(left), string_argument(right))
        return boolean(where_compatible(left, right, call(operation, *texts)))

    return function


def _keeping_language(operation: str) -> Function:
    """A string function whose result has the language of its first argument."""

    def function(first: Value, *rest: Value) -> Value:
        others = (value.number for value in rest)
        text = call(operation, string_argument(first), *others)
        return string(text, language_of(first))

    return function


def _around(operation: str) -> Function:
    """STRBEFORE and STRAFTER: no match gives the empty simple literal (17.4.3.9)."""

    def function(first: Value, mark: Value) -> Value:
        texts = (string_argument(first), string_argument(mark))
        found = where_compatible(
            first, mark, call(operation, *texts, language_of(first))
        )
        return from_plain(found)

    return function


def _length(value: Value) -> Value:
    length = call("string_length", string_argument(value))
    return number(length, Rank.INTEGER, is_small=True)


def concat(arguments: tuple[Value, ...]) -> Value:
    """CONCAT: the common language, when all arguments have the same (17.4.3.12)."""
    if not arguments:
        return string(Constant(""))
    texts = tuple(string_argument(each) for each in arguments)
    if len(texts) == 1:
        return string(texts[0], language_of(arguments[0]))
    joined = call("concat", *texts)
    languages = tuple(language_of(each) for each in arguments)
    if all(each == Constant("") for each in languages):
        return string(joined)
    return string(joined, call("common_language", *languages))


def _lang_matches(tag: Value, language_range: Value) -> Value:
    texts = (simple_literal(tag), simple_literal(language_range))
    return boolean(call("lang_matches", *texts))


def _encode(value: Value) -> Value:
    return string(call("encode_uri", string_argument(value)))


STRINGS: Final[Mapping[tuple[str, int], Function]] = MappingProxyType(
    {
        ("STRLEN", 1): _length,
        ("SUBSTR", 2): _keeping_language("substring"),
        ("SUBSTR", 3): _keeping_language("substring"),
        ("UCASE", 1): _keeping_language("upper"),
        ("LCASE", 1): _keeping_language("lower"),
        ("CONTAINS", 2): _test("contains"),
        ("STRSTARTS", 2): _test("starts_with"),
        ("STRENDS", 2): _test("ends_with"),
        ("STRBEFORE", 2): _around("text_before"),
        ("STRAFTER", 2): _around("text_after"),
        ("ENCODE_FOR_URI", 1): _encode,
        ("LANGMATCHES", 2): _lang_matches,
        ("REGEX", 2): regex,
        ("REGEX", 3): regex,
        ("REPLACE", 3): replace,
        ("REPLACE", 4): replace,
    }
)
