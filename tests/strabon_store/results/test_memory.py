"""An answer grows no process: its peak memory is that of its first million rows.

Nor do long rows: what is held at a time is bounded by bytes, too.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from strabon_store.store import Store

TRIPLES: Final = 2000
ROWS: Final = TRIPLES * TRIPLES
GROWTH_MB: Final = 60

# What the lines of its output say: the peak, in megabytes, before, after 1 million and
# after all rows.
WRITE: Final = """
import sys
from pathlib import Path
from strabon_store.results import arrow, parquet, text, texts
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

# What is a hundred megabytes with what is usual is a few with these.
texts._BATCH_BYTES = text._LARGEST = parquet._GROUP_BYTES = 1 << 20
arrow._LARGEST = arrow._SAMPLE_BYTES = 1 << 20


def peak():
    # Not `ru_maxrss`, which begins with what the parent has.
    status = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
    return int(found) // 1024

def told(batches):
    rows = 0
    for batch in batches:
        if rows < 1_000_000 <= rows + batch.length:
            print(peak(), flush=True)
        rows += batch.length
        yield batch
    print(rows, flush=True)

with Store.open(Path(sys.argv[1]), read_only=True) as store:
    store.query("ASK {}")
    print(peak())
    result = store.query(sys.argv[3])
    streamed = Solutions.of_batches(result.variables, told(result.batches()))
    for _ in RESULT_FORMATS[sys.argv[2]].serialize(streamed):
        pass
    print(peak(), flush=True)
"""


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    lines = (f'<urn:s{i}> <urn:p> "text {i}" .\n' for i in range(TRIPLES))
    (folder / "data.nt").write_text("".join(lines))
    with Store.open(folder / "store") as store:
        store.load([folder / "data.nt"])
    return folder / "store"


def _said(location: Path, name: str, query: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, location, name, query],
        capture_output=True,
        text=True,
        check=True,
    )
    return list(map(int, done.stdout.split()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json", "parquet"])
def test_memory_is_flat_between_one_and_four_million_rows(
    location: Path, name: str
) -> None:
    every = "SELECT ?b { ?a ?p ?b . ?c ?q ?d }"
    _, early, rows, late = _said(location, name, every)
    assert rows == ROWS
    assert late - early < GROWTH_MB


LONG: Final = 50_000
WIDE: Final = 40
WIDE_MB: Final = 2 * LONG * WIDE**2 >> 20
"""Megabytes of text in an answer that has every pair of long texts."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json", "arrow", "parquet"])
def test_long_rows_are_not_held_together(tmp_path: Path, name: str) -> None:
    lines = (f'<urn:s{i}> <urn:p> "{chr(65 + i) * LONG}" .\n' for i in range(WIDE))
    (tmp_path / "data.nt").write_text("".join(lines))
    with Store.open(tmp_path / "store") as store:
        store.load([tmp_path / "data.nt"])
    pairs = "SELECT ?b ?d { ?a <urn:p> ?b . ?c <urn:p> ?d }"
    before, rows, after = _said(tmp_path / "store", name, pairs)
    assert rows == WIDE**2
    assert after - before < GROWTH_MB < WIDE_MB / 2
