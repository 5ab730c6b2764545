"""Any text is a query or a syntax error, which is found in bounded time."""

from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from strabon_store.errors import QuerySyntaxError, UnsupportedFeature
from strabon_store.frontend import parse_query
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
