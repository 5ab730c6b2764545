"""How many cells a second each result format writes.

The rows are those of a store: an IRI, a text, a double and an integer each. They are
made first, so that what is measured is the writing alone.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.store_basics import PREFIXES, write_data
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

_T = TypeVar("_T")
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
            seconds, batches = _timed(lambda: list(_ask(store).batches()))
            print(f"{4 * features:,} cells; the engine takes {seconds:.3f} s")
            variables = _ask(store).variables

            def again() -> Solutions:
                return Solutions.of_batches(variables, batches)

            _line("terms", 4 * features, *_timed(lambda: sum(1 for _ in again())))
            for format_name in RESULT_FORMATS:
                if format_name != "geojson":
                    serialize = RESULT_FORMATS[format_name].serialize
                    written = _timed(
                        lambda: sum(map(len, serialize(again())))  # noqa: B023 - now
                    )
                    _line(format_name, 4 * features, *written)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak {peak} MB")


def _ask(store: Store) -> Solutions:
    result = store.query(QUERY)
    if not isinstance(result, Solutions):
        raise TypeError(result)
    return result


def _timed(action: Callable[[], _T]) -> tuple[float, _T]:
    start = time.perf_counter()
    result = action()
    return time.perf_counter() - start, result


def _line(title: str, cells: int, seconds: float, size: int) -> None:
    print(f"{title:10} {seconds:8.3f} s {cells / seconds:14,.0f} cells/s {size:14,}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
