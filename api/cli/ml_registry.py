"""`pytheas ml registry`: the models that are kept."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_options import Folder
from api.cli.options import Json

if TYPE_CHECKING:
    from ml.registry.store import ModelVersion

registry = typer.Typer(help="The models that are kept.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The model.")]


@registry.command("list")
def list_models(folder: Folder, *, json: Json = False) -> None:
    """All versions of all models, with their stages and metrics."""
    from ml.registry.store import Registry

    kept = Registry(folder)
    found = [one for name in kept.names() for one in kept.versions(name)]
    document = {"models": [document_of(one) for one in found]}
    Console(json=json).report(document, "\n".join(map(line_of, found)))


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
    text = "\n".join([line_of(found), *training, found.card])
    Console(json=json).report(document_of(found), text)


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
    Console(json=json).report(document_of(found), line_of(found))


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
    Console(json=json).report(document_of(found), line_of(found))


def document_of(one: "ModelVersion") -> dict[str, Any]:
    """A version, for programs."""
    return {**asdict(one), "created": one.created.isoformat()}


def line_of(one: "ModelVersion") -> str:
    """A version in one line."""
    metrics = ", ".join(f"{key} {value:.3f}" for key, value in one.metrics.items())
    return f"{one.name} {one.version}  {one.stage}  {metrics}"
