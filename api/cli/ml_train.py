"""`pytheas ml train|export`: networks come into the registry, and leave it as files."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.ml_options import (
    Experiments,
    Folder,
    MaybeData,
    Model,
    Recipe,
    ReportFolder,
)
from api.cli.options import Json, Quiet

HoldOut = Annotated[
    bool,
    typer.Option(
        "--hold-out",
        help="Keep the network that has not seen a fifth of the folds, for "
        "`pytheas ml calibrate`.",
    ),
]
Dataset = Annotated[
    str,
    typer.Argument(
        help="simulated-ice, simulated-crops, central-asia, worldcereal-2022, "
        "worldcereal-2023, worldcereal-croptype or polar-patch; or a folder of "
        "shards."
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How often a sample is seen.",
        show_default="as often as the recipe says",
    ),
]
Checkpoints = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="A folder for checkpoints, to go on from when asked again.",
    ),
]


def train(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    dataset: Dataset,
    folder: Folder,
    name: Annotated[str, typer.Option(help="What the model is called.")],
    data: MaybeData = None,
    recipe: Recipe = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    epochs: Epochs = None,
    checkpoints: Checkpoints = None,
    experiments: Experiments = None,
    launcher: Annotated[
        str, typer.Option(help="python, torchrun, or spark (of this machine).")
    ] = "python",
    processes: Annotated[int, typer.Option(min=1, help="How many train together.")] = 1,
    *,
    hold_out: HoldOut = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a network on all samples, calibrated, and keep it in the registry."""
    from api.cli.ml_registry import document_of, line_of
    from ml.launch import Launcher, launch
    from ml.training_job import TrainingJob

    if launcher not in set(Launcher):
        known = ", ".join(Launcher)
        raise typer.BadParameter(f"there are {known}", param_hint="--launcher")
    console = Console(json=json, quiet=quiet)
    job = TrainingJob(
        dataset=dataset,
        registry=folder,
        name=name,
        recipe=recipe,
        data=data,
        seed=seed,
        epochs=epochs,
        checkpoints=checkpoints,
        experiments=experiments,
        is_held_out=hold_out,
    )
    with console.progress() as progress:
        made = launch(job, Launcher(launcher), processes, progress)
    console.report(document_of(made), line_of(made))


def export(
    model: Model,
    folder: Folder,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file.")],
    format_: Annotated[
        str, typer.Option("--format", help="onnx, or torch (a `torch.export` program).")
    ] = "onnx",
    *,
    json: Json = False,
) -> None:
    """Write a model for other programs; kept only if it answers as the network does."""
    from ml.export_model import Format, export_model
    from ml.registry.store import Registry

    if format_ not in set(Format):
        known = ", ".join(Format)
        raise typer.BadParameter(f"there are {known}", param_hint="--format")
    difference = export_model(Registry(folder), model, Format(format_), output)
    document = {"file": str(output), "format": format_, "difference": difference}
    text = f"{output}: probabilities differ by {difference:.1e} at most"
    Console(json=json).report(document, text)


def calibrate(  # noqa: PLR0913 - options of a command are arguments
    model: Model,
    folder: Folder,
    data: MaybeData = None,
    coverage: Annotated[
        float,
        typer.Option(
            min=0.5, max=0.999, help="How often conformal sets are to hold the truth."
        ),
    ] = 0.9,
    output: ReportFolder = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit a temperature to samples that the network has not seen: a new version."""
    from api.cli.ml_registry import document_of, line_of
    from ml.calibrate import calibrate as make_honest
    from ml.registry.store import Registry

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        made, report = make_honest(
            Registry(folder),
            model,
            data,
            coverage=coverage,
            output=output,
            progress=progress,
        )
    document = {"model": document_of(made), **report.as_json()}
    console.report(document, f"{line_of(made)}\n{report}")
