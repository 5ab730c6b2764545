"""How many cells a second each result format writes.

The rows are those of a store: an IRI, a text, a double and an integer each.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.store_basics import PREFIXES, write_data
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

QUERY: Final = PREFIXES + (
    "SELECT ?f ?label ?area ?pixels "
    "{ ?f rdfs:label ?label ; :area ?area ; :pixels ?pixels }"
)


def main(features: int) -> None:
    """Print a table: the same query in each format, and as rows of terms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "data.nt", features)
        with Store.open(folder / "store") as store:
            store.load([folder / "data.nt"])
            store.query(QUERY)
            cells = 4 * features
            _line("terms", cells, *_terms(store))
            for format_name in RESULT_FORMATS:
                if format_name != "geojson":
                    _line(format_name, cells, *_written(store, format_name))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak {peak} MB")


def _terms(store: Store) -> tuple[float, int]:
    start = time.perf_counter()
    result = store.query(QUERY)
    rows = sum(1 for _ in result) if isinstance(result, Solutions) else 0
    return time.perf_counter() - start, rows


def _written(store: Store, name: str) -> tuple[float, int]:
    start = time.perf_counter()
    pieces = RESULT_FORMATS[name].serialize(store.query(QUERY))
    size = sum(len(piece) for piece in pieces)
    return time.perf_counter() - start, size


def _line(title: str, cells: int, seconds: float, size: int) -> None:
    print(f"{title:10} {seconds:8.3f} s {cells / seconds:14,.0f} cells/s {size:14,}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
