"""Terminals of the grammar in words for people, for `expected one of: ...`."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "$END": "end of the query",
        "IRIREF": "an IRI",
        "PNAME": "an IRI",
        "PNAME_NS": "a prefix with its colon",
        "VAR": "a variable",
        "STRING": "a string",
        "LANGTAG": "a language tag",
        "INTEGER": "an integer",
        "DECIMAL": "a number",
        "DOUBLE": "a number",
        "SIGNED_INTEGER": "a number",
        "SIGNED_DECIMAL": "a number",
        "SIGNED_DOUBLE": "a number",
        "TRUE": "a boolean",
        "FALSE": "a boolean",
        "BLANK_NODE_LABEL": "a blank node",
        "ANON": "a blank node",
        "_NIL": "()",
        "A": "'a'",
        "AGGREGATE": "an aggregate",
        "BUILTIN": "a built-in function",
        "COMPARISON": "a comparison",
    }
)
_LITERAL: Final = frozenset({"a string", "a number", "an integer", "a boolean"})


def words(terminals: Iterable[str], symbols: Mapping[str, str]) -> tuple[str, ...]:
    """The terminals in words, each once: kinds of things first, then symbols, keywords.

    Args:
        terminals: Names of terminals in the grammar.
        symbols: The text of each terminal that always looks the same, such as `{`.

    Examples:
        >>> words({"_WHERE", "VAR", "INTEGER", "LBRACE"}, {"LBRACE": "{"})
        ('a variable', 'an integer', "'{'", 'WHERE')
    """
    named = {_word(terminal, symbols) for terminal in terminals}
    if named >= _LITERAL:
        named = named - _LITERAL | {"a literal"}
    return tuple(sorted(named, key=_rank))


def _word(terminal: str, symbols: Mapping[str, str]) -> str:
    if terminal in _WORDS:
        return _WORDS[terminal]
    if terminal in symbols:
        return f"'{symbols[terminal]}'"
    return terminal.removeprefix("_")


def _rank(word: str) -> tuple[int, str]:
    kind = 2 if word.isupper() else 1 if word.startswith("'") else 0
    return kind, word
