"""What is spatial is found by an index: no loop over pairs, and work that does not grow
with them. Figures are rows of operators, never times."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from ontologies.namespaces import UOM
from strabon_store import explaining
from strabon_store.explaining import ExplainedNode, Explanation
from strabon_store.passes import PASSES
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

PROLOGUE: Final = (
    "PREFIX : <http://g/>\n"
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    f"PREFIX uom: <{UOM}>\n"
)
SIZES: Final = (400, 1_600)
"""Features; as many in each square degree."""

PAIR_LOOPS: Final = (
    "NESTED_LOOP_JOIN",
    "BLOCKWISE_NL_JOIN",
    "CROSS_PRODUCT",
    "IE_JOIN",
    "PIECEWISE_MERGE_JOIN",
)


def _store(folder: Path, features: int) -> Store:
    """Areas and points, half of each, in a square that grows with them."""
    random = np.random.default_rng(5)
    side = np.sqrt(features / 40)
    lines = [
        "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n",
        "@prefix : <http://g/> .\n",
    ]
    for i in range(features):
        x, y = random.uniform(0, side, 2)
        if i % 2:
            wkt = f"POINT ({x} {y})"
        else:
            e, n = x + 0.05, y + 0.05
            wkt = f"POLYGON (({x} {y}, {e} {y}, {e} {n}, {x} {n}, {x} {y}))"
        lines.append(
            f":f{i} a :{'PA'[i % 2 == 0]} ; :class :c{i % 4} ; :code {i} ; "
            f'geo:hasGeometry :g{i} . :g{i} geo:asWKT "{wkt}"^^geo:wktLiteral .\n'
        )
    (folder / "data.ttl").write_text("".join(lines))
    store = Store.open(folder / "store")
    store.load([folder / "data.ttl"])
    return store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    opened = [_store(tmp_path_factory.mktemp("plans"), size) for size in SIZES]
    yield opened
    for store in opened:
        store.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted to the end, however busy the machine is."""
    monkeypatch.setattr(explaining, "_LEAST_S", 60.0)


def operators(node: ExplainedNode) -> Iterator[tuple[str, int]]:
    """The name and the rows of each."""
    yield node.label.partition(" ")[0], node.rows or 0
    for source in node.sources:
        yield from operators(source)


def _analyzed(store: Store, text: str) -> tuple[Explanation, list[tuple[str, int]]]:
    explanation = store.explain(PROLOGUE + text, analyze=True)
    return explanation, list(operators(explanation.operators))


A: Final = "?a a :A ; geo:hasGeometry/geo:asWKT ?x"
B: Final = "?b a :P ; geo:hasGeometry/geo:asWKT ?y"
NEAR: Final = "geof:distance(?x, ?y, uom:metre) < 3000"
WITHIN: Final = "geof:sfContains(?x, ?y)"
SHAPES: Final = {
    "a relation": f"{A} . {B} FILTER({WITHIN})",
    "a distance": f"{A} . {B} FILTER({NEAR})",
    "a distance the other way round": (
        f"{A} . {B} FILTER(3000 >= geof:metricDistance(?y, ?x))"
    ),
    "an angle": f"{A} . {B} FILTER(geof:distance(?x, ?y, uom:degree) < 0.03)",
    "several filters": f"{A} . {B} FILTER({NEAR} && ?x != ?y && !({WITHIN}))",
    "alternatives": f"{A} . {B} FILTER({NEAR} || {WITHIN})",
    "a pattern": f"{A} . {B} FILTER(geof:relate(?x, ?y, 'T********'))",
    "not disjoint": f"{A} . {B} FILTER(!geof:sfDisjoint(?x, ?y))",
    "three parts": (
        f"{A} . {B} . ?c a :A ; geo:hasGeometry/geo:asWKT ?z "
        f"FILTER({NEAR}) FILTER(geof:sfIntersects(?y, ?z))"
    ),
    "a shared value": f"{A} . {B} . ?a :class ?k . ?b :class ?k FILTER({NEAR})",
    "optional": f"{A} OPTIONAL {{ {B} FILTER({NEAR}) }}",
    "optional with a relation": f"{A} OPTIONAL {{ {B} FILTER({WITHIN}) }}",
    "optional and more": f"{A} OPTIONAL {{ {B} FILTER({WITHIN} && ?a != ?b) }}",
    "exists": f"{A} FILTER EXISTS {{ {B} FILTER({NEAR}) }}",
    "not exists": f"{A} FILTER NOT EXISTS {{ {B} FILTER({WITHIN}) }}",
    "exists below a join": (
        f"{A} FILTER EXISTS {{ {{ {B} FILTER({NEAR}) }} ?b :class ?k }}"
    ),
    "exists as a value": f"{A} BIND(EXISTS {{ {B} FILTER({NEAR}) }} AS ?e)",
    "minus": f"?a a :A MINUS {{ {A} . {B} FILTER({WITHIN}) }}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_pairs_are_found_by_an_index(stores: list[Store], shape: str) -> None:
    candidates = []
    for store in stores:
        _, found = _analyzed(store, f"SELECT * {{ {SHAPES[shape]} }}")
        assert not [name for name, _ in found if name in PAIR_LOOPS]
        candidates.append(sum(rows for name, rows in found if name == "SPATIAL_JOIN"))
    assert 0 < candidates[0] < SIZES[0]
    # All pairs would be 16 times as many.
    assert candidates[1] < 8 * candidates[0]


def test_what_few_share_is_joined_by_it(stores: list[Store]) -> None:
    text = f"SELECT * {{ {A} . {B} . ?a :code ?k . ?b :code ?k FILTER({NEAR}) }}"
    _, found = _analyzed(stores[0], text)
    assert "SPATIAL_JOIN" not in dict(found)
    assert not [name for name, _ in found if name in PAIR_LOOPS]


def _indexes(node: ExplainedNode) -> Iterator[tuple[str, int, int]]:
    """The index of each node that has one, its candidates and its rows."""
    if node.index is not None:
        yield node.index, node.candidates or 0, node.rows or 0
    for source in node.sources:
        yield from _indexes(source)


HERE: Final = '"POLYGON ((0 0, 1 0, 1 1, 0 0))"^^geo:wktLiteral'
INDEXES: Final = {
    f"{A} . {B} FILTER({WITHIN})": "spatial join (R-tree)",
    f"{A} . {B} FILTER({NEAR})": "distance join (R-tree), boxes grown by 3000 m",
    f"{A} OPTIONAL {{ {B} FILTER({NEAR}) }}": (
        "distance join (R-tree), boxes grown by 3000 m"
    ),
    f"{A} FILTER NOT EXISTS {{ {B} FILTER({WITHIN}) }}": "spatial join (R-tree)",
    f"{A} FILTER(geof:sfIntersects(?x, {HERE}))": "window on boxes",
    f"{A} FILTER(geof:distance(?x, {HERE}, uom:metre) < 100)": "window on boxes",
}


@pytest.mark.parametrize("pattern", INDEXES)
def test_an_explanation_names_the_index(stores: list[Store], pattern: str) -> None:
    text = f"SELECT * {{ {pattern} }}"
    explanation, _ = _analyzed(stores[0], text)
    found = {index: rows for index, *rows in _indexes(explanation.nodes)}
    assert list(found) == [INDEXES[pattern]]
    ((candidates, rows),) = found.values()
    assert 0 < rows <= candidates
    assert f"({INDEXES[pattern]}, candidates {candidates}, " in str(explanation)
    told = stores[0].explain(PROLOGUE + text)
    assert INDEXES[pattern] in json.dumps(told.as_json())


def test_an_explanation_names_the_bounds_of_the_nearest(stores: list[Store]) -> None:
    order = f"ORDER BY geof:distance(?x, {HERE}, uom:metre) LIMIT 3"
    explanation, _ = _analyzed(stores[0], f"SELECT ?a {{ {A} }} {order}")
    ((index, candidates, rows),) = _indexes(explanation.nodes)
    assert index == "nearest by bounds"
    assert 3 <= candidates == rows < SIZES[0] / 4


def test_a_part_is_narrowed_before_it_is_joined(stores: list[Store]) -> None:
    own = f"geof:sfIntersects(?x, {HERE})"
    explanation, _ = _analyzed(
        stores[0], f"SELECT * {{ {A} . {B} FILTER({NEAR}) FILTER({own}) }}"
    )
    names = [index for index, *_ in _indexes(explanation.nodes)]
    assert names == ["distance join (R-tree), boxes grown by 3000 m", "window on boxes"]


WIDE: Final = '"POLYGON ((-1 -1, 40 -1, 40 40, -1 40, -1 -1))"^^geo:wktLiteral'


SLANTED: Final = '"POLYGON ((-1 -1, 90 -1, -1 90, -1 -1))"^^geo:wktLiteral'


@pytest.mark.parametrize(
    ("test", "function", "tries"),
    [
        (f"geof:sfIntersects(?x, {SLANTED})", "ST_Intersects", 1),
        # What lies wholly in a rectangle needs no test.
        (f"geof:sfIntersects(?x, {WIDE})", "ST_Intersects", 0),
        # A label is cut off; this is how it begins (`engines.duckdb.large`).
        (f"geof:distance(?x, {WIDE}, uom:metre) < 10", "octet_length(st_aswkb", 1),
    ],
)
def test_what_few_have_comes_before_their_geometries_are_tested(
    stores: list[Store], test: str, function: str, tries: int
) -> None:
    for store in stores:
        text = f"SELECT * {{ {A} ; :code 8 FILTER({test}) }}"
        explanation = store.explain(PROLOGUE + text, analyze=True)
        pending, tested = [explanation.operators], []
        while pending:
            node = pending.pop()
            pending += node.sources
            if function in node.label:
                tested += [source.rows for source in node.sources]
        assert explanation.rows == 1
        assert tested == [tries]


SMALL: Final = '"POLYGON ((0 0, 0.3 0, 0.3 0.3, 0 0.3, 0 0))"^^geo:wktLiteral'


def test_a_window_of_few_comes_before_what_many_have(stores: list[Store]) -> None:
    """The tag is looked up for the geometries inside alone; rows are well estimated."""
    for store in stores:
        text = f"SELECT * {{ {A} ; :class :c2 FILTER(geof:sfIntersects(?x, {SMALL})) }}"
        explanation = store.explain(PROLOGUE + text, analyze=True)
        ((index, candidates, inside),) = _indexes(explanation.nodes)
        assert index == "window on boxes"
        assert 0 < (explanation.rows or 0) < inside <= candidates < SIZES[0] / 16
        pending, scanned = [explanation.operators], []
        while pending:
            node = pending.pop()
            pending += node.sources
            scanned += [node.rows or 0] * ("geometries" in node.label)
        assert scanned == [inside]
        assert (explanation.nodes.estimated_rows or 0) <= candidates


FAR: Final = "geof:distance(?x, ?y, uom:metre) < 3000000"
ENDS: Final = "?a geo:asWKT ?x . ?b geo:asWKT ?y"
ROWS: Final = "{ (:g0 :g1) (:g0 :g3) (:g2 :g1) (:g2 :g3) }"
VALUED: Final = {
    "beside": f"VALUES ?a {{ :g0 :g2 }} VALUES ?b {{ :g1 :g3 }} {ENDS} FILTER({FAR})",
    "behind": (
        f"{{ {ENDS} FILTER({FAR}) }} VALUES ?b {{ :g1 :g3 }} VALUES ?a {{ :g0 :g2 }}"
    ),
    "one": f"VALUES ?a {{ :g0 :g2 }} {ENDS} FILTER({FAR}) FILTER(?b IN (:g1, :g3))",
    "rows": f"VALUES (?a ?b) {ROWS} {ENDS} FILTER({FAR})",
    "a property": f"VALUES (?a ?b) {ROWS} ?a geo:sfDisjoint ?b",
}


@pytest.mark.parametrize("shape", VALUED)
def test_values_come_before_pairs(stores: list[Store], shape: str) -> None:
    for store in stores:
        explanation, found = _analyzed(store, f"SELECT ?a ?b {{ {VALUED[shape]} }}")
        assert explanation.rows == 4
        joined = [rows for name, rows in found if name.endswith(("JOIN", "PRODUCT"))]
        # As many as there are literals, where all of them may be the other end.
        assert max(joined) <= 2 * SIZES[1]


APART: Final = "geof:sfDisjoint(?x, ?y)"
ANSWERED: Final = (
    (
        f"VALUES (?a ?b ?n) {{ (:g0 :g1 1) (:g0 UNDEF 2) (:g2 :g3 UNDEF) }} {ENDS} "
        f"FILTER({APART})"
    ),
    f"VALUES (?a ?n) {{ (:g0 1) (:g2 UNDEF) }} {ENDS} FILTER({APART} && ?n = 1)",
    f"VALUES (?a ?n) {{ (:g0 1) (:g2 UNDEF) }} {ENDS} FILTER({APART} && !bound(?n))",
    f"VALUES (?a ?n) {{ (:g0 1) (:g0 1) }} {ENDS} FILTER({APART})",
    f"VALUES ?a {{ :g0 :g0 UNDEF }} {ENDS} FILTER({APART}) FILTER(?b = :g1)",
    (
        f"{{ {ENDS} FILTER({APART}) "
        "FILTER EXISTS { ?f geo:hasGeometry ?a ; :code ?n } } "
        "VALUES (?b ?n) { (:g1 0) (:g1 9) }"
    ),
    (
        f"VALUES (?b ?n) {{ (:g1 0) (:g1 9) }} {ENDS} FILTER({APART}) "
        "FILTER EXISTS { ?f geo:hasGeometry ?a ; :code ?n }"
    ),
    (
        "VALUES ?a { :g0 :g0 :g2 } VALUES (?b ?n) { (:g1 1) (:g3 UNDEF) } "
        "?a geo:sfDisjoint ?b"
    ),
)


@pytest.mark.parametrize("pattern", ANSWERED)
def test_what_waits_for_values_has_the_same_answers(
    stores: list[Store], pattern: str
) -> None:
    text = f"{PROLOGUE} SELECT ?a ?b ?n {{ {pattern} }}"
    found, plain = (stores[0].query(text, passes=passes) for passes in (PASSES, ()))
    assert isinstance(found, Solutions)
    assert isinstance(plain, Solutions)
    rows = sorted(map(repr, found))
    assert rows == sorted(map(repr, plain))
    assert rows
