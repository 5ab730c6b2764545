"""A run is recorded: parameters, metrics, curves, pictures, the state of the code.

    EXPERIMENTS/
      20261128-125501-3f2a9c/
        run.json          what was asked, what came out, by which code, on what machine
        metrics.parquet   curves: name, step, value
        curves.png        and other pictures

The folder appears when the run ends, well or with an error; a run that is killed leaves
none.
"""

import json
import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from engines.whole_files import whole_directory
from ml.tracking.errors import UnwritableRun
from ml.version import git_state, software_version

DOCUMENT: Final = "run.json"
CURVES: Final = "metrics.parquet"
PICTURE: Final = "curves.png"

Value: TypeAlias = str | int | float | bool | None
Draw: TypeAlias = Callable[[Path], None]

_SCHEMA: Final = pa.schema(
    [("curve", pa.string()), ("step", pa.int64()), ("value", pa.float64())]
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is known of a run.

    Attributes:
        id: Name of its folder: when it began, and letters.
        kind: `train` or `evaluate`.
        started: UTC.
        ended: UTC.
        status: `finished` or `failed`.
        error: Why it failed.
        parameters: What was asked for.
        metrics: What came out.
        git: Commit of the code, and whether it was changed.
        software: Version of the code.
        machine: Where it ran.
        pictures: Files beside.
    """

    id: str
    kind: str
    started: datetime
    ended: datetime
    status: str
    error: str | None
    parameters: Mapping[str, Value]
    metrics: Mapping[str, float]
    git: str
    software: str
    machine: str
    pictures: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        times = {name: getattr(self, name).isoformat() for name in ("started", "ended")}
        return {**asdict(self), **times}


@dataclass(slots=True)
class Recorder:
    """What a run tells of itself, while it goes on.

    Attributes:
        parameters: What was asked for.
        metrics: What came out, so far.
        curves: Values by step, by name.
        pictures: What draws them, by file name.
    """

    parameters: dict[str, Value] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    curves: dict[str, Sequence[float]] = field(default_factory=dict)
    pictures: dict[str, Draw] = field(default_factory=dict)

    def curve(self, name: str, values: Sequence[float]) -> None:
        """A value for each step, from step 0."""
        self.curves[name] = values


@contextmanager
def recording(
    folder: Path | None, kind: str, parameters: Mapping[str, Value]
) -> Iterator[Recorder]:
    """Record what the block does; an error is recorded, and goes on.

    Args:
        folder: For all runs; None to keep no record.
        kind: `train` or `evaluate`.
        parameters: What was asked for.

    Raises:
        UnwritableRun: The block went well, and the record cannot be written.
    """
    recorder = Recorder(dict(parameters))
    started = datetime.now(UTC)
    try:
        yield recorder
    except BaseException as error:
        if folder is not None:
            reason = f"{type(error).__name__}: {error}"
            _write_after(
                error, folder, _record(recorder, kind, started, reason), recorder
            )
        raise
    if folder is not None:
        _write(folder, _record(recorder, kind, started, None), recorder)


def _record(
    recorder: Recorder, kind: str, started: datetime, error: str | None
) -> RunRecord:
    pictures = [*recorder.pictures, *([PICTURE] if recorder.curves else [])]
    return RunRecord(
        id=f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        kind=kind,
        started=started,
        ended=datetime.now(UTC),
        status="finished" if error is None else "failed",
        error=error,
        parameters=recorder.parameters,
        metrics=recorder.metrics,
        git=git_state(),
        software=software_version(),
        machine=f"{platform.node()}, {platform.machine()}, Python "
        f"{platform.python_version()}",
        pictures=tuple(sorted(pictures)),
    )


def _write_after(
    error: BaseException, folder: Path, record: RunRecord, recorder: Recorder
) -> None:
    """A record of what failed; that it cannot be written is told beside the error."""
    try:
        _write(folder, record, recorder)
    except UnwritableRun as second:
        error.add_note(str(second))


def _write(folder: Path, record: RunRecord, recorder: Recorder) -> None:
    target = folder / record.id
    text = json.dumps(record.as_json(), indent=1, ensure_ascii=False)
    try:
        with whole_directory(target) as partial:
            (partial / DOCUMENT).write_text(text + "\n", encoding="utf-8")
            pq.write_table(_table(recorder.curves), partial / CURVES)
            if recorder.curves:
                from ml.tracking.plots import plot_curves  # noqa: PLC0415 - an extra

                plot_curves({record.id: recorder.curves}, partial / PICTURE)
            for name, draw in recorder.pictures.items():
                draw(partial / name)
    except OSError as error:
        raise UnwritableRun(target, str(error)) from error


def _table(curves: Mapping[str, Sequence[float]]) -> pa.Table:
    rows = [
        {"curve": name, "step": step, "value": float(value)}
        for name, values in curves.items()
        for step, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, _SCHEMA)
