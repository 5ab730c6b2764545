"""Bulk loads beside Oxigraph's, on the same file in the same run.

    python benchmarks/load.py [FEATURES ...]

Each feature is ten triples with a polygon; two sizes show how time grows. The peers are
the `oxigraph` program and `pyoxigraph.Store.bulk_load`, in an environment of their own
that the first run makes under `$XDG_CACHE_HOME/pytheas-benchmarks`. Every load is a
process of its own: seconds are those of the load without the start of Python, CPU
seconds and memory those of the whole process, sizes those of the whole store.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from peers.servers import environment
from store_basics import write_data

DEFAULT: Final = (100_000, 200_000)
PEERS: Final = ("oxigraph==0.5.13", "pyoxigraph==0.5.13")
OURS: Final = """
import sys, time
from pathlib import Path
from strabon_store.store import Store
with Store.open(Path(sys.argv[2])) as store:
    started = time.perf_counter()
    store.load([Path(sys.argv[1])])
    print(time.perf_counter() - started)
"""
PYOXIGRAPH: Final = """
import sys, time
from pyoxigraph import RdfFormat, Store
store = Store(sys.argv[2])
started = time.perf_counter()
store.bulk_load(path=sys.argv[1], format=RdfFormat.N_TRIPLES)
print(time.perf_counter() - started)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one load took.

    Attributes:
        seconds: The load alone.
        cpu_s: All threads of the process.
        peak_mb: Its memory at most.
        size: Bytes of the store.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    size: int


def measure(command: Sequence[str | Path], store: Path) -> Outcome:
    """Run a load in a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands below
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None  # noqa: S101
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{command[0]} failed")
    size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    return Outcome(
        float(printed or seconds),
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        size,
    )


def compare(features: int, folder: Path) -> dict[str, Outcome]:
    """Load the same file with each; print a table."""
    data = folder / "data.nt"
    triples = write_data(data, features)
    bin_ = environment("oxigraph", *PEERS) / "bin"
    commands: dict[str, list[str | Path]] = {
        "pytheas": [sys.executable, "-c", OURS, data],
        "pyoxigraph": [bin_ / "python", "-c", PYOXIGRAPH, data],
        "oxigraph": [bin_ / "oxigraph", "load", "--file", data, "--location"],
    }
    print(f"\n{triples:,} triples, {data.stat().st_size:,} bytes of N-Triples")
    print(f"{'':12}{'s':>9}{'CPU s':>9}{'triples/s':>12}{'peak MB':>9}{'B/triple':>9}")
    outcomes = {}
    for name, command in commands.items():
        store = folder / f"{name}-{features}"
        found = outcomes[name] = measure([*command, store], store)
        print(
            f"{name:12}{found.seconds:9.2f}{found.cpu_s:9.2f}"
            f"{triples / found.seconds:12,.0f}{found.peak_mb:9,.0f}"
            f"{found.size / triples:9.1f}"
        )
    for peer in ("pyoxigraph", "oxigraph"):
        ratio = outcomes[peer].seconds / outcomes["pytheas"].seconds
        cpu = outcomes[peer].cpu_s / outcomes["pytheas"].cpu_s
        print(f"{ratio:.1f}x as fast as {peer}, {cpu:.1f}x by CPU seconds")
    return outcomes


def main(sizes: Sequence[int]) -> None:
    """Compare at each size, and the sizes with each other."""
    with tempfile.TemporaryDirectory() as name:
        found = [compare(size, Path(name))["pytheas"] for size in sizes]
    for small, large, one, two in zip(sizes, sizes[1:], found, found[1:], strict=False):
        growth = two.seconds / one.seconds
        cpu = two.cpu_s / one.cpu_s
        print(f"\n{large / small:g} times the data: {growth:.2f}x s, {cpu:.2f}x CPU s")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or DEFAULT)
