"""Records of runs are found and put beside each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ml.tracking.errors import NoSuchRun, UnreadableRun
from ml.tracking.record import CURVES, DOCUMENT, RunRecord, Value


@dataclass(frozen=True, slots=True)
class Experiments:
    """The runs in a folder.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def runs(self) -> tuple[RunRecord, ...]:
        """All of them, in the order in which they began.

        Raises:
            UnreadableRun: A record is broken.
        """
        found = [_read(self.folder / name / DOCUMENT) for name in self._names()]
        return tuple(sorted(found, key=lambda one: one.started))

    def find(self, name: str) -> RunRecord:
        """The run whose name is, or alone begins or ends with, this; `last`.

        Raises:
            NoSuchRun: There is none, or several.
            UnreadableRun: Its record is broken; of `last`, any.
        """
        if name == "last" and (runs := self.runs()):
            return runs[-1]
        known = self._names()
        found = [one for one in known if one.startswith(name) or one.endswith(name)]
        if len(found) != 1:
            raise NoSuchRun(name, known)
        return _read(self.folder / found[0] / DOCUMENT)

    def _names(self) -> list[str]:
        """Of those whose record is whole: what is in work begins with a point."""
        files = self.folder.glob(f"[0-9]*/{DOCUMENT}")
        return sorted(path.parent.name for path in files)

    def curves(self, run: RunRecord) -> dict[str, list[float]]:
        """The curves of a run, by name, a value for each step.

        Raises:
            UnreadableRun: Their file is missing or broken.
        """
        path = self.folder / run.id / CURVES
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise UnreadableRun(path, str(error)) from error
        curves: dict[str, list[float]] = {}
        for row in table.to_pylist():
            curves.setdefault(row["curve"], []).append(row["value"])
        return curves


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs beside each other.

    Attributes:
        runs: Their names.
        parameters: What was asked for otherwise, a value for each run.
        metrics: All metrics, a value for each run; None where it has none.
    """

    runs: tuple[str, ...]
    parameters: Mapping[str, tuple[Value, ...]]
    metrics: Mapping[str, tuple[float | None, ...]]

    def as_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        return {
            "runs": list(self.runs),
            "parameters": {name: list(row) for name, row in self.parameters.items()},
            "metrics": {name: list(row) for name, row in self.metrics.items()},
        }

    def __str__(self) -> str:
        rows = [("", self.runs)]
        rows += [
            (name, tuple("" if each is None else str(each) for each in row))
            for name, row in self.parameters.items()
        ]
        rows += [
            (name, tuple("" if each is None else f"{each:.4f}" for each in row))
            for name, row in self.metrics.items()
        ]
        widths = [
            max(len(row[at]) for row in ((name, *cells) for name, cells in rows))
            for at in range(len(self.runs) + 1)
        ]
        return "\n".join(
            "  ".join(
                cell.ljust(width)
                for cell, width in zip((name, *cells), widths, strict=True)
            ).rstrip()
            for name, cells in rows
        )


def compare(runs: Sequence[RunRecord]) -> Comparison:
    """Runs beside each other: what differs in what was asked for, and all metrics.

    The commit of the code and its version count as what was asked for.
    """
    asked = [
        {**one.parameters, "git": one.git, "software": one.software} for one in runs
    ]
    parameters = {
        name: tuple(one.get(name) for one in asked)
        for name in dict.fromkeys(key for one in asked for key in one)
    }
    return Comparison(
        runs=tuple(one.id for one in runs),
        parameters={
            name: row
            for name, row in parameters.items()
            if any(each != row[0] for each in row)
        },
        metrics={
            name: tuple(one.metrics.get(name) for one in runs)
            for name in dict.fromkeys(key for one in runs for key in one.metrics)
        },
    )


def _read(path: Path) -> RunRecord:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        times = {
            name: datetime.fromisoformat(data[name]) for name in ("started", "ended")
        }
        return RunRecord(**{**data, **times, "pictures": tuple(data["pictures"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableRun(path, str(error)) from error
