"""Property paths in the store: what Oxigraph answers otherwise, and how far they go."""

from collections.abc import Callable, Iterator

import pytest

from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.store import Store

LINKS = 20_000
WIDE = 1_500
E = "http://e/"
PROLOGUE = f"PREFIX : <{E}>\n"
Ask = Callable[[str], list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A long chain, a wide fan, and a small graph by name."""
    folder = tmp_path_factory.mktemp("paths")
    lines = [f"<{E}c{i}> <{E}next> <{E}c{i + 1}> ." for i in range(LINKS)]
    for i in range(WIDE):
        lines.append(f"<{E}w{i}> <{E}in> <{E}hub> .")
        lines.append(f"<{E}hub> <{E}out> <{E}w{i}> .")
        lines.append(f"<{E}w{i}> <{E}kind> <{E}Wide> .")
    lines.append(f"<{E}a> <{E}p> <{E}b> <{E}g> .")
    (folder / "data.nq").write_text("\n".join(lines))
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.nq"])
        yield opened


@pytest.fixture
def ask(store: Store) -> Ask:
    def rows(text: str) -> list[tuple[str, ...]]:
        result = store.query(PROLOGUE + text)
        assert not isinstance(result, bool)
        return [tuple(map(_short, row)) for row in result]

    return rows


def _short(term: Term | None) -> str:
    match term:
        case IRI(value):
            return value.removeprefix(E)
        case Literal(lexical):
            return lexical
        case _:
            raise AssertionError(term)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("SELECT ?y { :nobody :p* ?y }", [("nobody",)]),
        ("SELECT ?x { ?x :p? :nobody }", [("nobody",)]),
        ("SELECT ?x { ?x :p+ :nobody }", []),
        ("SELECT * { :nobody :p* :nobody }", [()]),
        ("SELECT * { :nobody :p* :nothing }", []),
        ("SELECT * { :nobody :p* :hub }", []),
        ("SELECT ?g ?y { GRAPH ?g { :nobody :p* ?y } }", [("g", "nobody")]),
        ("SELECT ?g ?y { GRAPH ?g { :hub :p* ?y } }", [("g", "hub")]),
        ("SELECT ?x { VALUES ?x { :nobody } ?x :p* ?y }", []),
        ("SELECT ?x ?y { GRAPH :g { ?x !() ?y } }", [("a", "b")]),
    ],
)
def test_zero_length(ask: Ask, pattern: str, expected: list[tuple[str, ...]]) -> None:
    """A constant end matches itself though no graph has it (18.4)."""
    assert ask(pattern) == expected


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "pattern",
    [":c0 :next+ ?x", f"?x :next+ :c{LINKS}", ":c0 (:next/:next?)+ ?x"],
)
def test_a_long_chain_is_walked(ask: Ask, pattern: str) -> None:
    assert ask(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}") == [(str(LINKS),)]


def test_few_origins_with_short_ways(ask: Ask) -> None:
    last = LINKS - 3
    assert sorted(ask(f"SELECT ?x {{ :c{last} :next+ ?x }}")) == [
        (f"c{last + i}",) for i in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        # A step that fans out, from one origin, and from more than are near.
        (":hub (:out|:in)+ ?x", WIDE + 1),
        ("?w :kind :Wide . ?w :in+ ?x", WIDE),
        ("?w :kind :Wide . ?w (:in|:none)* ?x", 2 * WIDE),
    ],
)
def test_wide_steps(ask: Ask, pattern: str, count: int) -> None:
    assert ask(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}") == [(str(count),)]


@pytest.mark.timeout(60)
def test_many_origins_that_each_reach_much(ask: Ask) -> None:
    """More than a search in memory takes on: 1,500 origins of 1,500 pairs each."""
    found = ask("SELECT (COUNT(*) AS ?n) { ?w :kind :Wide . ?w (:in|:out)+ ?x }")
    assert found == [(str(WIDE * (WIDE + 1)),)]


def test_a_search_begins_where_the_other_side_binds(store: Store) -> None:
    """Else 20,000 links would give 200 million pairs."""
    text = f"{PROLOGUE}SELECT * {{ ?x :next+ ?y . ?x :next :c{LINKS} }}"
    assert "Closure from origins" in store.explain(text).plan
    result = store.query(text, timeout_s=20)
    assert not isinstance(result, bool)
    assert len(list(result)) == 1
