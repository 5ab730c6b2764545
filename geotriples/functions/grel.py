"""GREL's functions on strings, lists and truth values (FnO descriptions of GREL).

Offsets count characters from 0; a negative one counts from the end.  Lists are the
values of a row in order, or what a function returned; a function that returns a list
makes a term of each element.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlglot import exp

from geotriples.functions.base import (
    Function,
    Parameter,
    Type,
    boolean,
    call,
    decimal,
    integer,
    is_null,
    is_true,
    minus,
    number,
    string,
    strings,
    text,
    text_of,
)
from geotriples.values import Value
from ontologies.namespaces import Namespace

GREL: Final = Namespace("http://users.ugent.be/~bjdmeest/function/grel.ttl#")


def parameter(
    name: str, predicate: str, kind: Type, *, required: bool = True
) -> Parameter:
    """A parameter of GREL's descriptions, with its predicate."""
    return Parameter((GREL.term(name), GREL.term(predicate)), kind, required)


VALUE: Final = parameter("valueParam", "valueParameter", Type.STRING)
VALUE_2: Final = parameter("valueParam2", "valueParameter2", Type.STRING)
_SUB: Final = parameter("param_string_sub", "string_sub", Type.STRING)
_SEPARATOR: Final = parameter("param_string_sep", "p_string_sep", Type.STRING)
_FROM: Final = parameter("p_int_i_from", "param_int_i_from", Type.INTEGER)
_TO: Final = parameter(
    "p_int_i_opt_to", "param_int_i_opt_to", Type.INTEGER, required=False
)
_FIND: Final = parameter("param_find", "p_string_find", Type.STRING)
_REPLACE: Final = parameter("param_replace", "p_string_replace", Type.STRING)
_REGEX: Final = parameter("param_regex", "p_string_regex", Type.STRING)
_MODE: Final = parameter("modeParam", "modeParameter", Type.STRING)
_FRAGMENT: Final = parameter("param_fragment", "p_fragment", Type.STRING)
_ANY: Final = parameter("param_any_e", "p_any_e", Type.ANY)
_LIST: Final = parameter("param_a", "p_array_a", Type.LIST)
_OBJECTS: Final = parameter("param_any_rep_e", "p_any_rep_e", Type.LIST)
_ONE_BOOLEAN: Final = parameter("param_b", "bool_b", Type.BOOLEAN)
_BOOLEANS: Final = parameter("bool_array_b", "param_rep_b", Type.LIST)
_IF_TRUE: Final = parameter("param_true", "any_true", Type.ANY)
_IF_FALSE: Final = parameter("param_false", "any_false", Type.ANY, required=False)

STRING_OUT: Final = (GREL.term("stringOut"), GREL.term("stringOutput"))
NUMBER_OUT: Final = (GREL.term("output_number"), GREL.term("o_number"))
BOOLEAN_OUT: Final = (GREL.term("output_bool"), GREL.term("o_bool"))
LIST_OUT: Final = (GREL.term("output_array"), GREL.term("o_array"))
ANY_OUT: Final = (GREL.term("output_any"), GREL.term("o_any"))


# -- strings -------------------------------------------------------------------------


def substring(value: Value, start: Value, end: Value | None) -> Value:
    """From the first offset up to, without, the second."""
    last = exp.null() if end is None else end.sql
    return string(exp.func("FN_SUBSTRING", value.sql, start.sql, last))


def _index_of(value: Value, sub: Value) -> Value:
    return integer(minus(exp.StrPosition(this=value.sql, substr=sub.sql), number(1)))


def _to_string(value: Value) -> Value:
    return string(text_of(value))


def _to_number(value: Value) -> Value:
    return decimal(exp.func("FN_NUMBER", text_of(value)))


_ESCAPES: Final[Mapping[str, str]] = {
    "html": "FN_ESCAPE_HTML",
    "xml": "FN_ESCAPE_XML",
    "csv": "FN_ESCAPE_CSV",
    "javascript": "FN_ESCAPE_JAVASCRIPT",
    "url": "RDF_URI_SAFE",
}
_UNESCAPES: Final[Mapping[str, str]] = {
    "html": "FN_UNESCAPE_XML",
    "xml": "FN_UNESCAPE_XML",
    "url": "FN_UNESCAPE_URL",
}


def _group_count(pattern: str) -> int:
    try:
        return re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


def _groups(value: Value, pattern: Value) -> Value:
    """The groups of an expression that matches all of the text."""
    whole = text(f"^(?:{pattern.sql.name})$")
    groups: list[exp.Expr] = [
        exp.RegexpExtract(this=value.sql, expression=whole, group=number(group))
        for group in range(1, _group_count(pattern.sql.name) + 1)
    ]
    is_match = exp.RegexpLike(this=value.sql, expression=whole)
    return strings(exp.case().when(is_match, exp.Array(expressions=groups)))


def _by_mode(spellings: Mapping[str, str]) -> Callable[[Value, Value], Value]:
    """The function that the mode names; another mode has no answer."""

    def build(value: Value, mode: Value) -> Value:
        if isinstance(mode.sql, exp.Literal):
            name = spellings.get(mode.sql.name)
            return string(exp.func(name, value.sql) if name else exp.null())
        cases = exp.case()
        for known, name in spellings.items():
            is_it = exp.EQ(this=mode.sql, expression=text(known))
            cases = cases.when(is_it, exp.func(name, value.sql))
        return string(cases)

    return build


_STRINGS: Final[Mapping[str, Function]] = {
    "string_length": Function((VALUE,), call("LENGTH", integer), NUMBER_OUT),
    "toUpperCase": Function((VALUE,), call("UPPER", string), STRING_OUT),
    "toLowerCase": Function((VALUE,), call("LOWER", string), STRING_OUT),
    "string_toTitlecase": Function((VALUE,), call("FN_TITLE", string), STRING_OUT),
    "string_trim": Function((VALUE,), call("FN_TRIM", string), STRING_OUT),
    "string_chomp": Function((VALUE, _SEPARATOR), call("FN_CHOMP", string), STRING_OUT),
    "string_substring": Function((VALUE, _FROM, _TO), substring, STRING_OUT),
    "string_indexOf": Function((VALUE, _SUB), _index_of, NUMBER_OUT),
    "string_lastIndexOf": Function(
        (VALUE, _SUB), call("FN_LAST_INDEX", integer), NUMBER_OUT
    ),
    "string_replace": Function(
        (VALUE, _FIND, _REPLACE), call("REPLACE", string), STRING_OUT
    ),
    "string_replaceChars": Function(
        (VALUE, _FIND, _REPLACE), call("FN_REPLACE_CHARACTERS", string), STRING_OUT
    ),
    "string_startsWith": Function(
        (VALUE, _SUB), call("STARTS_WITH", boolean), BOOLEAN_OUT
    ),
    "string_endsWith": Function(
        (VALUE, _SUB), call("FN_ENDS_WITH", boolean), BOOLEAN_OUT
    ),
    "string_contains": Function((VALUE, _SUB), call("CONTAINS", boolean), BOOLEAN_OUT),
    "string_match": Function(
        (VALUE, _REGEX), _groups, LIST_OUT, constants=((1, _group_count),)
    ),
    "string_find": Function(
        (VALUE, _REGEX),
        call("FN_FIND_ALL", strings),
        LIST_OUT,
        constants=((1, _group_count),),
    ),
    "string_split": Function((VALUE, _SEPARATOR), call("FN_SPLIT", strings), LIST_OUT),
    "string_partition": Function(
        (VALUE, _FRAGMENT), call("FN_PARTITION", strings), LIST_OUT
    ),
    "string_rpartition": Function(
        (VALUE, _FRAGMENT), call("FN_RPARTITION", strings), LIST_OUT
    ),
    "string_toString": Function((_ANY,), _to_string, STRING_OUT),
    "string_toNumber": Function((_ANY,), _to_number, NUMBER_OUT),
    "escape": Function((VALUE, _MODE), _by_mode(_ESCAPES), STRING_OUT),
    "string_unescape": Function((VALUE, _MODE), _by_mode(_UNESCAPES), STRING_OUT),
    "string_md5": Function((VALUE,), call("MD5", string), STRING_OUT),
    "string_sha1": Function((VALUE,), call("SHA1", string), STRING_OUT),
}

_STRING_ALIASES: Final[Mapping[str, str]] = {
    "toUppercase": "toUpperCase",
    "toLowercase": "toLowerCase",
    "string_toUppercase": "toUpperCase",
    "string_toLowercase": "toLowerCase",
    "string_strip": "string_trim",
    "string_slice": "string_substring",
    "string_get": "string_substring",
    "string_escape": "escape",
}


# -- lists ---------------------------------------------------------------------------


def _get(values: Value, start: Value, end: Value | None) -> Value:
    """One element, or from the first up to, without, the second offset."""
    last = exp.func("FN_NEXT_OFFSET", start.sql) if end is None else end.sql
    return strings(exp.func("FN_SLICE", values.sql, start.sql, last))


def _slice(values: Value, start: Value, end: Value | None) -> Value:
    last = exp.null() if end is None else end.sql
    return strings(exp.func("FN_SLICE", values.sql, start.sql, last))


_LISTS: Final[Mapping[str, Function]] = {
    "array_length": Function((_LIST,), call("FN_LENGTH", integer), NUMBER_OUT),
    "array_join": Function((_LIST, _SEPARATOR), call("FN_JOIN", string), STRING_OUT),
    "array_get": Function((_LIST, _FROM, _TO), _get, LIST_OUT),
    "array_slice": Function((_LIST, _FROM, _TO), _slice, (*LIST_OUT, *NUMBER_OUT)),
    "array_reverse": Function((_LIST,), call("ARRAY_REVERSE", strings), LIST_OUT),
    "array_sort": Function((_LIST,), call("FN_SORT", strings), LIST_OUT),
    "array_uniques": Function((_LIST,), call("FN_UNIQUES", strings), LIST_OUT),
    "array_sum": Function((_LIST,), call("FN_SUM", decimal), NUMBER_OUT),
}


# -- truth ---------------------------------------------------------------------------


def _negation(value: Value) -> Value:
    return boolean(exp.not_(value.sql))


def _if(condition: Value, then: Value, otherwise: Value | None) -> Value:
    """What is not true is false; without a third argument there is no value then."""
    default = Value(exp.null(), then.kind) if otherwise is None else otherwise
    if then.kind is default.kind and then.datatype == default.datatype:
        sql = exp.case().when(is_true(condition.sql), then.sql).else_(default.sql)
        return Value(sql, then.kind, then.crs, then.datatype)
    chosen = exp.case().when(is_true(condition.sql), text_of(then))
    return string(chosen.else_(text_of(default)))


def _is_blank(value: Value) -> Value:
    empty = exp.EQ(this=text_of(value), expression=text(""))
    return boolean(exp.or_(is_null(value.sql), empty))


def _is_not_blank(value: Value) -> Value:
    return boolean(exp.not_(_is_blank(value).sql))


def nullness(value: Value) -> Value:
    """Whether there is no value."""
    return boolean(is_null(value.sql))


def presence(value: Value) -> Value:
    """Whether there is a value."""
    return boolean(exp.not_(is_null(value.sql)))


def _is_numeric(value: Value) -> Value:
    as_number = exp.func("FN_NUMBER", text_of(value))
    return boolean(exp.not_(is_null(as_number)))


def _coalesced(values: Value) -> Value:
    return string(exp.func("FN_FIRST", values.sql))


_TRUTH: Final[Mapping[str, Function]] = {
    "boolean_and": Function((_BOOLEANS,), call("FN_ALL_TRUE", boolean), BOOLEAN_OUT),
    "boolean_or": Function((_BOOLEANS,), call("FN_ANY_TRUE", boolean), BOOLEAN_OUT),
    "boolean_xor": Function((_BOOLEANS,), call("FN_ODD_TRUE", boolean), BOOLEAN_OUT),
    "boolean_not": Function((_ONE_BOOLEAN,), _negation, BOOLEAN_OUT),
    "controls_if": Function((_ONE_BOOLEAN, _IF_TRUE, _IF_FALSE), _if, ANY_OUT),
    "controls_isBlank": Function((_ANY,), _is_blank, BOOLEAN_OUT),
    "controls_isNonBlank": Function((_ANY,), _is_not_blank, BOOLEAN_OUT),
    "controls_isNull": Function((_ANY,), nullness, BOOLEAN_OUT),
    "controls_isNotNull": Function((_ANY,), presence, BOOLEAN_OUT),
    "controls_isNumeric": Function((_ANY,), _is_numeric, BOOLEAN_OUT),
    "other_coalesce": Function((_OBJECTS,), _coalesced, ANY_OUT),
}

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        GREL.term(name): function
        for name, function in {
            **_STRINGS,
            **{alias: _STRINGS[name] for alias, name in _STRING_ALIASES.items()},
            **_LISTS,
            **_TRUTH,
        }.items()
    }
)
"""Function IRI to function."""
