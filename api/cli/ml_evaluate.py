"""`pytheas ml evaluate`: how good recipes are, on real and simulated samples."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_options import MaybeData
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.evaluation.crossvalidation import Validation
    from ontologies.progress import Progress

_SIMULATED = "simulated-crops"


def evaluate(  # noqa: PLR0913 - options of a command are arguments
    dataset: Annotated[
        str,
        typer.Argument(
            help="simulated-crops, central-asia, worldcereal-2022, worldcereal-2023 or "
            "polar-patch."
        ),
    ],
    data: MaybeData = None,
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
    """Measure a recipe on samples that it has not seen; with confidence intervals.

    Real samples are cross-validated. Of simulated ones the Bayes optimum is known, and
    how far the recipe is from it is told.
    """
    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        done, more, lines = _measure(dataset, data, split, recipe, progress)
    report = done.report()
    document = {
        "dataset": dataset,
        "split": split,
        "recipe": recipe,
        **report.as_json(),
        **more,
    }
    if output is not None:
        _draw(done, document, output)
    console.report(document, "\n".join([str(report), *lines]))


def _measure(
    dataset: str,
    data: Path | None,
    split: str | None,
    recipe: str | None,
    progress: "Progress",
) -> tuple["Validation", dict[str, Any], list[str]]:
    """What was predicted, and what else is to be said of it."""
    from ml.experiments import validate
    from ml.simulated import validate_on_fields

    if dataset == _SIMULATED:
        done, lost = validate_on_fields(recipe, progress=progress)
        return done, {"bayes": lost.as_json()}, [str(lost)]
    if data is None:
        raise typer.BadParameter(
            f"{dataset} lies in a folder: name it", param_hint="--data"
        )
    return validate(dataset, data, split, recipe, progress), {}, []


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
