"""The RML engine on Spark beside the local engine: what it costs, at two sizes.

    python benchmarks/geotriples_spark.py [rows ...]

The data and the mapping are those of `geotriples_csv.py`.  Spark runs at local[2], in a
session of its own for each size; the first run in a session pays for what Java has not
compiled yet, the second does not.  CPU seconds of Spark are those of this process, of
Java, and of its workers in Python.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from geotriples_csv import MAPPING, write_data

from engines.spark.session import SparkSettings, start, stop
from geotriples import run_local, run_spark

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def main(sizes: list[int]) -> None:
    """Print a line for each size."""
    print("| rows | local | session | first run | second run | second run / local |")
    print("|---:|---:|---:|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_data(folder / "data.csv", rows)
            mapping = folder / "mapping.ttl"
            mapping.write_text(MAPPING, encoding="utf-8")
            compare(mapping, rows)


def compare(mapping: Path, rows: int) -> None:
    """Run both engines on one mapping."""
    digests = set()

    def run_locally() -> None:
        report = run_local.run(mapping, mapping.with_name("local.nq"))
        digests.add(report.sha256)

    def run_on_spark() -> None:
        report = run_spark.run(mapping, mapping.with_name("spark.nq"))
        digests.add(report.sha256)

    local = min(cpu_s(run_locally) for _ in range(3))
    before = tree_s()
    session = start(SparkSettings("local[2]"))
    started = tree_s() - before
    first, second = cpu_s(run_on_spark), cpu_s(run_on_spark)
    stop(session)
    assert len(digests) == 1  # noqa: S101 - a benchmark
    times = " | ".join(f"{one:.1f}" for one in (local, started, first, second))
    print(f"| {rows:,} | {times} | {second / local:.1f}x |", flush=True)


def cpu_s(work: Callable[[], None]) -> float:
    """The CPU seconds of some work, in this process and those below it."""
    before = tree_s()
    work()
    # A worker that has ended is counted by whoever started it.
    time.sleep(0.1)
    return tree_s() - before


def tree_s() -> float:
    """CPU seconds so far of this process, those below it, and those that have ended."""
    parents = {int(one.name): _stat(one) for one in _processes()}
    found, new = set[int](), {os.getpid()}
    while new:
        found |= new
        new = {one for one, stat in parents.items() if int(stat[1]) in new} - found
    # utime, stime, cutime and cstime (proc(5)), after the name in parentheses.
    ticks = (int(t) for one in found for t in parents.get(one, [])[11:15])
    return sum(ticks) / _TICKS


def _processes() -> Iterator[Path]:
    yield from (one for one in Path("/proc").iterdir() if one.name.isdecimal())


def _stat(process: Path) -> list[str]:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        # It has ended meanwhile.
        return ["Z", "0"]


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [20_000, 200_000])
