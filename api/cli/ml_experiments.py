"""`pytheas ml experiments`: what was trained and measured, and how runs compare."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json

if TYPE_CHECKING:
    from ml.tracking.record import RunRecord

experiments = typer.Typer(
    help="Records of runs of train and evaluate.", no_args_is_help=True
)

Folder = Annotated[
    Path,
    typer.Option(
        "--experiments",
        help="The folder of the records.",
        envvar="PYTHEAS_EXPERIMENTS",
        exists=True,
        file_okay=False,
    ),
]
_SHOWN = 4


@experiments.command("list")
def list_runs(folder: Folder, *, json: Json = False) -> None:
    """All runs, in the order in which they began."""
    from ml.tracking.compare import Experiments

    runs = Experiments(folder).runs()
    document = {"runs": [one.as_json() for one in runs]}
    Console(json=json).report(document, "\n".join(map(_line, runs)))


@experiments.command()
def show(
    folder: Folder,
    run: Annotated[
        str, typer.Argument(help="The run, how it begins or ends, or `last`.")
    ],
    *,
    json: Json = False,
) -> None:
    """What is known of a run: parameters, metrics, code, machine, pictures."""
    from ml.tracking.compare import Experiments

    found = Experiments(folder).find(run)
    lines = [
        _line(found),
        *(f"  {key}: {value}" for key, value in found.parameters.items()),
        f"  git: {found.git}",
        f"  machine: {found.machine}",
        f"  took: {(found.ended - found.started).total_seconds():.1f} s",
        *(f"  {folder / found.id / name}" for name in found.pictures),
    ]
    Console(json=json).report(found.as_json(), "\n".join(lines))


@experiments.command()
def compare(
    folder: Folder,
    runs: Annotated[
        list[str], typer.Argument(help="Runs, how they begin or end, or `last`.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A picture of their curves: .png or .svg."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Runs beside each other: what was asked for otherwise, and all metrics."""
    from ml.tracking.compare import Experiments
    from ml.tracking.compare import compare as compare_runs

    kept = Experiments(folder)
    found = [kept.find(one) for one in runs]
    if output is not None:
        from ml.tracking.plots import plot_curves

        plot_curves({one.id: kept.curves(one) for one in found}, output)
    made = compare_runs(found)
    Console(json=json).report(made.as_json(), str(made))


def _line(one: "RunRecord") -> str:
    asked = " ".join(
        str(one.parameters[key])
        for key in ("dataset", "recipe", "split")
        if one.parameters.get(key) is not None
    )
    metrics = [f"{key} {value:.3f}" for key, value in one.metrics.items()][:_SHOWN]
    told = ", ".join(metrics) if one.error is None else one.error
    return f"{one.id}  {one.kind}  {one.status}  {asked}  {told}"
