"""`pytheas optimize`: a store in order, as after one load."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict

from api.cli.console import Console
from api.cli.options import Json, Quiet, Store


def optimize(location: Store, *, json: Json = False, quiet: Quiet = False) -> None:
    """Put what many small writes left in order, so that answers come faster."""
    from strabon_store.store import Store

    console = Console(json=json, quiet=quiet)
    # To make a store by optimizing one that is not there would be a surprise.
    Store.open(location, read_only=True).close()
    with Store.open(location) as store, console.progress() as progress:
        report = store.optimize(progress)
    console.report(asdict(report), str(report))
