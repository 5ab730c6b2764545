"""What does it cost to ask a mapping in place, and not a store that holds its RDF?

300,000 points in GeoParquet, six statements a row.  Times are CPU milliseconds, the
least of three; the first query of each kind is not counted.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import geopandas
import numpy as np
import shapely

from api.mapping import map_into
from api.virtual import open_mapping
from federation.sources import Source
from geotriples.run_local import run
from strabon_store.store import Store

MAPPING: Final = """
@prefix rml: <http://w3id.org/rml/> .
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix ex: <http://example.com/> .
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "points.parquet" ] ;
    rml:referenceFormulation pyrml:GeoParquet ] ;
  rml:subjectMap [ rml:template "http://example.com/point/{id}" ; rml:class ex:Point ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:name ; rml:objectMap [ rml:reference "name" ] ] ,
    [ rml:predicate ex:depth ; rml:objectMap [ rml:reference "depth" ] ] ,
    [ rml:predicate ex:rank ; rml:objectMap [ rml:reference "rank" ] ] ,
    [ rml:predicate ex:kind ;
      rml:objectMap [ rml:template "http://example.com/kind/{kind}" ] ] ,
    [ rml:predicate geo:asWKT ; rml:objectMap [ rml:reference "geometry" ] ] .
"""
PREFIXES: Final = """
PREFIX ex: <http://example.com/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
"""
QUERIES: Final = {
    "one subject": "SELECT * { <http://example.com/point/4711> ?p ?o }",
    "ten rows": "SELECT * { ?s ?p ?o } LIMIT 10",
    "a value, three columns": (
        "SELECT * { ?s ex:rank 777 ; ex:name ?n ; ex:depth ?d ; ex:kind ?k }"
    ),
    "a range of numbers": (
        "SELECT ?s ?n { ?s ex:depth ?d ; ex:name ?n FILTER(?d > 99.9) }"
    ),
    "a window": (
        "SELECT ?s ?k { ?s geo:asWKT ?g ; ex:kind ?k FILTER(geof:sfWithin(?g,"
        " 'POLYGON((5 50, 7 50, 7 51, 5 51, 5 50))'^^geo:wktLiteral)) }"
    ),
    "count of a class": "SELECT (COUNT(*) AS ?n) { ?s a ex:Point }",
    "group by, average": (
        "SELECT ?k (AVG(?d) AS ?m) { ?s ex:kind ?k ; ex:depth ?d } GROUP BY ?k"
    ),
}


def write_points(folder: Path, rows: int) -> None:
    """The source and its mapping, the same at each run."""
    random = np.random.default_rng(7)
    x, y = random.uniform(-179, 179, rows), random.uniform(-85, 85, rows)
    # As a spatial file comes: what is near stands near.
    order = np.lexsort((x, y // 5))
    numbers = np.arange(rows)
    frame = geopandas.GeoDataFrame(
        {
            "id": numbers,
            "name": [f"point {number}" for number in numbers],
            "depth": random.uniform(0, 100, rows).round(3),
            "rank": numbers % 1000,
            "kind": [f"k{number % 20}" for number in numbers],
        },
        geometry=shapely.points(x[order], y[order]),
        crs="OGC:CRS84",
    )
    frame.to_parquet(
        folder / "points.parquet", write_covering_bbox=True, row_group_size=10_000
    )
    (folder / "m.ttl").write_text(MAPPING, encoding="utf-8")


def cpu_ms(work: Callable[[], object]) -> float:
    """The least of three."""
    found = []
    for _ in range(3):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found) * 1000


def rows_of(source: Source, text: str) -> int:
    """How many rows an answer has."""
    answer = source.query(PREFIXES + text)
    if isinstance(answer, bool):
        return int(answer)
    with answer:
        return sum(batch.length for batch in answer.batches())


def compare(folder: Path, rows: int) -> None:
    """Print the table."""
    write_points(folder, rows)
    with open_mapping(folder / "m.ttl") as virtual:
        asked = {name: ask(virtual, text) for name, text in QUERIES.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\npeak memory so far: {peak:,} MB, with what made the source")
    started = time.process_time()
    map_into(folder / "store", partial(run, folder / "m.ttl", None))
    load_s = time.process_time() - started
    print("\n| query | rows | virtual | store | virtual / store |")
    print("|---|---:|---:|---:|---:|")
    with Store.open(folder / "store", read_only=True) as store:
        for name, text in QUERIES.items():
            found, ms = asked[name]
            expected, stored_ms = ask(store, text)
            rows_told = f"{found:,}" if found == expected else f"{found} != {expected}"
            told = f"{ms:,.0f} | {stored_ms:,.1f} | {ms / stored_ms:,.0f}x"
            print(f"| {name} | {rows_told} | {told} |")
    print(f"| to fill the store (s) |  |  | {load_s:,.1f} |  |")


def ask(source: Source, text: str) -> tuple[int, float]:
    """How many rows there are, and what they took."""
    rows = rows_of(source, text)
    return rows, cpu_ms(lambda: rows_of(source, text))


def main() -> None:
    """Read the options and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), parser.parse_args().rows)


if __name__ == "__main__":
    main()
