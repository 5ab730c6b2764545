"""The synthetic workload of Geographica: 36 spatial selections and joins.

    python benchmarks/geographica.py [--quick] [--peers jena,oxigraph,postgis] [N]

The data are made from their description: a universe of 90 by 90 degrees, N * N hexagons
of land ownership, (N / 3)^2 hexagons of states, N zig-zag roads and N * N points of
interest; N = 512 gives 3.88 M triples. Each feature has the tag 1, every second one the
tag 2, every fourth one the tag 4, and so on up to N.

Selections ask for the features in a window that holds a share of the universe; joins
for pairs of features. All of them with the tag that all features have, and with the one
that few have. Small answers are compared with shapely's.

First in process: the best of some runs, until the last row is read. Then over HTTP
beside Jena Fuseki with GeoSPARQL and its spatial index, Oxigraph's server, and SQL by
hand in PostGIS over its own protocol: medians of warm runs with a limit of 60 s. Peers
that are missing are named, with the reason. `--quick` is N = 64.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Final, TypeAlias

import shapely
from peers.comparison import Question as Compared
from peers.comparison import print_table
from peers.postgis import Table
from peers.run import PEERS, run_all

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

Point: TypeAlias = tuple[float, float]

RUNS: Final = 3
SIZE: Final = 512
QUICK: Final = 64
SIDE: Final = 90.0
SHARES: Final = (1.0, 0.75, 0.5, 0.25, 0.1, 0.001)
BASE: Final = "http://example.org/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PREFIXES: Final = (
    f"PREFIX : <{BASE}>\nPREFIX geo: <{GEO}>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
)
JOINS: Final = (
    ("Within", "Poi", "State"),
    ("Intersects", "Land", "State"),
    ("Touches", "State", "State"),
)
COMPARED: Final = 20_000
"""Rows up to which an answer is compared."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing with a geometry.

    Attributes:
        kind: Its class.
        number: From 1 within its class.
        wkt: Its geometry.
    """

    kind: str
    number: int
    wkt: str


def features(size: int) -> Iterator[Feature]:
    """All features of a universe of size N."""
    width = SIDE / (size + 0.5)
    side = width * sqrt(3) / 3
    yield from _numbered("Land", map(_polygon, _hexagons(size, side)))
    yield from _numbered("State", map(_polygon, _hexagons(size // 3, 3 * side)))
    yield from _numbered("Road", map(_line, _roads(size)))
    yield from _numbered("Poi", (f"POINT ({x} {y})" for x, y in _grid(size)))


def _numbered(kind: str, geometries: Iterable[str]) -> Iterator[Feature]:
    return (Feature(kind, i, wkt) for i, wkt in enumerate(geometries, 1))


def _hexagons(rows: int, side: float) -> Iterator[list[Point]]:
    """Hexagons with a point at the top; every second row is half of one further."""
    half = side * sqrt(3) / 2
    for row in range(rows):
        y = side + 1.5 * side * row
        for column in range(rows):
            x = half * (2 * column + 1 + row % 2)
            corners = ((0, 2), (1, 1), (1, -1), (0, -2), (-1, -1), (-1, 1), (0, 2))
            yield [(x + i * half, y + j * side / 2) for i, j in corners]


def _roads(size: int) -> Iterator[list[Point]]:
    step = SIDE / size
    for number in range(size // 2):
        across = step * (2 * number + 1)
        ways = [(across + step / 2 * (i % 2), step * i) for i in range(size + 1)]
        yield ways
        yield [(y, x) for x, y in ways]


def _grid(size: int) -> Iterator[Point]:
    step = SIDE / size
    for i in range(size):
        for j in range(size):
            yield step * (i + 0.5), step * (j + 0.5)


def _polygon(ring: Sequence[Point]) -> str:
    return f"POLYGON (({_points(ring)}))"


def _line(points: Sequence[Point]) -> str:
    return f"LINESTRING ({_points(points)})"


def _points(points: Sequence[Point]) -> str:
    return ", ".join(f"{x} {y}" for x, y in points)


def tags(number: int, size: int) -> Iterator[int]:
    """The powers of two up to N that divide the number of a feature."""
    tag = 1
    while tag <= size and number % tag == 0:
        yield tag
        tag *= 2


def write_data(path: Path, size: int) -> int:
    """Write N-Triples; how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for feature in features(size):
            lines = list(_triples(feature, size))
            file.writelines(lines)
            count += len(lines)
    return count


def _triples(feature: Feature, size: int) -> Iterator[str]:
    name = f"{BASE}{feature.kind}/{feature.number}"
    yield f"<{name}> <{RDF_TYPE}> <{BASE}{feature.kind}> .\n"
    yield f"<{name}> <{GEO}hasGeometry> <{name}/geometry> .\n"
    yield f'<{name}/geometry> <{GEO}asWKT> "{feature.wkt}"^^<{GEO}wktLiteral> .\n'
    for tag in tags(feature.number, size):
        yield f"<{name}> <{BASE}hasTag> <{name}/tag/{tag}> .\n"
        yield f'<{name}/tag/{tag}> <{BASE}hasKey> "{tag}" .\n'


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and the pairs or features that it asks for.

    Attributes:
        title: What it asks.
        sparql: The query.
        relation: The name of the relation in shapely.
        sides: The classes, with the tag of each.
        window: What features are related to; None for a join.
    """

    title: str
    sparql: str
    relation: str
    sides: tuple[tuple[str, int], ...]
    window: str | None = None


def questions(size: int) -> Iterator[Question]:
    """The 36 queries."""
    rare = 1 << size.bit_length() - 1
    for relation, kind in (("Intersects", "Land"), ("Within", "Poi")):
        for tag in (1, rare):
            for share in SHARES:
                yield _selection(relation, kind, tag, share)
    for relation, left, right in JOINS:
        for one in (1, rare):
            for other in (1, rare):
                yield _join(relation, (left, one), (right, other))


def _selection(relation: str, kind: str, tag: int, share: float) -> Question:
    edge = SIDE * sqrt(share)
    window = _polygon([(0, 0), (edge, 0), (edge, edge), (0, edge), (0, 0)])
    text = (
        f"SELECT ?a {{ {_feature('a', kind, tag)} "
        f'FILTER (geof:sf{relation}(?aw, "{window}"^^geo:wktLiteral)) }}'
    )
    title = f"{relation.lower()}, tag {tag}, {share:.1%} of {kind}"
    return Question(title, text, relation.lower(), ((kind, tag),), window)


def _join(relation: str, left: tuple[str, int], right: tuple[str, int]) -> Question:
    text = (
        f"SELECT ?a ?b {{ {_feature('a', *left)} {_feature('b', *right)} "
        f"FILTER (geof:sf{relation}(?aw, ?bw)) }}"
    )
    title = f"{left[0]} ({left[1]}) {relation.lower()} {right[0]} ({right[1]})"
    return Question(title, text, relation.lower(), (left, right))


def _feature(name: str, kind: str, tag: int) -> str:
    return (
        f"?{name} a :{kind} ; :hasTag ?{name}t ; geo:hasGeometry ?{name}g . "
        f'?{name}t :hasKey "{tag}" . ?{name}g geo:asWKT ?{name}w .'
    )


class Oracle:
    """What shapely answers."""

    def __init__(self, size: int) -> None:
        """Over a universe of size N."""
        self._size = size
        self._all = list(features(size))

    def count(self, question: Question) -> int:
        """How many rows there should be."""
        sides = [self._geometries(kind, tag) for kind, tag in question.sides]
        if question.window is not None:
            sides.append([shapely.from_wkt(question.window)])
        tree = shapely.STRtree(sides[1])
        return len(tree.query(sides[0], predicate=question.relation)[0])

    def _geometries(self, kind: str, tag: int) -> list[shapely.Geometry]:
        return [
            shapely.from_wkt(each.wkt)
            for each in self._all
            if each.kind == kind and tag in tags(each.number, self._size)
        ]


SPATIAL: Final = "PREFIX spatial: <http://jena.apache.org/spatial#>\n"


def compared(question: Question) -> Compared:
    """A question in the words of each peer."""
    return Compared(
        question.title,
        PREFIXES + question.sparql,
        SPATIAL + PREFIXES + _indexed(question),
        _sql(question),
    )


def _indexed(question: Question) -> str:
    """For Jena: its index gives what meets the box of a geometry."""
    if question.window is not None:
        box = f'?a spatial:intersectBoxGeom ("{question.window}"^^geo:wktLiteral) . '
        return question.sparql.replace("{ ", "{ " + box, 1)
    left, right = question.sides
    return (
        f"SELECT ?a ?b {{ {_feature('b', *right)} "
        f"?a spatial:intersectBoxGeom (?bw) . {_feature('a', *left)} "
        f"FILTER (geof:sf{question.relation.capitalize()}(?aw, ?bw)) }}"
    )


def _sql(question: Question) -> str:
    relation = f"ST_{question.relation.capitalize()}"
    if question.window is not None:
        window = f"ST_GeomFromText('{question.window}', 4326)"
        ((kind, tag),) = question.sides
        return (
            f"SELECT a.iri FROM {kind} a JOIN {kind}_tag s ON s.id = a.id "  # noqa: S608 - ours
            f"WHERE s.key = '{tag}' AND {relation}(a.geom, {window})"
        )
    (left, one), (right, other) = question.sides
    return (
        f"SELECT a.iri, b.iri FROM {left} a JOIN {left}_tag s "  # noqa: S608 - ours
        "ON s.id = a.id, "
        f"{right} b JOIN {right}_tag t ON t.id = b.id WHERE s.key = '{one}' "
        f"AND t.key = '{other}' AND {relation}(a.geom, b.geom)"
    )


def tables(size: int) -> Iterator[Table]:
    """For PostGIS: a table for each class, and one for its tags."""
    for kind in ("Land", "State", "Road", "Poi"):
        yield Table(
            kind,
            "id int PRIMARY KEY, iri text, geom geometry(Geometry, 4326)",
            (
                (each.number, f"{BASE}{kind}/{each.number}", f"SRID=4326;{each.wkt}")
                for each in features(size)
                if each.kind == kind
            ),
            ("USING gist (geom)",),
        )
        yield Table(
            f"{kind}_tag",
            "id int, key text",
            (
                (each.number, tag)
                for each in features(size)
                if each.kind == kind
                for tag in tags(each.number, size)
            ),
            ("(key, id)", "(id)"),
        )


def measure(store: Store, question: Question) -> tuple[float, float, int]:
    """Milliseconds, and those of CPU, of the best of some runs, and the rows."""
    times, cpu, rows = [], [], 0
    for _ in range(RUNS):
        started, began = time.perf_counter(), time.process_time()
        answer = store.query(PREFIXES + question.sparql, timeout_s=600)
        if not isinstance(answer, Solutions):
            raise TypeError(question.title)
        rows = sum(batch.length for batch in answer.batches())
        times.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - began) * 1000)
    return min(times), min(cpu), rows


def in_process(data: Path, folder: Path, size: int) -> None:
    """Load, ask, print; answers that are small enough are compared with shapely's."""
    oracle = Oracle(size)
    with Store.open(folder / "store") as store:
        loaded = store.load([data]).seconds
        print(f"in process; loaded in {loaded:.1f} s", end="\n\n")
        print("| query | rows | ms | CPU ms |\n|---|---:|---:|---:|")
        for question in questions(size):
            ms, cpu, rows = measure(store, question)
            if rows <= COMPARED and (expected := oracle.count(question)) != rows:
                raise SystemExit(f"{question.title}: {rows}, shapely {expected}")
            line = f"| {question.title} | {rows:,} | {ms:.1f} | {cpu:.1f} |"
            print(line, flush=True)


def main(size: int, peers: Sequence[str]) -> None:
    """In process, then over HTTP beside peers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data.nt"
        print(f"N = {size}, {write_data(data, size):,} triples", end="; ")
        in_process(data, folder, size)
        asked = [compared(each) for each in questions(size)]
        print("\nover HTTP; milliseconds", end="\n\n")
        print_table(run_all(asked, data, folder, tables(size), peers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=SIZE)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", default=",".join(PEERS))
    given = parser.parse_args()
    main(QUICK if given.quick else given.size, given.peers.split(","))
