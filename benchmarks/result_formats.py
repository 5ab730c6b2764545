"""How many cells a second each result format writes, and in how much memory.

    python benchmarks/result_formats.py [FEATURES]
    python benchmarks/result_formats.py --long ROWS TEXTS BYTES

The rows are those of a store: an IRI, a text, a double and an integer each. They are
made first, so that what is measured is the writing alone. Long rows have an IRI and so
many texts of so many bytes each; they are asked for and written by a process for each
format, whose memory is told beyond that of the open store.
"""

import random
import resource
import subprocess
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
_LONG: Final = "--long"
_FORMATS: Final = ("json", "csv", "arrow", "parquet")
_WRITE: Final = """
import resource, sys
from pathlib import Path
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.store import Store

def used():
    # Not `ru_maxrss`, which begins with what the parent has.
    status = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, int(peak) // 1024

with Store.open(Path(sys.argv[1]), read_only=True) as store:
    store.query("ASK {}")
    seconds, peak = used()
    written = RESULT_FORMATS[sys.argv[2]].serialize(store.query(sys.argv[3]))
    size = sum(map(len, written))
    seconds, peak = used()[0] - seconds, used()[1] - peak
    print(f"{sys.argv[2]:10} {seconds:8.2f} CPU s {peak:8,} MB {size:14,}")
"""
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


def write_long(rows: int, texts: int, size: int) -> None:
    """Print a table of long rows: CPU seconds, memory and bytes by format."""
    chance = random.Random(rows)  # noqa: S311 - no secret
    words = ["".join(chance.choices("abcdefghij", k=7)) for _ in range(5000)]
    joins = " . ".join(f"?s <urn:p{place}> ?v{place}" for place in range(texts))
    with tempfile.TemporaryDirectory() as name:
        data, store = Path(name) / "data.nt", Path(name) / "store"
        with data.open("w", encoding="utf-8") as file:
            for row in range(rows):
                for place in range(texts):
                    text = " ".join(chance.choices(words, k=size // 8))
                    file.write(f'<urn:s{row}> <urn:p{place}> "{row} {text}" .\n')
        with Store.open(store) as opened:
            opened.load([data])
        for each in _FORMATS:
            query = f"SELECT * {{ {joins} }}"
            command = [sys.executable, "-c", _WRITE, store, each, query]
            subprocess.run(command, check=True)  # noqa: S603 - as above


if __name__ == "__main__":
    if sys.argv[1:2] == [_LONG]:
        write_long(*map(int, sys.argv[2:5]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
