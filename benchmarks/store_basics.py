"""Load and query times of the store beside pyoxigraph, on one generated data set.

    python benchmarks/store_basics.py [features]

Features are squares with a class, an area, a probability, a label and a geometry: ten
triples each. Times run until the last row is read: the first one compiles the query,
the best of the next three finds its plan in the cache. `tests/differential` compares
the answers; here only their sizes are.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

RUNS: Final = 3
CLASSES: Final = 8
PREFIXES: Final = (
    "PREFIX : <http://example.org/>\n"
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)
STAR: Final = "?f a :Feature ; :class ?c ; :area ?a ; :probability ?p ; rdfs:label ?l"
WINDOW: Final = '"POLYGON ((10 70, 11 70, 11 71, 10 71, 10 70))"^^geo:wktLiteral'
QUERIES: Final = {
    "5-way star count": f"SELECT (COUNT(*) AS ?n) {{ {STAR} }}",
    "group by, average": "SELECT ?c (AVG(?p) AS ?m) (COUNT(*) AS ?n) "
    "{ ?f :class ?c ; :probability ?p } GROUP BY ?c",
    "filter, order, limit": "SELECT ?f ?a { ?f :class :class3 ; :area ?a ; "
    ":probability ?p FILTER (?p > 0.9) } ORDER BY DESC(?a) LIMIT 10",
    "one subject": "SELECT ?p ?o { :f17 ?p ?o }",
    "spatial window": "SELECT ?f { ?f geo:hasDefaultGeometry/geo:asWKT ?w "
    f"FILTER (geof:sfIntersects(?w, {WINDOW})) }}",
}
OURS_ALONE: Final = {
    # A nested loop over all pairs takes pyoxigraph hours.
    "spatial join": "SELECT (COUNT(*) AS ?n) { "
    "?f :class :class1 ; geo:hasDefaultGeometry/geo:asWKT ?w . "
    "?g :class :class2 ; geo:hasDefaultGeometry/geo:asWKT ?v "
    "FILTER (geof:sfIntersects(?w, ?v)) }",
}


def write_data(path: Path, features: int) -> int:
    """Write N-Triples, the same for the same number; return how many there are."""
    with path.open("w", encoding="utf-8") as file:
        triples = 0
        for triple in _triples(features):
            file.write(triple)
            triples += 1
    return triples


def _triples(features: int) -> Iterator[str]:
    chance = random.Random(features)  # noqa: S311 - no secret
    base, geo = "http://example.org/", "http://www.opengis.net/ont/geosparql#"
    xsd = "http://www.w3.org/2001/XMLSchema#"
    rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    for i in range(features):
        west, south = chance.uniform(0, 40), chance.uniform(60, 80)
        east, north = west + 0.02, south + 0.01
        ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}"
        wkt = f"POLYGON (({ring}, {west} {south}))"
        feature, geometry = f"<{base}f{i}>", f"<{base}g{i}>"
        area, probability = chance.uniform(1e3, 1e7), chance.random()
        yield f"{feature} {rdf_type} <{base}Feature> .\n"
        yield f"{feature} <{base}class> <{base}class{chance.randrange(CLASSES)}> .\n"
        yield f'{feature} <{base}area> "{area}"^^<{xsd}double> .\n'
        yield f'{feature} <{base}probability> "{probability}"^^<{xsd}double> .\n'
        yield f'{feature} <{base}pixels> "{i % 977}"^^<{xsd}integer> .\n'
        yield f'{feature} {label} "Feature {i}"@en .\n'
        yield f"{feature} <{geo}hasDefaultGeometry> {geometry} .\n"
        yield f"{feature} <{geo}hasGeometry> {geometry} .\n"
        yield f"{geometry} {rdf_type} <http://www.opengis.net/ont/sf#Polygon> .\n"
        yield f'{geometry} <{geo}asWKT> "{wkt}"^^<{geo}wktLiteral> .\n'


def _seconds(action: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    rows = action()
    return time.perf_counter() - start, rows


def _best(action: Callable[[], int]) -> tuple[float, float, int]:
    """Seconds of the first and of the best later run, and the rows."""
    first, rows = _seconds(action)
    return first, min(_seconds(action)[0] for _ in range(RUNS)), rows


def _ask_ours(store: Store, text: str) -> int:
    result = store.query(text)
    return len(list(result)) if isinstance(result, Solutions) else 1


def _ask_oxigraph(store: ox.Store, text: str) -> int:
    result = store.query(text)
    return len(list(result)) if isinstance(result, ox.QuerySolutions) else 1


def main(features: int) -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        triples = write_data(folder / "data.nt", features)
        store, peer = Store.open(folder / "store"), ox.Store(folder / "peer")
        loaded, _ = _seconds(lambda: store.load([folder / "data.nt"]).triples_total)
        theirs, _ = _seconds(lambda: _load_oxigraph(peer, folder / "data.nt"))
        print(f"{triples:,} triples; seconds; pyoxigraph {ox.__version__}")
        print(f"{'':38}     first       best  pyoxigraph     ratio")
        _line("load", (loaded, loaded), theirs, triples)
        for title, query in QUERIES.items():
            text = PREFIXES + query
            *ours, rows = _best(lambda text=text: _ask_ours(store, text))
            _, theirs, their_rows = _best(lambda text=text: _ask_oxigraph(peer, text))
            if rows != their_rows:
                raise SystemExit(f"{title}: {rows} rows here, {their_rows} there")
            _line(title, (ours[0], ours[1]), theirs, rows)
        for title, query in OURS_ALONE.items():
            *ours, rows = _best(lambda query=query: _ask_ours(store, PREFIXES + query))
            _line(title, (ours[0], ours[1]), None, rows)
        store.close()


def _load_oxigraph(peer: ox.Store, path: Path) -> int:
    peer.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
    return len(peer)


def _line(
    title: str, ours: tuple[float, float], theirs: float | None, rows: int
) -> None:
    first, best = ours
    ratio = "" if theirs is None else f"{theirs:10.4f}  {theirs / best:8.1f}x"
    print(f"{title:22} {rows:>9,} rows  {first:9.4f}  {best:9.4f}  {ratio}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)
