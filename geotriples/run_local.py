"""Run a mapping on this machine: DuckDB over Arrow, to files of RDF.

    parse -> normalize -> validate -> plan -> statements -> DuckDB -> sinks

An output is a set of quads in sorted order: running twice gives the same bytes,
whatever the order of the input's rows.  All files of a run appear when all are
complete; a run that fails or is stopped leaves none, and what one that was killed left
beside an output is removed by the next run.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from engines.lake import is_lake
from engines.term_columns import StatementBatch
from engines.whole_files import scratch_directory
from geotriples.checkpoints import Checkpoints, checkpoint_folder
from geotriples.errors import InvalidData, OutputError
from geotriples.execution import Execution
from geotriples.lake import check_lake, write_lake
from geotriples.mapping.model import DatabaseAccess
from geotriples.reports import (
    OnInvalid,
    Prepared,
    Rejected,
    RunReport,
    blank_prefix,
    prepare_run,
)
from geotriples.sinks import Written, check_folder, check_output, write, written_file
from geotriples.sources.places import Permissions
from geotriples.targets import (
    Folders,
    Output,
    own_output,
    own_partitions,
    target_outputs,
)
from ontologies.namespaces import ID
from ontologies.progress import Progress, silent

Into: TypeAlias = Callable[[Iterator[StatementBatch]], int]
"""Takes statements, once, and says how many there were."""

_LISTED: Final = 100
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NO_SOURCES: Final[Mapping[str, Path]] = MappingProxyType({})


def run(  # noqa: PLR0913 - the parts of a run are independent, and named at the call
    mapping: Path,
    output: Path | None,
    *,
    sources: Mapping[str, Path] = _NO_SOURCES,
    parameters: Mapping[str, str] = _NOTHING,
    base: str = ID,
    database: DatabaseAccess | None = None,
    permissions: Permissions | None = None,
    on_invalid: OnInvalid = "fail",
    quarantine: Path | None = None,
    into: Into | None = None,
    resume: bool = False,
    progress: Progress = silent,
) -> RunReport:
    """Turn sources into RDF as a mapping says.

    A reference `pytheas:{name}` in the mapping is the parameter of that name, the same
    in every row of every source.  The run itself provides `mapping_name` (the file's
    stem) and `mapping_sha` (the first 12 hex digits of the SHA-256 of its text).

    Args:
        mapping: An RML mapping in Turtle.
        output: The file to write, with an ending of `formats`, or the folder of a lake
            (`engines.lake`); paths of logical targets start from its folder, or from
            the working directory.  None where the mapping gives every quad a target.
        sources: Files by the path or URL that the mapping gives them; others are looked
            for beside the mapping, and where it may read.
        parameters: Values by name.
        base: What relative IRIs are appended to, unless a triples map says otherwise.
        database: The database of logical tables that name none, as in R2RML.  A file
            that the run itself names may be anywhere.
        permissions: What the mapping may read beside its folder; the working folder
            where nobody says.
        on_invalid: Whether a value that makes no valid term ends the run, or is left
            out and reported.
        quarantine: A file of JSON lines for the values that are left out; they do not
            end the run then.
        into: Takes the statements as columns of terms, in place of `output`, and says
            how many it took.  Blank nodes have labels that no other run has.
        resume: Keep finished partitions beside the output, a file, and take those that
            an earlier run left there (`checkpoints`).
        progress: Told how far the run is.

    Raises:
        MappingNotFound: There is no such mapping.
        InvalidMapping: The mapping has problems, alone or with these sources.
        SourceError: A source cannot be read.
        InvalidData: Values make no valid term, and `on_invalid` is `fail`.
        FunctionFailure: A function rejects its arguments.
        OutputError: An output cannot be written.
    """
    started = time.monotonic()
    file, into = _place(output, into)
    prepared = prepare_run(mapping, sources, parameters, base, database, permissions)
    with prepared.catalog:
        outputs = _outputs(prepared, mapping, output, is_into=into is not None)
        scratch = outputs[0].path if outputs else output or mapping
        with (
            ExitStack() as files,
            scratch_directory(scratch) as spill,
            Execution(prepared.catalog, progress, spill) as execution,
        ):
            kept = _checkpoints(file, execution) if resume else None
            making = kept or execution
            aside = files.enter_context(_checked(quarantine)) if quarantine else None
            found = making.rejected(prepared.partitions)
            may_be = aside is not None or on_invalid == "reject"
            rejections = _set_aside(found, aside, may_be=may_be)
            written = [_write(making, one, files, spill) for one in outputs]
            own = Written(0, "") if file is None else written[0]
            if into is not None:
                prefix = blank_prefix(prepared.mapping_iri, sources, parameters)
                own = Written(into(_own_batches(execution, prepared, prefix)), "")
    reused = 0 if kept is None else kept.tidy()
    progress("map", 1.0)
    return RunReport(
        triples=own.quads,
        rows=execution.row_count,
        rejected=rejections.count,
        examples=rejections.examples,
        seconds=time.monotonic() - started,
        mapping_iri=prepared.mapping_iri,
        sha256=own.sha256,
        reused=reused,
        targets=tuple(written if file is None else written[1:]),
    )


def _place(output: Path | None, into: Into | None) -> tuple[Path | None, Into | None]:
    """The file that an output is, and what takes statements where it is a lake.

    Raises:
        OutputError: It cannot be written.
    """
    if output is None:
        return None, into
    if is_lake(output):
        check_lake(output)
        return None, partial(write_lake, folder=output)
    check_output(output)
    return output, into


def _checkpoints(file: Path | None, execution: Execution) -> Checkpoints | None:
    if file is None:
        return None
    return Checkpoints(checkpoint_folder(file), execution)


def _own_batches(
    execution: Execution, prepared: Prepared, blank_prefix: str
) -> Iterator[StatementBatch]:
    partitions = own_partitions(prepared.partitions)
    return execution.statement_batches(partitions, blank_prefix)


def _outputs(
    prepared: Prepared, mapping: Path, output: Path | None, *, is_into: bool
) -> tuple[Output, ...]:
    """The run's own output first, then those of targets."""
    partitions = prepared.partitions
    folder = Path.cwd() if output is None else output.parent
    folders = Folders(mapping.parent, folder)
    is_file = output is not None and not is_lake(output)
    own = (own_output(partitions, output),) if output and is_file else ()
    if output is None and not is_into and own_partitions(partitions):
        reason = "is missing: some statements of the mapping have no logical target"
        raise OutputError(None, reason)
    targets = target_outputs(partitions, folders, mapping.name)
    for target in targets:
        if own and target.path == own[0].path.resolve():
            reason = "is the run's output and a logical target; give another name"
            raise OutputError(target.path, reason)
    return (*own, *targets)


def _checked(quarantine: Path) -> AbstractContextManager[IO[bytes]]:
    check_folder(quarantine)
    return written_file(quarantine)


@dataclass(frozen=True, slots=True)
class _Rejections:
    """How many values made no term, and the first of them by row."""

    count: int
    examples: tuple[Rejected, ...]


def _set_aside(
    found: Iterable[Rejected], stream: IO[bytes] | None, *, may_be: bool
) -> _Rejections:
    """Count what was rejected, and write it down.

    Raises:
        InvalidData: There is some, and there may be none.
    """
    count = 0
    first: list[Rejected] = []
    for one in found:
        count += 1
        if len(first) < _LISTED:
            first.append(one)
        if stream is not None:
            line = json.dumps(asdict(one), ensure_ascii=False)
            stream.write(f"{line}\n".encode())
    examples = sorted(first, key=lambda one: (one.source, one.row, one.node))
    if count and not may_be:
        raise InvalidData(examples, count)
    return _Rejections(count, tuple(examples))


def _write(
    making: Execution | Checkpoints, output: Output, files: ExitStack, spill: Path
) -> Written:
    stream = files.enter_context(written_file(output.path))
    texts = making.texts(output)
    before = b""
    if output.appends and output.path.exists():
        before = output.path.read_bytes()
        texts = _new(texts, set(before.splitlines(keepends=True)))
    written = write(texts, stream, output.path, output.kind, spill, before=before)
    return replace(written, appends=output.appends)


def _new(texts: Iterable[pa.Array], known: set[bytes]) -> Iterator[pa.Array]:
    """The lines that a file does not have: a target that appends holds a set too."""
    for column in texts:
        lines = pc.list_flatten(pc.split_pattern(column, "\n")).to_pylist()
        new = [f"{one}\n" for one in lines if one and f"{one}\n".encode() not in known]
        yield pa.array(new, pa.string())
