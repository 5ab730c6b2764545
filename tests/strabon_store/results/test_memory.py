"""An answer grows no process: its peak memory is that of its first million rows."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from strabon_store.store import Store

TRIPLES: Final = 2000
ROWS: Final = TRIPLES * TRIPLES
GROWTH_MB: Final = 60

# What the lines of its output say: the peak, in megabytes, after 1 and after 4 million.
WRITE: Final = """
import resource, sys
from pathlib import Path
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def told(batches):
    rows = 0
    for batch in batches:
        if rows < 1_000_000 <= rows + batch.length:
            print(peak(), flush=True)
        rows += batch.length
        yield batch
    print(rows, flush=True)

with Store.open(Path(sys.argv[1]), read_only=True) as store:
    result = store.query("SELECT ?b { ?a ?p ?b . ?c ?q ?d }")
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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json", "parquet"])
def test_memory_is_flat_between_one_and_four_million_rows(
    location: Path, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE, location, name],
        capture_output=True,
        text=True,
        check=True,
    )
    early, rows, late = map(int, done.stdout.split())
    assert rows == ROWS
    assert late - early < GROWTH_MB
