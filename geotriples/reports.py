"""What a run of a mapping is asked and says, whichever engine runs it."""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from geotriples.errors import MappingNotFound
from geotriples.mapping.model import DatabaseAccess
from geotriples.plan import Partition
from geotriples.prepare import prepare
from geotriples.sinks import Written
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.places import Permissions

_SHA_LENGTH: Final = 12

OnInvalid = Literal["fail", "reject"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A value from which no valid term could be made.

    Attributes:
        source: The file.
        row: The row of its source, from 1.
        node: The term map.
        value: The value.
        reason: What is wrong with it.
    """

    source: str
    row: int
    node: str
    value: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.source} row {self.row}, {self.node}"
        return f"{place}: {self.value!r} is {self.reason}"


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes:
        triples: Distinct triples (quads) in the output.
        rows: Rows read, each source counted once.
        rejected: How many values made no valid term and were left out.
        examples: Some of them.
        seconds: How long it took.
        mapping_iri: IRI of the mapping, with its name and the hash of its text.
        sha256: SHA-256 of the output's bytes; empty where it is a folder.
        targets: What the logical targets hold.
        reused: How many partitions an earlier run had finished.
    """

    triples: int
    rows: int
    rejected: int
    examples: tuple[Rejected, ...]
    seconds: float
    mapping_iri: str
    sha256: str
    targets: tuple[Written, ...] = ()
    reused: int = 0

    def as_json(self) -> dict[str, object]:
        """The same for a report."""
        document = asdict(self)
        for target in document["targets"]:
            target["path"] = str(target["path"])
        return document

    def __str__(self) -> str:
        rate = self.triples / self.seconds if self.seconds else 0.0
        took = f"{self.seconds:.1f} s ({rate:,.0f} triples/s)"
        lines = [
            f"{self.triples:,} triples from {self.rows:,} rows in {took}",
            *(f"{one.quads:,} triples in {one.path}" for one in self.targets),
        ]
        if self.reused:
            lines.append(f"{self.reused:,} partitions from an earlier run")
        if self.rejected:
            lines.append(f"{self.rejected:,} values made no valid term")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A mapping with nothing wrong, and the sources that it reads.

    Attributes:
        catalog: The sources, opened.
        partitions: What is to be run.
        mapping_iri: IRI of the mapping, with its name and the hash of its text.
    """

    catalog: SourceCatalog
    partitions: tuple[Partition, ...]
    mapping_iri: str


def prepare_run(
    mapping: Path,
    sources: Mapping[str, Path],
    parameters: Mapping[str, str],
    base: str,
    database: DatabaseAccess | None = None,
    permissions: Permissions | None = None,
) -> Prepared:
    """Read a mapping and plan it.

    Args:
        mapping: The mapping's file.
        sources: Files by the path that the mapping gives them.
        parameters: Values by name; the run itself provides `mapping_name` and
            `mapping_sha`.
        base: What relative IRIs are appended to.
        database: The database of logical tables that name none (R2RML).
        permissions: What the mapping may read beside its folder; the working folder
            where nobody says.

    Returns:
        The plan, with a catalog that is to be closed after the run.

    Raises:
        MappingNotFound: There is no such mapping.
        InvalidMapping: It has problems, alone or with these sources.
    """
    text = _read(mapping)
    sha = hashlib.sha256(text).hexdigest()[:_SHA_LENGTH]
    provided = {"mapping_name": mapping.stem, "mapping_sha": sha}
    values = {**provided, **parameters}
    with ExitStack() as stack:
        catalog = stack.enter_context(
            SourceCatalog(
                mapping.parent, sources, database, permissions or Permissions()
            )
        )
        partitions = prepare(text, mapping.name, catalog, values, base)
        stack.pop_all()
    return Prepared(catalog, partitions, f"{base}mapping/{mapping.stem}/{sha}")


def blank_prefix(
    mapping_iri: str, sources: Mapping[str, Path], parameters: Mapping[str, str]
) -> str:
    """What blank nodes of one mapping over the same sources begin with."""
    told = [mapping_iri, sorted(parameters.items())]
    told.append(sorted((name, str(path)) for name, path in sources.items()))
    return f"m{hashlib.sha256(repr(told).encode()).hexdigest()[:12]}n"


def _read(mapping: Path) -> bytes:
    try:
        return mapping.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise MappingNotFound(str(mapping)) from error
