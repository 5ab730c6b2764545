"""`pytheas load`: RDF into a store, from files, the web or stdin."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import re
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet

if TYPE_CHECKING:
    from strabon_store.storage.sources import Input

_STDIN: Final = "-"
_URL: Final = re.compile(r"https?://", re.IGNORECASE)


Files = Annotated[
    list[str],
    typer.Argument(
        help="Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD, plain or "
        "compressed (.gz, .bz2, .xz, .zst); a file, a URL, or - for stdin; or a .lake."
    ),
]
Graph = Annotated[
    str | None, typer.Option(help="Put triples into this graph; quads keep theirs.")
]
Base = Annotated[
    str | None,
    typer.Option(help="What relative IRIs are relative to; else the file's IRI."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="What the files are, by the ending that would say so: nt, ttl.gz, ...",
    ),
]
SkipBad = Annotated[
    Path | None,
    typer.Option(
        help="Go on without what is bad, and write it to this file: lines of N-Triples "
        "and N-Quads; files of other formats as a whole."
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        help="A host that may be asked for URLs; may be given again.",
        envvar="PYTHEAS_ALLOW_HOSTS",
        metavar="HOST",
    ),
]


def load(  # noqa: PLR0913 - every one is an option of the command
    files: Files,
    location: Location,
    *,
    graph: Graph = None,
    base: Base = None,
    format_: Format = None,
    skip_bad: SkipBad = None,
    allow_host: AllowHost = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Load RDF: all of it, or nothing when something is wrong."""
    from api.stores import opened_store
    from engines.lake import read_lake
    from strabon_store.storage.loader import LoadOptions

    console = Console(json=json, quiet=quiet)
    lake = _lake(files, graph, base, format_, skip_bad)
    with (
        tempfile.TemporaryDirectory(prefix="pytheas-load-") as folder,
        opened_store(location) as store,
        console.pace() as watch,
    ):
        given = _Given(base, format_, tuple(allow_host or ()), Path(folder))
        options = LoadOptions(graph=graph, rejects=skip_bad, watch=watch)
        if lake is not None:
            report = store.load_batches(read_lake(lake))
        else:
            inputs = [given.input(file) for file in files]
            report = store.load(inputs, options=options)
    console.report({"location": str(location), **asdict(report)}, str(report))


def _lake(files: list[str], *of_files: object) -> Path | None:
    """The folder of a lake, which is loaded by itself, and without options of files."""
    from engines.lake import is_lake

    found = [Path(file) for file in files if is_lake(Path(file))]
    if found and (len(files) > 1 or any(of_files)):
        reason = "load it by itself, without --graph, --base, --format and --skip-bad"
        raise typer.BadParameter(f"{found[0]} is a lake: {reason}")
    return found[0] if found else None


class _Given:
    """What the options say of all files."""

    def __init__(
        self,
        base: str | None,
        ending: str | None,
        allowed: tuple[str, ...],
        folder: Path,
    ) -> None:
        self._base = base
        self._ending = None if ending is None else f".{ending.lstrip('.')}"
        self._allowed = allowed
        self._folder = folder

    def input(self, file: str) -> "Input":
        """A file, where it is by now."""
        from dataclasses import replace

        from strabon_store.storage.sources import Input

        if file == _STDIN:
            found = Input(self._stdin(), name="<stdin>")
        elif _URL.match(file):
            from api.fetch import Fetcher

            fetcher = Fetcher(frozenset(host.lower() for host in self._allowed))
            found = fetcher.fetch(file, self._folder, ending=self._ending)
        else:
            found = Input(Path(file))
        return replace(
            found,
            base=self._base or found.base,
            ending=self._ending or found.ending,
        )

    def _stdin(self) -> Path:
        path = self._folder / "stdin"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        return path
