"""`pytheas backup` and `pytheas restore`: whole copies of a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet, Store

if TYPE_CHECKING:
    from strabon_store.storage.backup import BackupReport


def backup(
    target: Annotated[
        Path, typer.Argument(help="The folder of the backup, which must not be there.")
    ],
    location: Store,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Copy a store as it is now; the copy is a store, and appears whole."""
    from strabon_store.store import Store

    console = Console(json=json, quiet=quiet)
    with Store.open(location, read_only=True) as store, console.progress() as progress:
        report = store.backup(target, progress)
    _tell(console, report)


def restore(
    source: Annotated[
        Path, typer.Argument(help="The folder of the backup.", exists=True)
    ],
    location: Location,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of the store there.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a store from a backup, after verifying that."""
    from strabon_store.storage.backup import restore as restore_backup

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        report = restore_backup(source, location, replace=replace, progress=progress)
    _tell(console, report)


def _tell(console: Console, report: "BackupReport") -> None:
    document = {**asdict(report), "location": str(report.location)}
    console.report(document, str(report))
