"""A spatial join holds its smaller side, as the engine shows, and loses no row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import shapely

from strabon_store.algebra.terms import Literal
from strabon_store.explaining import ExplainedNode
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

PROLOGUE: Final = (
    "PREFIX : <http://g/>\n"
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    "PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>\n"
)
MANY: Final = 4_000
FEW: Final = 100
SHAPES: Final = {
    "a relation": "?a :at ?x . ?b :along ?y FILTER(geof:sfIntersects(?x, ?y))",
    "written the other way": (
        "?b :along ?y . ?a :at ?x FILTER(geof:sfIntersects(?y, ?x))"
    ),
    "a distance": (
        "?a :at ?x . ?b :along ?y FILTER(geof:distance(?x, ?y, uom:metre) < 300)"
    ),
    "more of one": (
        "?a :at ?x ; a :P . ?b :along ?y FILTER(geof:sfIntersects(?x, ?y))"
    ),
    "optional": (
        "?a :at ?x OPTIONAL { ?b :along ?y FILTER(geof:sfIntersects(?x, ?y)) }"
    ),
    "exists": (
        "?b :along ?y FILTER EXISTS { ?a :at ?x FILTER(geof:sfIntersects(?x, ?y)) }"
    ),
}


def _line(x: float, y: float) -> str:
    return f"LINESTRING ({x} {y}, {x + 0.1} {y}, {x + 0.1} {y + 0.1})"


def _loaded(folder: Path, points: int, lines: int) -> Store:
    chance = np.random.default_rng(5)
    at = chance.uniform(0, 2, (points, 2)).round(4).tolist()
    along = chance.uniform(0, 2, (lines, 2)).round(4).tolist()
    met = min(points, lines) // 2
    along[:met] = at[:met]
    written = ["@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"]
    written += ["@prefix : <http://g/> .\n"]
    for i, (x, y) in enumerate(at):
        written.append(f':p{i} a :P ; :at "POINT ({x} {y})"^^geo:wktLiteral .\n')
    for i, (x, y) in enumerate(along):
        written.append(f':l{i} :along "{_line(x, y)}"^^geo:wktLiteral .\n')
    (folder / "data.ttl").write_text("".join(written))
    store = Store.open(folder / "store")
    store.load([folder / "data.ttl"])
    return store


@pytest.fixture(scope="module", params=["points", "lines"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    counts = (MANY, FEW) if request.param == "points" else (FEW, MANY)
    with _loaded(tmp_path_factory.mktemp("sides"), *counts) as opened:
        yield opened


def _shapes(answer: object) -> list[shapely.Geometry]:
    """The geometries of the literals in the last column."""
    assert isinstance(answer, Solutions)
    literals = [row[-1] for row in answer]
    return [shapely.from_wkt(x.lexical) for x in literals if isinstance(x, Literal)]


def _held(node: ExplainedNode) -> Iterator[tuple[int, int]]:
    """How many rows each spatial join asks with, and how many it holds in its tree."""
    if node.label.startswith("SPATIAL_JOIN"):
        asking, held = node.sources
        yield asking.rows or 0, held.rows or 0
    for source in node.sources:
        yield from _held(source)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_smaller_side_is_held(store: Store, shape: str) -> None:
    text = f"{PROLOGUE} SELECT * {{ {SHAPES[shape]} }}"
    explanation = store.explain(text, analyze=True)
    assert list(_held(explanation.operators)) == [(MANY, FEW)]
    assert explanation.rows


def test_a_side_that_grows_loses_no_row(tmp_path: Path) -> None:
    """By four fifths, for which the plan stays; then to more than twice."""
    text = f"{PROLOGUE} SELECT ?a ?b {{ {SHAPES['a relation']} }}"
    with _loaded(tmp_path, MANY, FEW) as store:
        places = _shapes(store.query(f"{PROLOGUE} SELECT ?x {{ ?a :at ?x }}"))
        for first, last in ((0, 0), (FEW, FEW * 9 // 5), (FEW * 9 // 5, FEW * 3)):
            new = range(first, last)
            if new:
                added = " ".join(
                    f':l{i} :along "{_line(0.01 * (i % 100), 0.5)}"^^geo:wktLiteral .'
                    for i in new
                )
                store.update(f"{PROLOGUE} INSERT DATA {{ {added} }}")
            lines = _shapes(store.query(f"{PROLOGUE} SELECT ?y {{ ?b :along ?y }}"))
            found = store.query(text)
            assert isinstance(found, Solutions)
            pairs = shapely.STRtree(lines).query(places, predicate="intersects")
            assert len(list(found)) == len(pairs[0]) >= FEW // 2
