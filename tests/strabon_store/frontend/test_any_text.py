"""Any text is a query or a syntax error, which is found in bounded time."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strabon_store.errors import QuerySyntaxError, UnsupportedFeature
from strabon_store.frontend import parse_query, parse_update
from tests.strategies import queries

ROOT: Final = Path(__file__).resolve().parents[3]
WRITTEN: Final = [
    *(p.read_text("utf-8") for p in sorted((ROOT / "api" / "demo").rglob("*.rq"))),
    *(p.read_text("utf-8") for p in sorted((ROOT / "tests" / "compile").rglob("*.rq"))),
]
PIECES: Final = (
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "\\u00",
        ":",
    ),
    *(".", ",", ";", "|", "/", "^", "^^", "@", "*", "+", "-", "!", "?", "$", "_:", "#"),
    *(
        "SELECT",
        "WHERE",
        "FILTER",
        "OPTIONAL",
        "UNION",
        "MINUS",
        "BIND",
        "VALUES",
        "AS",
    ),
    *(
        "GROUP BY",
        "HAVING",
        "ORDER BY",
        "COUNT",
        "EXISTS",
        "NOT",
        "IN",
        "GRAPH",
        "UNDEF",
    ),
    *("\0", "\n", "\r", "\t", "\ufeff", "\ud800", "\U0010ffff", "\u0301", "1e", "0x1"),
)


# The first text waits for the grammar; none of those that are timed does.
parse_query("ASK {}")


def _refusal(text: str) -> QuerySyntaxError | UnsupportedFeature | None:
    try:
        parse_query(text)
    except (QuerySyntaxError, UnsupportedFeature) as error:
        return error
    return None


def _check(text: str) -> None:
    error = _refusal(text)
    if isinstance(error, QuerySyntaxError):
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text) + 1
        assert len(str(error)) < 2000


@settings(deadline=5000, max_examples=200)
@given(
    st.text(st.characters(), max_size=200)
    | st.lists(st.sampled_from(PIECES)).map(" ".join)
)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    _check(text)


@settings(deadline=5000, max_examples=300)
@given(
    text=st.sampled_from(WRITTEN) | queries(),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(("", *PIECES))),
        min_size=1,
        max_size=4,
    ),
)
def test_a_query_with_mistakes_is_parsed_or_refused(
    text: str, cuts: list[tuple[float, int, str]]
) -> None:
    for share, length, piece in cuts:
        start = int(share * len(text))
        text = text[:start] + piece + text[start + length :]
    _check(text)


class _Enough(Exception):
    """Nobody waits any more."""


def _after(ticks: int) -> Callable[[], None]:
    """A tick that raises when it was called so often."""
    left = iter(range(ticks))

    def tick() -> None:
        if next(left, None) is None:
            raise _Enough

    return tick


@pytest.mark.parametrize("parse", [parse_query, parse_update])
def test_a_long_text_is_left_where_nobody_waits_for_it(
    parse: Callable[..., object],
) -> None:
    values = " ".join(map(str, range(8_000)))
    start = "SELECT * " if parse is parse_query else "DELETE { ?s ?p ?o } WHERE "
    text = f"{start} {{ ?s ?p ?o VALUES ?o {{ {values} }} }}"
    for ticks in (0, 1, 7):
        with pytest.raises(_Enough):
            parse(text, tick=_after(ticks))
    assert parse(text, tick=_after(50))


@pytest.mark.parametrize(
    ("begun", "opened"),
    [
        ("SELECT * ", "{"),
        ("SELECT * ", "{ ?s ?p ?o OPTIONAL "),
        ("SELECT * { ?s ?p ", "[ ?p "),
        ("SELECT * { ?s ?p ", "( "),
        ("SELECT * { ?s ?p ?o FILTER", "("),
        ("SELECT * { ?s ?p ?o FILTER", "(!"),
        ("SELECT * { ?s ", "(^"),
    ],
)
def test_what_opens_half_a_million_times_is_refused_at_its_beginning(
    begun: str, opened: str
) -> None:
    with pytest.raises(UnsupportedFeature, match=r"deeper than 150 levels \(line 1,"):
        parse_query(begun + opened * 500_000, tick=_after(200))
