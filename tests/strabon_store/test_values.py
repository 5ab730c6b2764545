"""Values that are computed: exact numbers, calls that differ, patterns, sums."""

import itertools
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import PatternTooCostly
from strabon_store.algebra.terms import BlankNode, Literal, Term
from strabon_store.backends import duckdb_patterns
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

PROLOGUE = "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
WIDE = Context(prec=100)
UNIT = Decimal(1).scaleb(-18)
INTEGERS = st.integers(-(2**70), 2**70)
SMALL = st.integers(-(2**62), 2**62)
DECIMALS = st.decimals(-(10**9), 10**9, places=6)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("values")
    (folder / "data.ttl").write_text("<http://e/s> <http://e/p> 1, 2, 3 .")
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.ttl"])
        yield opened


def _rows(store: Store, query: str) -> list[tuple[Term | None, ...]]:
    result = store.query(PROLOGUE + query)
    assert isinstance(result, Solutions)
    with result:
        return list(result)


def _value(store: Store, expression: str) -> str | None:
    ((term,),) = _rows(store, f"SELECT ({expression} AS ?x) {{}}")
    assert term is None or isinstance(term, Literal)
    return None if term is None else term.lexical


def _computed(
    store: Store, sign: str, rows: list[tuple[object, object]]
) -> list[str | None]:
    """`?a sign ?b` of each pair, of types that are known when they are."""
    values = " ".join(f"({i} {a} {b})" for i, (a, b) in enumerate(rows))
    query = f"SELECT ?i (?a {sign} ?b AS ?x) {{ VALUES (?i ?a ?b) {{ {values} }} }}"
    found = {}
    for number, term in _rows(store, query):
        assert isinstance(number, Literal)
        assert term is None or isinstance(term, Literal)
        found[int(number.lexical)] = None if term is None else term.lexical
    return [found[index] for index in range(len(rows))]


@settings(deadline=None, max_examples=5)
@given(st.lists(st.tuples(INTEGERS, INTEGERS), min_size=1, max_size=20))
def test_integers_are_exact_or_errors(
    store: Store, pairs: list[tuple[int, int]]
) -> None:
    for sign, exact in (("+", int.__add__), ("-", int.__sub__), ("*", int.__mul__)):
        results = _computed(store, sign, [*pairs])
        for (a, b), result in zip(pairs, results, strict=True):
            expected = exact(a, b)
            fits = abs(expected) < 2**127
            assert result == (str(expected) if fits else None)


@settings(deadline=None, max_examples=5)
@given(st.lists(st.tuples(DECIMALS, DECIMALS), min_size=1, max_size=20))
def test_decimals_are_rounded_once(
    store: Store, pairs: list[tuple[Decimal, Decimal]]
) -> None:
    rows: list[tuple[object, object]] = [(f"{a:f}", f"{b:f}") for a, b in pairs]
    for sign, exact in (("+", WIDE.add), ("*", WIDE.multiply), ("/", WIDE.divide)):
        results = _computed(store, sign, rows)
        for (a, b), result in zip(pairs, results, strict=True):
            if sign == "/" and not b:
                assert result is None
                continue
            rounded = exact(a, b).quantize(UNIT, ROUND_HALF_EVEN, WIDE)
            expected = rounded if abs(rounded) < 10**20 else None
            assert (None if result is None else Decimal(result)) == expected


@settings(deadline=None, max_examples=5)
@given(st.lists(st.tuples(SMALL, DECIMALS), min_size=1, max_size=20))
def test_integers_and_decimals_compare_exactly(
    store: Store, pairs: list[tuple[int, Decimal]]
) -> None:
    near: list[tuple[object, object]] = [(a, f"{a}.0") for a, _ in pairs]
    far: list[tuple[object, object]] = [(a, f"{b:f}") for a, b in pairs]
    assert set(_computed(store, "=", near)) == {"true"}
    expected = ["true" if a < b else "false" for a, b in pairs]
    assert _computed(store, "<", far) == expected


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ("170141183460469231731687303715884105727 1", None),
        ("170141183460469231731687303715884105727 -1 1", str(2**127 - 1)),
        ("9223372036854775807 9223372036854775807", str(2**64 - 2)),
        ("99999999999999999999.5 0.5", None),
        ("99999999999999999999.5 0.5 -1.0", "99999999999999999999"),
        ("0.1 0.2", "0.3"),
        ("1 1.0 '01'^^xsd:integer", "3"),
    ],
)
def test_a_sum_is_exact_or_an_error(
    store: Store, values: str, total: str | None
) -> None:
    ((term,),) = _rows(store, f"SELECT (SUM(?a) AS ?x) {{ VALUES ?a {{ {values} }} }}")
    assert (term.lexical if isinstance(term, Literal) else None) == total


def test_each_distinct_term_is_summed_once(store: Store) -> None:
    query = "SELECT (SUM(DISTINCT ?a) AS ?x) { VALUES ?a { 1 1.0 1 2.5 2.5 } }"
    assert _rows(store, query) == [
        (Literal("4.5", "http://www.w3.org/2001/XMLSchema#decimal"),)
    ]


def test_calls_differ_and_columns_do_not(store: Store) -> None:
    query = (
        "SELECT ?u (STR(?u) AS ?t) ?r ?q { ?s ?p ?o BIND (UUID() AS ?u) "
        "BIND (RAND() AS ?r) BIND (?r AS ?q) FILTER (?r < 0.5 || ?r >= 0.5) }"
    )
    rows = _rows(store, query)
    assert len({row[0] for row in rows}) == len(rows) == 3
    for iri, text, number, same in rows:
        assert isinstance(text, Literal)
        assert getattr(iri, "value", None) == text.lexical
        assert number == same
    assert _value(store, "UUID() = UUID()") == "false"
    assert _value(store, "NOW() = NOW()") == "true"


def test_a_label_is_one_blank_node_within_a_solution(store: Store) -> None:
    query = (
        "SELECT ?a ?b ?c { ?s ?p ?o BIND (BNODE('x') AS ?a) BIND (BNODE('x') AS ?b) "
        "BIND (BNODE('y') AS ?c) }"
    )
    rows = _rows(store, query)
    assert all(a == b != c for a, b, c in rows)
    assert all(isinstance(term, BlankNode) for term in itertools.chain(*rows))
    assert len({a for a, _, _ in rows}) == len(rows)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("REGEX('aXc', 'a[A-Z-[BC]]c')", "true"),
        ("REGEX('ab', 'a b', 'x')", "true"),
        ("REGEX('a.c', 'a.c', 'q')", "true"),
        ("REGEX('a', '(')", None),
        ("REGEX('a', 'a', 'z')", None),
        (r"REGEX('aa', '^(a)\\1$')", "true"),
        (r"REPLACE('aab', '(a)\\1', '<$1>')", "<a>b"),
        (r"REPLACE('abcd', 'b', '\\$')", "a$cd"),
        ("REPLACE('abc', 'x*', '-')", None),
        ("REPLACE('abc', 'b', '$')", None),
        ("UCASE('straße')", "STRASSE"),
        ("DATATYPE(STRBEFORE(STR(BNODE()), 'a'))", None),
        ("IF(DATATYPE(STRAFTER(STR(BNODE()), 'a')) = xsd:string, 1, 2)", None),
        ("COALESCE(DATATYPE(1 / 0), 'none')", "none"),
        ("xsd:date('2020-01-31') + xsd:yearMonthDuration('P1M')", "2020-02-29"),
        ("xsd:string(1e0)", "1"),
        ("STR(1e0 * 1234567.8)", "1.2345678E6"),
        ("STR(2.4178516392292583e24 * 1)", "2.4178516392292583E24"),
    ],
)
def test_a_value(store: Store, expression: str, expected: str | None) -> None:
    assert _value(store, expression) == expected


def test_a_pattern_that_explodes_fails_the_query(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_patterns, "PATTERN_SECONDS", 0.05)
    text, pattern = "a" * 60, r"^(a|a|aa)+\\1b$"
    with pytest.raises(PatternTooCostly, match="on a text of 60 characters"):
        _value(store, f"REGEX('{text}', '{pattern}')")
