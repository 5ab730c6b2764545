"""`pytheas ml`: experiments on samples, and the models that are kept."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_maps import predict, simulate, vectorize
from api.cli.ml_prep import prep
from api.cli.ml_registry import registry
from api.cli.ml_samples import samples
from api.cli.ml_train import export, train
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.evaluation.crossvalidation import Validation

ml = typer.Typer(
    name="ml", help="Samples, experiments and models.", no_args_is_help=True
)
ml.add_typer(registry, name="registry")
ml.add_typer(prep, name="prep")
ml.add_typer(samples, name="samples")
ml.add_typer(simulate, name="simulate")
ml.command()(train)
ml.command()(export)
ml.command()(predict)
ml.command()(vectorize)

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        help="The folder in which the data sets lie.",
        envvar="PYTHEAS_DATA",
        exists=True,
        file_okay=False,
    ),
]


@ml.command()
def evaluate(  # noqa: PLR0913 - options of a command are arguments
    dataset: Annotated[
        str,
        typer.Argument(
            help="central-asia, worldcereal-2022, worldcereal-2023 or polar-patch."
        ),
    ],
    data: Data,
    split: Annotated[
        str | None, typer.Option(help="What is left out: fold, region, block, scene.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(help="The recipe, as ml/recipes.py names it.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A folder for the report and pictures."),
    ] = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate a recipe on real samples; with confidence intervals."""
    from ml.experiments import validate

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        done = validate(dataset, data, split, recipe, progress)
    report = done.report()
    document = {
        "dataset": dataset,
        "split": split,
        "recipe": recipe,
        **report.as_json(),
    }
    if output is not None:
        _draw(done, document, output)
    console.report(document, str(report))


def _draw(done: "Validation", document: dict[str, Any], folder: Path) -> None:
    from ml.evaluation.calibration import softmax
    from ml.evaluation.metrics import reliability
    from ml.evaluation.plots import plot_confusion, plot_reliability

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=1))
    plot_confusion(done.confusion_KK, done.classes, folder / "confusion.svg")
    before, after = (
        reliability(each, done.truth_N)
        for each in (softmax(done.logits_NK), done.calibrated())
    )
    plot_reliability(before, after, folder / "reliability.svg")
