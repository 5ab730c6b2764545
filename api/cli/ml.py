"""`pytheas ml`: experiments on samples, and the models that are kept."""

import typer

from api.cli.ml_evaluate import evaluate
from api.cli.ml_experiments import experiments
from api.cli.ml_maps import agree, predict, simulate, vectorize
from api.cli.ml_prep import prep
from api.cli.ml_registry import registry
from api.cli.ml_samples import samples
from api.cli.ml_train import calibrate, export, train

ml = typer.Typer(
    name="ml", help="Samples, experiments and models.", no_args_is_help=True
)
ml.add_typer(registry, name="registry")
ml.add_typer(experiments, name="experiments")
ml.add_typer(prep, name="prep")
ml.add_typer(samples, name="samples")
ml.add_typer(simulate, name="simulate")
ml.command()(evaluate)
ml.command()(train)
ml.command()(calibrate)
ml.command()(export)
ml.command()(predict)
ml.command()(vectorize)
ml.command()(agree)
