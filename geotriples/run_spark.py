"""Run a mapping on Spark with Apache Sedona: the local engine's plan, in many tasks.

    parse -> normalize -> validate -> plan -> statements -> Spark's SQL -> files

The output is the same set of quads as that of `run_local`, however many tasks there
are; a single file has the same bytes.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from engines.lake import is_lake
from engines.spark.jobs import watched
from engines.spark.session import SparkSettings, spark_session
from engines.whole_files import scratch_directory
from geotriples.checkpoints import Checkpoints, checkpoint_folder
from geotriples.crs_definitions import definition_lines
from geotriples.errors import InvalidData, OutputError
from geotriples.lake import check_lake
from geotriples.mapping.model import DatabaseAccess
from geotriples.plan import Partition
from geotriples.reports import (
    OnInvalid,
    Prepared,
    Rejected,
    RunReport,
    blank_prefix,
    prepare_run,
)
from geotriples.sinks import (
    Written,
    check_output,
    write,
    written_file,
)
from geotriples.sources.places import Permissions
from geotriples.spark.folders import Folder, folder_of
from geotriples.spark.frames import SparkFrames
from geotriples.spark.lake import write_lines_to_lake
from geotriples.spark.making import SparkMaking
from geotriples.spark.parts import PartFormat, write_parts
from geotriples.statements import LINE
from geotriples.targets import (
    Folders,
    Output,
    own_output,
    own_partitions,
    target_outputs,
)
from ontologies.geosparql.crs import defined_crs
from ontologies.namespaces import ID
from ontologies.progress import Progress, silent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LISTED: Final = 100
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NO_SOURCES: Final[Mapping[str, Path]] = MappingProxyType({})
_LOCAL: Final = SparkSettings()
_TOLD: Final = ("row", "node", "value", "reason")
_PACKED: Final = pa.schema([("lines", pa.binary())])


def run(  # noqa: PLR0913 - the parts of a run are independent, and named at the call
    mapping: Path,
    output: Path | str | None,
    *,
    sources: Mapping[str, Path] = _NO_SOURCES,
    parameters: Mapping[str, str] = _NOTHING,
    base: str = ID,
    database: DatabaseAccess | None = None,
    permissions: Permissions | None = None,
    on_invalid: OnInvalid = "fail",
    progress: Progress = silent,
    settings: SparkSettings = _LOCAL,
    partitions: int | None = None,
    resume: bool = False,
    part_format: PartFormat = PartFormat.N_QUADS,
) -> RunReport:
    """Turn sources into RDF as a mapping says, on Spark.

    Args:
        mapping: A mapping.
        output: The file to write, as `run_local.run` takes it; or, without an ending, a
            folder for a file from each task, also in an object store
            (`s3://bucket/folder`). Quads are distinct over all files.  A name that
            ends in `.lake` is a folder in the lake layout (`engines.lake`).  None
            where the mapping gives every quad a target.
        sources: Files by the path that the mapping gives them, which all tasks see.
        parameters: Values by name.
        base: What relative IRIs are appended to, unless a triples map says otherwise.
        database: The database of logical tables that name none, as in R2RML.
        permissions: What the mapping may read beside its folder.
        on_invalid: Whether a value that makes no valid term ends the run, or is left
            out and reported.
        progress: Told how far the run is; what it raises ends the run.
        settings: How Spark is started where there is no session yet.
        partitions: In how many parts sources are read and work is split; as many as
            there are cores when None. It changes nothing in the output.
        resume: Keep finished partitions beside the output, a file, and take those that
            an earlier run left there, on either engine (`checkpoints`).
        part_format: What the files of a folder are.

    Raises:
        MappingNotFound: There is no such mapping.
        InvalidMapping: The mapping has problems, alone or with these sources.
        SourceError: A source cannot be read.
        InvalidData: Values make no valid term, and `on_invalid` is `fail`.
        FunctionFailure: A function rejects its arguments.
        OutputError: The output cannot be written.
        SparkMissing: Spark is not installed, or does not start.
        JavaMissing: There is no Java that Spark can run on.
        SparkFailed: Spark gave up a job.
    """
    started = time.monotonic()
    lake = _checked_lake(output)
    folder = None if lake else _checked_folder(output)
    file = None if lake or folder is not None else output
    prepared = prepare_run(mapping, sources, parameters, base, database, permissions)
    with ExitStack() as files:
        files.enter_context(prepared.catalog)
        outputs = _outputs(prepared, mapping, file)
        frames = files.enter_context(_frames(settings, prepared, partitions))
        making = SparkMaking(frames, _spill(files, outputs), progress)
        kept = _checkpoints(file, making) if resume else None
        rejected, count = _rejected(making, kept, prepared.partitions)
        if count and on_invalid == "fail":
            raise InvalidData(rejected, count)
        written = [_write(kept or making, one, files, making.spill) for one in outputs]
        own = Written(0, "") if file is None else written[0]
        if lake is not None:
            prefix = blank_prefix(prepared.mapping_iri, sources, parameters)
            own = _write_lake(making, prepared, lake, prefix)
        if folder is not None:
            own = _write_parts(making, prepared, folder, part_format)
        rows = frames.row_count
    progress("map", 1.0)
    return RunReport(
        triples=own.quads,
        rows=rows,
        rejected=count,
        examples=rejected,
        seconds=time.monotonic() - started,
        mapping_iri=prepared.mapping_iri,
        sha256=own.sha256,
        reused=0 if kept is None else kept.tidy(),
        targets=tuple(written if file is None else written[1:]),
    )


def _checked_lake(output: Path | str | None) -> Path | None:
    """The folder of a lake that an output is; None where it is something else."""
    if output is None or not is_lake(Path(output)):
        return None
    check_lake(Path(output))
    return Path(output)


def _checked_folder(output: Path | str | None) -> Folder | None:
    """The folder that an output is; None where its name is that of a file."""
    if output is None:
        return None
    if Path(output).suffixes:
        check_output(Path(output))
        return None
    folder = folder_of(str(output))
    folder.check()
    return folder


@contextmanager
def _frames(
    settings: SparkSettings, prepared: Prepared, partitions: int | None
) -> Iterator[SparkFrames]:
    """The tables of a run, read and shuffled in as many parts as were asked for."""
    definition_lines(prepared.partitions)
    with spark_session(settings) as session, _shuffles(session, partitions):
        wanted = partitions or session.sparkContext.defaultParallelism
        catalog = prepared.catalog
        with SparkFrames(session, catalog, wanted, defined_crs()) as frames:
            yield frames


def _outputs(
    prepared: Prepared, mapping: Path, output: Path | str | None
) -> tuple[Output, ...]:
    """The run's own file first, then those of logical targets."""
    folder = Path.cwd() if output is None else Path(output).parent
    folders = Folders(mapping.parent, folder)
    own = () if output is None else (own_output(prepared.partitions, Path(output)),)
    targets = target_outputs(prepared.partitions, folders, mapping.name)
    for target in targets:
        if own and target.path == own[0].path.resolve():
            reason = "is the run's output and a logical target; give another name"
            raise OutputError(target.path, reason)
        if target.appends:
            reason = "is appended to, which only the local engine can"
            raise OutputError(target.path, reason)
    return (*own, *targets)


def _spill(files: ExitStack, outputs: Sequence[Output]) -> Path:
    """Where files of a run are; what tasks write themselves has none beside it."""
    if not outputs:
        return Path(os.devnull)
    return files.enter_context(scratch_directory(outputs[0].path))


def _checkpoints(file: Path | str | None, making: SparkMaking) -> Checkpoints | None:
    return None if file is None else Checkpoints(checkpoint_folder(Path(file)), making)


def _write(
    making: SparkMaking | Checkpoints, output: Output, files: ExitStack, spill: Path
) -> Written:
    """Write a file from sorted lines, which come here one part after the other."""
    stream = files.enter_context(written_file(output.path))
    return write(making.texts(output), stream, output.path, output.kind, spill)


def _write_parts(
    making: SparkMaking, prepared: Prepared, folder: Folder, kind: PartFormat
) -> Written:
    """Write a folder; many files have no hash."""
    with watched(making.frames.session, "map", making.progress):
        lines = making.lines(own_partitions(prepared.partitions), is_marked=False)
        return Written(
            write_parts(lines.sortWithinPartitions(LINE), folder, kind).quads, ""
        )


def _write_lake(
    making: SparkMaking, prepared: Prepared, folder: Path, prefix: str
) -> Written:
    """Write a lake; many files have no hash."""
    with watched(making.frames.session, "map", making.progress):
        lines = making.lines(own_partitions(prepared.partitions), is_marked=False)
        return Written(write_lines_to_lake(lines, folder, prefix), "")


@contextmanager
def _shuffles(session: "SparkSession", partitions: int | None) -> Iterator[None]:
    """Let shuffles have as many parts as were asked for."""
    name = "spark.sql.shuffle.partitions"
    before = str(session.conf.get(name))
    if partitions is not None:
        session.conf.set(name, partitions)
    try:
        yield
    finally:
        session.conf.set(name, before)


def _rejected(
    making: SparkMaking, kept: Checkpoints | None, partitions: Sequence[Partition]
) -> tuple[tuple[Rejected, ...], int]:
    """The first values that make no valid term, and how many there are."""
    if kept is not None:
        found = list(kept.rejected(partitions))
        return _ordered(found)[:_LISTED], len(found)
    with watched(making.frames.session, "check", making.progress):
        frame = making.rejections(partitions)
        count = 0 if frame is None else frame.count()
        if frame is None or not count:
            return (), 0
        rows = frame.orderBy("row", "node").limit(_LISTED).collect()
    return _ordered(making.told(rows, partitions)), count


def _ordered(found: Iterable[Rejected]) -> tuple[Rejected, ...]:
    return tuple(sorted(found, key=lambda one: (one.source, one.row, one.node)))
