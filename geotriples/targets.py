"""Logical targets -> files: which statements go where, and how they are written there.

A quad goes to every target that one of its term maps names, and to the run's own output
where none does (RML-IO, logical targets).
"""

import codecs
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geotriples.compressed import COMPRESS
from geotriples.errors import InvalidMapping, OutputError
from geotriples.formats import BY_IRI, FileKind
from geotriples.mapping.model import LogicalTarget, Problem
from geotriples.mapping.parse_target import FORMATS
from geotriples.plan import Partition, QuadColumns
from geotriples.sinks import check_folder, check_output
from ontologies.namespaces import RML

_PLAIN: Final = frozenset({"N-Quads", "N-Triples"})


@dataclass(frozen=True, slots=True)
class Output:
    """A file, and the quads that it takes.

    Attributes:
        path: The file.
        kind: How they are written.
        partitions: What makes them.
        appends: Whether the file keeps what it holds.
    """

    path: Path
    kind: FileKind
    partitions: tuple[Partition, ...]
    appends: bool = False


@dataclass(frozen=True, slots=True)
class Folders:
    """What relative paths of targets start from.

    Attributes:
        mapping: Where the mapping lies (`rml:MappingDirectory`).
        working: Where outputs go (`rml:CurrentWorkingDirectory`, and the default).
    """

    mapping: Path
    working: Path

    def root(self, iri: str | None) -> Path | None:
        """The folder that an `rml:root` stands for; None where we know none."""
        roots: Mapping[str | None, Path] = MappingProxyType(
            {
                None: self.working,
                RML.term("CurrentWorkingDirectory"): self.working,
                RML.term("MappingDirectory"): self.mapping,
            }
        )
        return roots.get(iri)


def own_output(partitions: Sequence[Partition], path: Path) -> Output:
    """The run's own output: quads with no target.

    Raises:
        OutputError: The file cannot hold them.
    """
    return _checked(Output(path, check_output(path), own_partitions(partitions)))


def target_outputs(
    partitions: Sequence[Partition], folders: Folders, mapping: str
) -> tuple[Output, ...]:
    """The files of targets, in the order of their paths.

    Raises:
        InvalidMapping: A target cannot be written as the mapping says.
        OutputError: A file cannot hold its quads, or its folder is not there.
    """
    found: dict[LogicalTarget, FileKind | Problem] = {
        target: _kind(target)
        for partition in partitions
        for quad in partition.quads
        for target in quad.targets
    }
    paths = {target: _path(target, folders) for target in found}
    wrong = [*found.values(), *paths.values()]
    problems = [one for one in wrong if isinstance(one, Problem)]
    by_path: dict[Path, tuple[LogicalTarget, FileKind]] = {}
    for target, kind in found.items():
        path = paths[target]
        if isinstance(path, Path) and isinstance(kind, FileKind):
            known = by_path.setdefault(path, (target, kind))
            if known[1] != kind:
                message = f"says of {path.name} other things than {known[0].node}"
                problems.append(Problem(target.node, message))
    if problems:
        raise InvalidMapping(mapping, list(dict.fromkeys(problems)))
    return tuple(
        _output(path, kind, target.appends, partitions, paths)
        for path, (target, kind) in sorted(by_path.items())
    )


def _output(
    path: Path,
    kind: FileKind,
    appends: bool,  # noqa: FBT001 - an attribute of the output
    partitions: Sequence[Partition],
    paths: Mapping[LogicalTarget, Path | Problem],
) -> Output:
    taken = [
        replace(partition, quads=quads)
        for partition in partitions
        if (quads := tuple(_to(path, partition.quads, paths)))
    ]
    check_folder(path)
    return _checked(Output(path, kind, tuple(taken), appends))


def _to(
    path: Path,
    quads: Iterable[QuadColumns],
    paths: Mapping[LogicalTarget, Path | Problem],
) -> Iterator[QuadColumns]:
    for quad in quads:
        if any(paths[target] == path for target in quad.targets):
            yield quad


def own_partitions(partitions: Sequence[Partition]) -> tuple[Partition, ...]:
    """The quads with no target, for the run's own output."""
    return tuple(
        replace(partition, quads=quads)
        for partition in partitions
        if (quads := tuple(one for one in partition.quads if not one.targets))
    )


def _checked(output: Output) -> Output:
    rdf_format = output.kind.format
    quads = (quad for one in output.partitions for quad in one.quads)
    if not rdf_format.has_graphs and any(quad.graph is not None for quad in quads):
        reason = f"cannot hold named graphs as {rdf_format.name}; write .nq instead"
        raise OutputError(output.path, reason)
    return output


def _kind(target: LogicalTarget) -> FileKind | Problem:
    iri = target.serialization
    found = BY_IRI.get(FORMATS.local(iri)) if iri.startswith(FORMATS) else None
    if found is None:
        known = ", ".join(BY_IRI)
        return Problem(target.node, f"unknown rml:serialization <{iri}>: {known}")
    if target.compression not in COMPRESS:
        known = ", ".join(filter(None, COMPRESS))
        what = f"unknown rml:compression rml:{target.compression}"
        return Problem(target.node, f"{what}; there are {known}")
    try:
        encoding = codecs.lookup(target.encoding).name
    except LookupError:
        return Problem(target.node, f"unknown rml:encoding rml:{target.encoding}")
    is_plain = found.name in _PLAIN and (target.compression, encoding) == (
        None,
        "utf-8",
    )
    if target.appends and not is_plain:
        message = "appends, which only plain N-Quads and N-Triples can"
        return Problem(target.node, message)
    return FileKind(found, target.compression, encoding)


def _path(target: LogicalTarget, folders: Folders) -> Path | Problem:
    folder = folders.root(target.root)
    if folder is None:
        return Problem(target.node, f"rml:root <{target.root}> is not supported")
    folder = folder.resolve()
    path = (folder / target.path).resolve()
    if path.is_relative_to(folder):
        return path
    return Problem(target.node, f"path {target.path!r} leads out of {folder}")
