"""`pytheas ml evaluate`: how good recipes are, on real and simulated samples."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_options import Experiments, MaybeData, MaybeFolder
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.evaluation.crossvalidation import Validation
    from ml.tracking.record import Draw
    from ontologies.progress import Progress

_CROPS = "simulated-crops"
_ICE = "simulated-ice"

NetworkName = Annotated[
    str | None,
    typer.Option(
        "--model", help="For simulated-ice: a network, NAME[@VERSION|@STAGE]."
    ),
]


def evaluate(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    dataset: Annotated[
        str,
        typer.Argument(
            help="simulated-ice, simulated-crops, central-asia, worldcereal-2022, "
            "worldcereal-2023, worldcereal-croptype or polar-patch."
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
    model: NetworkName = None,
    registry: MaybeFolder = None,
    experiments: Experiments = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a recipe on samples that it has not seen; with confidence intervals.

    Real samples are cross-validated. Of simulated ones the Bayes optimum is known, and
    how far the recipe is from it is told; of simulated-ice that is the closed-form
    classifier, or of scenes a network of a registry.
    """
    from ml.tracking.record import recording

    console = Console(json=json, quiet=quiet)
    if dataset == _ICE:
        _measure_ice(console, model, registry, output)
        return
    asked = {"dataset": dataset, "split": split, "recipe": recipe}
    with recording(experiments, "evaluate", asked) as record:
        with console.progress() as progress:
            done, more, lines = _measure(dataset, data, split, recipe, progress)
        report = done.report()
        record.metrics |= report.metrics
        record.curve("accuracy of folds", report.accuracy_of_folds)
        record.pictures |= _pictures(done, "png")
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


def _measure_ice(
    console: Console, model: str | None, registry: Path | None, output: Path | None
) -> None:
    from ml.prediction.scene_map import scene_classifier
    from ml.registry.store import Registry
    from ml.simulated_ice import SceneClassifier, measure_ice, with_neighbors

    if model is not None and registry is None:
        raise typer.BadParameter("name it", param_hint="--registry")
    classify: SceneClassifier = with_neighbors
    if model is not None and registry is not None:
        classify = scene_classifier(Registry(registry), model)
    with console.progress() as progress:
        report = measure_ice(classify, progress=progress)
    document = {"dataset": _ICE, "model": model, **report.as_json()}
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "report.json").write_text(json.dumps(document, indent=1))
    console.report(document, str(report))


def _measure(
    dataset: str,
    data: Path | None,
    split: str | None,
    recipe: str | None,
    progress: "Progress",
) -> tuple["Validation", dict[str, Any], list[str]]:
    """What was predicted, and what else is to be said of it."""
    from ml.experiments import validate
    from ml.simulated_crops import validate_on_fields

    if dataset == _CROPS:
        done, lost = validate_on_fields(recipe, progress=progress)
        return done, {"bayes": lost.as_json()}, [str(lost)]
    if data is None:
        raise typer.BadParameter(
            f"{dataset} lies in a folder: name it", param_hint="--data"
        )
    return validate(dataset, data, split, recipe, progress), {}, []


def _draw(done: "Validation", document: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=1))
    for name, draw in _pictures(done, "svg").items():
        draw(folder / name)


def _pictures(done: "Validation", ending: str) -> "dict[str, Draw]":
    """What draws each picture, by the name of its file."""
    from ml.evaluation.calibration import softmax
    from ml.evaluation.metrics import reliability
    from ml.evaluation.plots import plot_confusion, plot_reliability

    before, after = (
        reliability(each, done.truth_N)
        for each in (softmax(done.logits_NK), done.calibrated())
    )
    return {
        f"confusion.{ending}": lambda path: plot_confusion(
            done.confusion_KK, done.classes, path
        ),
        f"reliability.{ending}": lambda path: plot_reliability(before, after, path),
    }
