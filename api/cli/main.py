"""`pytheas`: the commands, and the one place where an error becomes an exit code.

Exit codes: 0 done, 1 a `PytheasError` (its message is on stderr), 2 wrong usage,
130 interrupted. Anything else is a bug and shows its traceback.
"""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from api.cli.backup import backup, restore
from api.cli.demo import demo
from api.cli.dump import dump
from api.cli.explain import explain
from api.cli.load import load
from api.cli.map import map_
from api.cli.ml import ml
from api.cli.optimize import optimize
from api.cli.queries import queries
from api.cli.query import query
from api.cli.run import run
from api.cli.serve import serve
from api.cli.stats import stats
from api.cli.update import update
from api.cli.validate import validate
from api.cli.verify import verify
from ontologies.errors import PytheasError

_EXIT_ERROR: Final = 1
_INTERRUPTED: Final = "Query interrupted"


class _Commands(TyperGroup):
    """The group of all commands: prints the errors that users can cure."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PytheasError as error:
            typer.echo(f"pytheas: {error}", err=True)
            raise typer.Exit(_EXIT_ERROR) from error
        except RuntimeError as error:
            # What DuckDB makes of Ctrl-C while it works.
            if str(error) == _INTERRUPTED:
                raise KeyboardInterrupt from error
            raise


app = typer.Typer(
    name="pytheas",
    cls=_Commands,
    help="Sea-ice and crop maps as linked data, and GeoSPARQL over them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if wanted:
        from ml.version import software_version

        typer.echo(f"pytheas {software_version()}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version and end.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    del version


_COMMANDS: Final = (
    *(demo, run, load, query, explain, update, serve),
    *(dump, backup, restore, verify, optimize, stats, validate),
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(queries, name="queries")
app.add_typer(map_, name="map")
app.add_typer(ml, name="ml")


def main() -> None:
    """Run the command line."""
    app()
