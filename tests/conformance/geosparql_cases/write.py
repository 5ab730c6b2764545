"""All cases by folder, and the folder of each written.

    python -m tests.conformance.geosparql_cases.write

writes `tests/conformance/geosparql/`; a test holds the files to what is written here.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.conformance.geosparql_cases.entailment import (
    entailment_cases,
    entailment_data,
)
from tests.conformance.geosparql_cases.functions import function_cases, function_data
from tests.conformance.geosparql_cases.grids import grid_cases, grid_data
from tests.conformance.geosparql_cases.measures import measure_cases, measure_data
from tests.conformance.geosparql_cases.relations import (
    relation_cases,
    relation_data,
    rewrite_cases,
    rewrite_data,
)
from tests.conformance.geosparql_cases.serializations import (
    literal_data,
    serialization_cases,
)
from tests.conformance.geosparql_cases.vocabulary import (
    CORE_DATA,
    VOCABULARY_DATA,
    core_cases,
    topology_cases,
    topology_data,
    vocabulary_cases,
)
from tests.conformance.geosparql_cases.writing import Case, files_of, write_files

ROOT: Final = Path(__file__).resolve().parent.parent / "geosparql"


def _geometry_cases() -> Iterator[Case]:
    yield from vocabulary_cases()
    yield from serialization_cases()
    yield from function_cases()
    yield from measure_cases()


def folders() -> Mapping[str, Mapping[str, str]]:
    """The text of each file of each folder, a folder for each conformance class."""
    geometry = {
        "vocabulary.ttl": VOCABULARY_DATA,
        "literals.ttl": literal_data(),
        "functions.ttl": function_data(),
        "measures.ttl": measure_data(),
    }
    plain = (
        ("core", core_cases(), CORE_DATA),
        ("topology-vocab-extension", topology_cases(), topology_data()),
        ("geometry-extension-dggs", grid_cases(), grid_data()),
        ("geometry-topology-extension", relation_cases(), relation_data()),
        ("rdfs-entailment-extension", entailment_cases(), entailment_data()),
        ("query-rewrite-extension", rewrite_cases(), rewrite_data()),
    )
    found = {
        folder: dict(files_of(folder, cases, {"data.ttl": data}))
        for folder, cases, data in plain
    }
    name = "geometry-extension"
    return found | {name: dict(files_of(name, _geometry_cases(), geometry))}


if __name__ == "__main__":
    for folder, files in folders().items():
        write_files(ROOT, folder, files.items())
