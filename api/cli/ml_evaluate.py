"""`pytheas ml evaluate`: how good recipes are, on real and simulated samples."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from api.cli.console import Console
from api.cli.ml_options import (
    Experiments,
    MaybeData,
    MaybeFolder,
    Recipe,
    ReportFolder,
)
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.evaluation.crossvalidation import Validation
    from ml.tracking.record import Draw
    from ontologies.progress import Progress

    _Measured: TypeAlias = tuple[Validation, dict[str, Any], list[str]]

_CROPS = "simulated-crops"
_ICE = "simulated-ice"

NetworkName = Annotated[
    str | None,
    typer.Option(
        "--model", help="For simulated-ice: a network, NAME[@VERSION|@STAGE]."
    ),
]
Dataset = Annotated[
    str,
    typer.Argument(
        help="simulated-ice, simulated-crops, central-asia, worldcereal-2022, "
        "worldcereal-2023, worldcereal-croptype or polar-patch."
    ),
]
Split = Annotated[
    str | None, typer.Option(help="What is left out: fold, region, block, scene.")
]


def evaluate(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    dataset: Dataset,
    data: MaybeData = None,
    split: Split = None,
    recipe: Recipe = None,
    output: ReportFolder = None,
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
    console = Console(json=json, quiet=quiet)
    unused = {"--recipe": recipe} if dataset == _ICE else {"--model": model}
    if dataset in {_ICE, _CROPS}:
        unused["--split"] = split
    for option, value in unused.items():
        if value is not None:
            raise typer.BadParameter(f"{dataset} takes none", param_hint=option)
    if dataset == _ICE:
        _measure_ice(console, model, registry, output, experiments)
        return
    asked = {"dataset": dataset, "split": split, "recipe": recipe}
    measure = partial(_measure, dataset, data, split, recipe)
    _measure_recipe(console, measure, asked, output, experiments)


def _measure_ice(
    console: Console,
    model: str | None,
    registry: Path | None,
    output: Path | None,
    experiments: Path | None,
) -> None:
    from ml.prediction.scene_map import scene_classifier
    from ml.registry.store import Registry
    from ml.samples.simulated_ice import ice_classes
    from ml.simulated_ice import SceneClassifier, measure_ice, with_neighbors
    from ml.tracking.record import recording

    if model is not None and registry is None:
        raise typer.BadParameter("name it", param_hint="--registry")
    asked = {"dataset": _ICE, "model": model}
    with recording(experiments, "evaluate", asked) as record:
        classify: SceneClassifier = with_neighbors
        if model is not None and registry is not None:
            classify = scene_classifier(Registry(registry), model, ice_classes())
        with console.progress() as progress:
            report = measure_ice(classify, progress=progress)
        record.metrics |= report.metrics
    document = {**asked, **report.as_json()}
    if output is not None:
        _write(document, output)
    console.report(document, str(report))


def _measure_recipe(
    console: Console,
    measure: "Callable[[Progress], _Measured]",
    asked: Mapping[str, str | None],
    output: Path | None,
    experiments: Path | None,
) -> None:
    from ml.tracking.record import recording

    with recording(experiments, "evaluate", asked) as record:
        with console.progress() as progress:
            done, more, lines = measure(progress)
        report = done.report()
        record.metrics |= report.metrics
        record.curve("accuracy of folds", report.accuracy_of_folds)
        record.pictures |= _pictures(done, "png")
    document = {**asked, **report.as_json(), **more}
    if output is not None:
        _write(document, output)
        for name, draw in _pictures(done, "svg").items():
            draw(output / name)
    console.report(document, "\n".join([str(report), *lines]))


def _measure(
    dataset: str,
    data: Path | None,
    split: str | None,
    recipe: str | None,
    progress: "Progress",
) -> "_Measured":
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


def _write(document: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(document, indent=1))


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
