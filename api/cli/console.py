"""What commands say: reports on stdout, everything else on stderr."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import typer

from ontologies.progress import Pace, Progress, Watcher, silent, unwatched


@dataclass(slots=True)
class Console:
    """How one command talks.

    Attributes:
        json: Whether the report is a JSON document.
        quiet: Whether messages and progress are left out.
    """

    json: bool = False
    quiet: bool = False

    def message(self, text: str) -> None:
        """Tell people something, on stderr."""
        if not self.quiet:
            typer.echo(text, err=True)

    def report(self, document: Mapping[str, Any], text: str) -> None:
        """The outcome: `document` for machines, `text` for people; on stdout."""
        if self.json:
            typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        elif text:
            typer.echo(text)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A listener that draws a bar for each stage, or a line where nobody looks."""
        if self.quiet:
            yield silent
        elif sys.stderr.isatty():
            with _bars() as listen:
                yield listen
        else:
            yield _Lines()

    @contextmanager
    def pace(self) -> Iterator[Watcher]:
        """A watcher that draws a bar, or writes lines: JSON where a program reads."""
        if self.quiet:
            yield unwatched
        elif self.json:
            yield _write_pace
        elif sys.stderr.isatty():
            with _pace_bar() as watch:
                yield watch
        else:
            lines = _Lines()
            yield lambda pace: lines(pace.stage, 0.0)


@dataclass(slots=True)
class _Lines:
    """A line for each stage, for logs and pipes."""

    told: set[str] = field(default_factory=set)

    def __call__(self, stage: str, fraction: float) -> None:
        del fraction
        if stage not in self.told:
            self.told.add(stage)
            typer.echo(f"{stage} ...", err=True)


@contextmanager
def _bars() -> Iterator[Progress]:
    # rich is slow to import, and most commands end before there is anything to draw.
    from rich.console import Console as RichConsole
    from rich.progress import (
        BarColumn,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=RichConsole(stderr=True)) as bars:

        def listen(stage: str, fraction: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=1.0)
            bars.update(tasks[stage], completed=fraction)

        yield listen


def _write_pace(pace: Pace) -> None:
    line = {**asdict(pace), "items_per_s": pace.items_per_s, "eta_s": pace.eta_s}
    typer.echo(json.dumps(line), err=True)


@contextmanager
def _pace_bar() -> Iterator[Watcher]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    tasks: dict[str, TaskID] = {}
    with Bars(*columns, console=RichConsole(stderr=True)) as bars:

        def watch(pace: Pace) -> None:
            if pace.stage not in tasks:
                tasks[pace.stage] = bars.add_task(pace.stage, total=None, pace="")
            text = f"{pace.items:,} triples, {pace.items_per_s:,.0f}/s"
            if pace.eta_s is not None:
                text += f", {pace.eta_s:,.0f} s left"
            task = tasks[pace.stage]
            bars.update(task, completed=pace.done, total=pace.total, pace=text)

        yield watch
