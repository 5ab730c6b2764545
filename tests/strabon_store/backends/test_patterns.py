"""Regular expressions: three matchers give one answer, and none holds up a deadline."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.duckdb import interrupts
from engines.duckdb.interrupts import Interrupted, Patience
from engines.errors import PatternTooCostly
from strabon_store.backends import duckdb_patterns
from strabon_store.backends.duckdb_patterns import patiently, register_patterns
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.regular_expressions import (
    Linear,
    PatternTooLarge,
    translate,
)
from strabon_store.store import Store

Matches: Final = "SELECT pytheas_matches($text, $pattern, $flags, NULL)"
Replaces: Final = "SELECT pytheas_replace($text, $pattern, $new, $flags, NULL)"

_ATOMS: Final = st.sampled_from(
    ["a", "b", "c", "ab", ".", r"\d", r"\w", "[ab]", "[^a]", "^", "$", r"\p{Lu}", "é"]
)
_PATTERNS: Final = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"])).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        register_patterns(opened)
        yield opened


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("patterns") / "store") as opened:
        opened.update(f"INSERT DATA {{ <urn:a> <urn:p> '{'ab' * 5_000}' }}")
        yield opened


def _ask(
    connection: duckdb.DuckDBPyConnection, sql: str, **arguments: str
) -> str | bool | None:
    found = connection.execute(sql, arguments).fetchone()
    assert found is not None
    answer: str | bool | None = found[0]
    return answer


@given(
    pattern=_PATTERNS,
    text=st.text("abcAÉé1 \n", max_size=12),
    flags=st.sampled_from(["", "i", "s", "m", "x"]),
)
def test_the_three_matchers_agree(
    connection: duckdb.DuckDBPyConnection, pattern: str, text: str, flags: str
) -> None:
    linear = translate(pattern, flags)
    assert isinstance(linear, Linear)
    engines = "SELECT regexp_matches($text, $pattern)"
    expected = _ask(connection, engines, text=text, pattern=linear.text)
    asked = {"text": text, "pattern": pattern, "flags": flags}
    assert _ask(connection, Matches, **asked) == expected
    search = duckdb_patterns._Match().tracking_back(pattern, flags)
    assert search is not None
    assert search(text, 10.0) == expected
    if linear.matches_nothing:
        return
    engines = "SELECT regexp_replace($text, $pattern, '<>', 'g')"
    expected = _ask(connection, engines, text=text, pattern=linear.text)
    assert _ask(connection, Replaces, **asked, new="<>") == expected


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("abc", 4),
        ("[a-z]*c", 4),
        ("a{7}", 8),
        ("(ab){2,9}c", 20),
        ("((a{9}){9}){9}", 730),
        ("a{5,}", 6),
        ("a{0}", 2),
    ],
)
def test_the_size_of_a_pattern_is_what_it_repeats(pattern: str, size: int) -> None:
    written = translate(pattern, "")
    assert written is not None
    assert written.size == size


def test_what_re2_cannot_hold_is_matched_all_the_same(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for pattern in ("(a{50}){50}|x", r"(\w{500}){2}|x", r"\p{L}{1001}|x"):
        assert translate(pattern, "") is None
        for text in ("aax", "a" * 2_500):
            asked = {"text": text, "pattern": pattern, "flags": ""}
            assert _ask(connection, Matches, **asked) is True
        asked = {"text": "aa", "pattern": pattern, "flags": ""}
        assert _ask(connection, Matches, **asked) is False


def test_a_pattern_that_repeats_too_much_is_refused_before_it_is_compiled(
    store: Store,
) -> None:
    pattern = "(((a{1000}){1000}){1000}){1000}"
    with pytest.raises(PatternTooLarge):
        translate(pattern, "")
    with pytest.raises(UnsupportedFeature, match="repeats more than 1,000,000"):
        store.compile(f"ASK {{ ?s ?p ?o FILTER REGEX(?o, '{pattern}') }}")


class _Counting(Patience):
    """Patience that ends after some checks, and counts them."""

    def __init__(self, checks: int) -> None:
        super().__init__(())
        self.left = checks

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Interrupted("enough")


def _endless(asked: list[float]) -> Callable[[str, float], bool]:
    def ask(text: str, seconds: float) -> bool:
        asked.append(seconds)
        raise TimeoutError(text)

    return ask


def test_who_gave_up_waits_for_the_try_that_runs_and_no_longer() -> None:
    asked: list[float] = []
    with pytest.raises(Interrupted):
        patiently(_Counting(2), _endless(asked), "text", "pattern")
    assert asked == [0.125, 0.25]


def test_a_text_is_searched_for_a_second_and_not_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []

    def clock() -> float:
        return 2 * sum(asked)

    monkeypatch.setattr(time, "monotonic", clock)
    with pytest.raises(PatternTooCostly, match="more than 1 s on a text of 4"):
        patiently(_Counting(99), _endless(asked), "text", "pattern")
    assert asked == [0.125, 0.25, 0.5, 1.0]


def test_time_that_other_threads_used_is_no_time_of_the_pattern(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []

    def clock() -> float:
        return sum(asked) / 16

    monkeypatch.setattr(time, "monotonic", clock)
    with pytest.raises(PatternTooCostly):
        patiently(_Counting(99), _endless(asked), "text", "pattern")
    assert asked[-1] == 16.0


def test_long_texts_are_searched_in_blocks_with_a_check_before_each() -> None:
    """80 MB of texts times the size of the pattern are eight blocks or more."""
    texts = [f"{number:02d}{'a' * 1_000_000}" for number in range(8)]
    patience = _Counting(99)
    question = duckdb_patterns._Match()
    answers = duckdb_patterns._answers(question, patience, texts, "a{9}b", "")
    assert list(answers.values()) == [False] * 8
    assert 99 - patience.left == 8


@pytest.mark.parametrize(
    "pattern", ["(a|aa|b)+?x", r"(a|aa)+\\1x", "a.{900}[xy]", "(.*a){9}x"]
)
def test_a_query_with_a_costly_pattern_hears_of_its_cursors_interrupt(
    store: Store, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts that are long for the pattern go where somebody listens."""
    checks: list[int] = []
    check = Patience.check

    def counted(self: Patience) -> None:
        checks.append(1)
        check(self)

    monkeypatch.setattr(interrupts.Patience, "check", counted)
    ask = f"ASK {{ ?s <urn:p> ?o FILTER REGEX(?o, '{pattern}') }}"
    assert store.query(ask) is False
    assert checks
