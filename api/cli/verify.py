"""`pytheas verify`: whether the tables of a store agree with each other."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet, Store

_UNSOUND = 1


def verify(location: Store, *, json: Json = False, quiet: Quiet = False) -> None:
    """Check all that must be true of a store; ends with 1 where something is not."""
    from strabon_store.store import Store

    console = Console(json=json, quiet=quiet)
    with Store.open(location, read_only=True) as store, console.progress() as progress:
        found = store.verify(progress)
    console.report({"is_sound": found.is_sound, **asdict(found)}, str(found))
    if not found.is_sound:
        raise typer.Exit(_UNSOUND)
