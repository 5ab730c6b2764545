"""The runner of the RML modules' test cases, which their own metadata describe."""

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.errors import MappingError
from geotriples.run_local import run

ROOT = Path(__file__).resolve().parent.parent.parent
SUITES = Path(os.environ.get("PYTHEAS_SUITES", ROOT.parent / "shared" / "suites"))
# What the suites mean where their metadata do not say.
BASE = "http://example.com/base/"


@dataclass(frozen=True, slots=True)
class RmlSuite:
    """One module: its folder, and the rows of its metadata by id."""

    folder: Path
    cases: Mapping[str, Mapping[str, str]]

    def check(
        self, case: str, folder: Path, sources: Mapping[str, Path] | None = None
    ) -> None:
        """Run a case; a graph must be isomorphic, an error must be one of ours.

        Args:
            case: Its id.
            folder: Where output is put.
            sources: Files for the URLs of hosts that a test cannot ask.
        """
        row = self.cases[case]
        mapping = self.folder / case / row["mapping"]
        output = folder / "output.nq"
        base = row.get("base_iri", BASE)
        if row["error"] == "true":
            with pytest.raises(MappingError):
                run(mapping, output, sources=sources or {}, base=base)
            assert not output.exists()
            return
        run(mapping, output, sources=sources or {}, base=base)
        assert canonical(output) == canonical(self.folder / case / row["output1"])


def read_suite(module: str) -> RmlSuite:
    """A module's cases; none where the suites are absent."""
    folder = SUITES / "rml-modules" / module / "test-cases"
    metadata = folder / "metadata.csv"
    if not metadata.is_file():
        return RmlSuite(folder, {})
    with metadata.open(encoding="utf-8") as file:
        return RmlSuite(folder, {row["ID"]: row for row in csv.DictReader(file)})


def canonical(path: Path, base: str | None = None) -> ox.Dataset:
    """The quads of a file of N-Quads or Turtle, with canonical blank nodes."""
    is_turtle = path.suffix == ".ttl"
    form = ox.RdfFormat.TURTLE if is_turtle else ox.RdfFormat.N_QUADS
    dataset = ox.Dataset(ox.parse(path=path, format=form, base_iri=base))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset
