"""The W3C's RDB2RDF test cases, read from their manifests where they lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.direct import direct_mapping
from geotriples.errors import MappingError
from geotriples.mapping.model import DatabaseAccess
from geotriples.run_local import run
from geotriples.sources.sql import Database
from tests.conformance.rml_suite import BASE, SUITES, canonical

TEST = "http://purl.org/NET/rdb2rdf-test#"
FOLDER = SUITES / "w3c-rdb2rdf"


@dataclass(frozen=True, slots=True)
class Rdb2RdfCase:
    """One case: the script of its database, its mapping and what is expected.

    Attributes:
        script: The SQL that makes the database.
        mapping: The R2RML mapping; None for the direct mapping.
        expected: The graph; None where an error is.
    """

    script: Path
    mapping: Path | None
    expected: Path | None

    def check_direct(
        self, access: DatabaseAccess, database: Database, folder: Path
    ) -> None:
        """Write the direct mapping and run it."""
        mapping, output = folder / "mapping.ttl", folder / "output.nq"
        mapping.write_text(direct_mapping(database, BASE), encoding="utf-8")
        run(mapping, output, base=BASE, database=access)
        assert self.expected is not None
        assert canonical(output) == canonical(self.expected, BASE)

    def check(self, database: DatabaseAccess, folder: Path) -> None:
        """Run the mapping; a graph must be isomorphic, an error must be one of ours."""
        mapping, output = self.mapping, folder / "output.nq"
        assert mapping is not None
        if self.expected is None:
            with pytest.raises(MappingError):
                run(mapping, output, base=BASE, database=database)
            assert not output.exists()
            return
        run(mapping, output, base=BASE, database=database)
        assert canonical(output) == canonical(self.expected)


def read_cases(kind: str) -> Mapping[str, Rdb2RdfCase]:
    """The cases of a kind (`R2RML`, `DirectMapping`) by id."""
    found: dict[str, Rdb2RdfCase] = {}
    for manifest in sorted(FOLDER.glob("*/manifest.ttl")):
        store = ox.Store()
        store.load(path=manifest, format=ox.RdfFormat.TURTLE)
        types = store.quads_for_pattern(None, None, ox.NamedNode(TEST + kind), None)
        for case in [one.subject for one in types]:
            found.update(_case(store, case, manifest.parent))
    return dict(sorted(found.items()))


def _case(
    store: ox.Store, case: ox.NamedNode | ox.BlankNode | ox.Triple, folder: Path
) -> dict[str, Rdb2RdfCase]:
    def value(name: str) -> str | None:
        iri = name if ":" in name else TEST + name
        quads = store.quads_for_pattern(case, ox.NamedNode(iri), None, None)
        terms = [one.object for one in quads]
        return next((x.value for x in terms if not isinstance(x, ox.Triple)), None)

    mapping, output = value("mappingDocument"), value("output")
    fails = value("hasExpectedOutput") == "false"
    name = value("http://purl.org/dc/elements/1.1/identifier") or ""
    if not mapping and output and "modified" in output:
        name += "-modified"
    if folder.name == "D026" and mapping:
        # The manifest has a case of D009 again, over other column names.
        name += "-D026"
    return {
        name: Rdb2RdfCase(
            folder / "create.sql",
            folder / mapping if mapping else None,
            None if fails or output is None else folder / output,
        )
    }
