"""The RML engine on Spark beside the local engine: time, CPU time and overhead.

    python benchmarks/geotriples_spark.py [rows ...]

The data and the mapping are those of `geotriples_csv.py`.  Spark runs at local[2], in a
session of its own for each size; the first run in a session pays for what Java has not
compiled yet, the second does not.  CPU seconds count Java and its workers in Python.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from geotriples_csv import MAPPING, write_data

from engines.spark.session import SparkSettings, spark_session
from geotriples import run_local, run_spark


def main(sizes: list[int]) -> None:
    """Print three lines for each size."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_data(folder / "data.csv", rows)
            mapping = folder / "mapping.ttl"
            mapping.write_text(MAPPING, encoding="utf-8")
            compare(mapping, rows)


def compare(mapping: Path, rows: int) -> None:
    """Run both engines on one mapping."""
    before = cpu_s(resource.RUSAGE_SELF)
    local = run_local.run(mapping, mapping.with_name("local.nq"))
    used = cpu_s(resource.RUSAGE_SELF) - before
    print(f"{rows:>9,} rows  local {local.seconds:7.1f} s  {used:7.1f} CPU s")
    before = cpu_s(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with spark_session(SparkSettings("local[2]")):
        session_s = time.monotonic() - started
        output = mapping.with_name("spark.nq")
        runs = [run_spark.run(mapping, output) for _ in range(2)]
    # Java's time is known once it has ended.
    used = cpu_s(resource.RUSAGE_CHILDREN) - before
    assert {one.sha256 for one in runs} == {local.sha256}  # noqa: S101 - a benchmark
    first, second = (one.seconds for one in runs)
    print(
        f"{'':>9}       spark {session_s:5.1f} s to start, then {first:.1f} s and "
        f"{second:.1f} s; {used:.1f} CPU s in all"
    )
    print(f"{'':>9}       second run / local: {second / local.seconds:.1f}")


def cpu_s(who: int) -> float:
    """User and system seconds so far."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [20_000, 200_000])
