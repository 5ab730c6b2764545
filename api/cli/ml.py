"""`pytheas ml`: experiments on samples, and the models that are kept."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_prep import prep
from api.cli.ml_samples import samples
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.evaluation.crossvalidation import Validation
    from ml.registry.store import ModelVersion

ml = typer.Typer(
    name="ml", help="Samples, experiments and models.", no_args_is_help=True
)
registry = typer.Typer(help="The models that are kept.", no_args_is_help=True)
ml.add_typer(registry, name="registry")
ml.add_typer(prep, name="prep")
ml.add_typer(samples, name="samples")

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
Folder = Annotated[
    Path,
    typer.Option(
        "--registry",
        help="The folder of the registry.",
        envvar="PYTHEAS_REGISTRY",
        file_okay=False,
    ),
]
Name = Annotated[str, typer.Argument(help="The model.")]


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


@registry.command("list")
def list_models(folder: Folder, *, json: Json = False) -> None:
    """All versions of all models, with their stages and metrics."""
    from ml.registry.store import Registry

    kept = Registry(folder)
    found = [one for name in kept.names() for one in kept.versions(name)]
    document = {"models": [_document(one) for one in found]}
    Console(json=json).report(document, "\n".join(map(_line, found)))


@registry.command()
def show(
    folder: Folder,
    name: Name,
    version: Annotated[int | None, typer.Option(help="The newest if left out.")] = None,
    *,
    json: Json = False,
) -> None:
    """What is known of a version."""
    from ml.registry.store import Registry

    found = Registry(folder).get(name, version)
    training = (f"  {key}: {value}" for key, value in found.training.items())
    text = "\n".join([_line(found), *training, found.card])
    Console(json=json).report(_document(found), text)


@registry.command()
def best(
    folder: Folder,
    name: Name,
    metric: Annotated[str, typer.Option(help="By which metric.")],
    *,
    lowest: Annotated[
        bool, typer.Option("--lowest", help="The lowest value is the best.")
    ] = False,
    json: Json = False,
) -> None:
    """The version with the best value of a metric."""
    from ml.registry.store import Registry

    found = Registry(folder).best(name, metric, is_higher_better=not lowest)
    Console(json=json).report(_document(found), _line(found))


@registry.command()
def promote(
    folder: Folder,
    name: Name,
    version: Annotated[int, typer.Argument(help="Which version.")],
    stage: Annotated[
        str, typer.Argument(help="none, staging, production or archived.")
    ],
    *,
    json: Json = False,
) -> None:
    """Move a version to a stage; what was in production before is archived."""
    from ml.errors import NoSuchModel
    from ml.registry.store import Registry, Stage

    if stage not in set(Stage):
        known = ", ".join(Stage)
        raise NoSuchModel(f"there is no stage {stage!r}; there are {known}")
    found = Registry(folder).set_stage(name, version, Stage(stage))
    Console(json=json).report(_document(found), _line(found))


def _document(one: "ModelVersion") -> dict[str, Any]:
    return {**asdict(one), "created": one.created.isoformat()}


def _line(one: "ModelVersion") -> str:
    metrics = ", ".join(f"{key} {value:.3f}" for key, value in one.metrics.items())
    return f"{one.name} {one.version}  {one.stage}  {metrics}"
