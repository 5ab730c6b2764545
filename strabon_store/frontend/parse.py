"""SPARQL text to a parse tree: the only module that imports the third-party parser.

The grammar is `grammar.lark`; it is read once, at the first text. What grammar notes
forbid beyond the grammar is found in translation, where scopes are known.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

import lark

from strabon_store.algebra.nodes import Pattern
from strabon_store.algebra.queries import Query
from strabon_store.algebra.traverse import height, most_triples
from strabon_store.algebra.updates import Modify, Update
from strabon_store.errors import InternalError, QuerySyntaxError, UnsupportedFeature
from strabon_store.frontend.builtins import AGGREGATES, BUILTINS
from strabon_store.frontend.escapes import unescape_codepoints
from strabon_store.frontend.syntax import Child, Node, Token, deepest
from strabon_store.frontend.terminals import words
from strabon_store.frontend.translate import translate_query
from strabon_store.frontend.translate_update import translate_update

MAX_DEPTH: Final = 150
"""Nodes on the longest way down a parse tree, and down the algebra of it, where every
OPTIONAL and BIND of a group is a level. All stages recurse into patterns and
expressions, a few frames per level, and Python allows about a thousand."""

MAX_TRIPLES: Final = 128
"""Triple patterns that a basic graph pattern may have, each counted once: an engine's
time to plan grows faster than the number of joins."""

_MOST_OPEN: Final = 20_000
"""Symbols that the parser holds open: a few for each level, parentheses included."""

_TOKENS_AT_ONCE: Final = 1024

_WORD: Final = re.compile(r"[\w:.-]{1,60}|\S")
_CALL: Final = re.compile(r"[A-Za-z]\w{0,60}(?=\s*\()")
_RDF_12: Final = re.compile(
    r"(?P<triple><<|~|\{\||(?:IS)?TRIPLE\b|(?:SUBJECT|PREDICATE|OBJECT)\s*\()"
    r"|--(?:ltr|rtl)\b|STRLANGDIR\b",
    re.IGNORECASE,
)
_LATERAL: Final = re.compile(r"LATERAL\b", re.IGNORECASE)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def never() -> None:
    """Nobody wants it to stop."""


def parse_query(
    text: str, *, base: str | None = None, tick: Callable[[], None] = never
) -> Query:
    """The algebra of a SPARQL 1.1 query (sections 18.2 and 19.8).

    Args:
        text: The query.
        base: What relative IRIs are resolved against where the text has no BASE.
        tick: Called every now and then; may raise.

    Raises:
        QuerySyntaxError: The text is not a SPARQL query.
        UnsupportedFeature: It is one, with an operator that we do not compile, or too
            deep.

    Examples:
        >>> parse_query("ASK { ?s ?p 1 }").pattern.patterns[0].object.lexical
        '1'
    """
    plain = unescape_codepoints(text)
    tree = _parse(plain, "query", tick)
    tick()
    query = translate_query(tree, plain, base)
    tick()
    _check_size(query.pattern)
    return query


def parse_update(
    text: str, *, base: str | None = None, tick: Callable[[], None] = never
) -> Update:
    """The algebra of a SPARQL 1.1 Update request (section 19.8, `Update`).

    Args:
        text: The request.
        base: What relative IRIs are resolved against where the text has no BASE.
        tick: Called every now and then; may raise.

    Raises:
        QuerySyntaxError: The text is not a SPARQL update.
        UnsupportedFeature: It is one, with an operator that we do not compile, or too
            deep.

    Examples:
        >>> parse_update("CREATE GRAPH <urn:g>").operations
        (Create(graph=IRI(value='urn:g'), silent=False),)
    """
    plain = unescape_codepoints(text)
    tree = _parse(plain, "update", tick)
    tick()
    update = translate_update(tree, plain, base)
    tick()
    for operation in update.operations:
        if isinstance(operation, Modify):
            _check_size(operation.pattern)
    return update


def _check_size(pattern: Pattern) -> None:
    if height(pattern) > MAX_DEPTH:
        raise _too_deep(None)
    most = most_triples(pattern)
    if most > MAX_TRIPLES:
        raise UnsupportedFeature(
            f"a basic graph pattern of {most} triple patterns, more than {MAX_TRIPLES},"
        )


def parse_tree(text: str) -> Node:
    """The parse tree of a query, by the grammar alone.

    Raises:
        QuerySyntaxError: The grammar does not derive the text.
        UnsupportedFeature: The tree is too deep.

    Examples:
        >>> parse_tree("ASK {}").children[1].find("dataset")
        Node(rule='dataset', children=[])
    """
    return _parse(unescape_codepoints(text), "query")


def _parse(text: str, start: str, tick: Callable[[], None] = never) -> Node:
    if surrogate := _SURROGATE.search(text):
        raise _no_character(text, surrogate.start())
    try:
        tree = _derived(text, start, tick)
    except lark.UnexpectedInput as error:
        raise _syntax_error(text, start, error) from error
    levels, lowest = deepest(tree)
    if levels > MAX_DEPTH:
        raise _too_deep(lowest)
    return tree


def _derived(text: str, start: str, tick: Callable[[], None]) -> Node:
    """What the grammar makes of a text, token by token."""
    parser: Any = _grammar(start).parse_interactive(text)
    state, token = parser.parser_state, None
    for number, token in enumerate(parser.lexer_thread.lex(state)):
        state.feed_token(token)
        if number % _TOKENS_AT_ONCE == 0:
            tick()
            if len(state.value_stack) > _MOST_OPEN:
                raise _too_deep(token)
    return cast("Node", parser.feed_eof(token))


@cache
def _grammar(start: str) -> lark.Lark:
    source = files("strabon_store.frontend").joinpath("grammar.lark").read_text("utf-8")
    return lark.Lark(
        source,
        parser="lalr",
        lexer="contextual",
        start=start,
        tree_class=_node,
        maybe_placeholders=False,
    )


def _node(rule: str, children: list[Child]) -> Node:
    # The parser's names are tokens of its own; those compare slowly.
    return Node(str(rule), children)


@cache
def _symbols(start: str) -> Mapping[str, str]:
    return {
        terminal.name: terminal.pattern.value
        for terminal in _grammar(start).terminals
        if isinstance(terminal.pattern, lark.lexer.PatternStr)
    }


def _syntax_error(
    text: str, start: str, error: lark.UnexpectedInput
) -> QuerySyntaxError:
    position = error.pos_in_stream
    expected: set[str] = set()
    match error:
        case lark.UnexpectedToken():
            expected = error.accepts or error.expected
            if error.token.type == "$END":
                position = len(text.rstrip())
        case lark.UnexpectedCharacters():
            expected = error.allowed
        case _:  # the parser raises no other
            pass
    if position is None:
        raise InternalError("the parser names no position") from error
    found = _WORD.match(text, position)
    line, column = _place(text, position)
    return QuerySyntaxError(
        text,
        line=line,
        column=column,
        found=f"'{found[0]}'" if found else f"end of the {start}",
        expected=words(expected, _symbols(start)),
        problem=_not_ours(text, position)
        or _unknown_function(text, position)
        or _misread(text, position, expected),
    )


def _no_character(text: str, position: int) -> QuerySyntaxError:
    line, column = _place(text, position)
    found = f"U+{ord(text[position]):04X}"
    problem = f"{found} is half of a surrogate pair, and no character"
    return QuerySyntaxError(
        text, line=line, column=column, found=found, problem=problem
    )


def _place(text: str, position: int) -> tuple[int, int]:
    """Line and column of a position, from 1."""
    line = text.count("\n", 0, position) + 1
    return line, position - text.rfind("\n", 0, position)


def _not_ours(text: str, position: int) -> str | None:
    """What SPARQL 1.2 and other engines have, or None."""
    if found := _RDF_12.match(text, position):
        what = "triple terms and reifiers" if found["triple"] else "base directions"
        return f"{what} of SPARQL 1.2 are none of RDF 1.1, which the store holds"
    if _LATERAL.match(text, position):
        return "LATERAL is in no standard; a subquery sees nothing of what is around it"
    return None


def _unknown_function(text: str, position: int) -> str | None:
    call = _CALL.match(text, position)
    if call is None or text[position - 1 : position] == "@":
        return None
    name = call[0].upper()
    known = (*BUILTINS, *AGGREGATES)
    if name in known or name in {"IN", "EXISTS", "FILTER", "BIND", "SEPARATOR", "AS"}:
        return None
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"unknown function {call[0]}{hint}"


def _misread(text: str, position: int, expected: set[str]) -> str | None:
    """What the reader sees and the lexer does not, or None."""
    character = text[position : position + 1]
    if character == "<" and "COMPARISON" in expected:
        return "'<...>' reads as an IRI here; put a space after the '<'"
    if character in {'"', "'"} and "STRING" in expected:
        return "a string that has no end on this line, or an escape that SPARQL lacks"
    return None


def _too_deep(token: Token | None) -> UnsupportedFeature:
    place = f" (line {token.line}, column {token.column})" if token else ""
    return UnsupportedFeature(f"nesting deeper than {MAX_DEPTH} levels{place}")
