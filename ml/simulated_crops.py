"""Recipes against simulations whose Bayes optimum is known.

Shape suffixes: N samples, K classes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.evaluation.crossvalidation import Validation
from ml.evaluation.regret import Regret, regret
from ml.recipes import SERIES_RECIPES, find_network_recipe
from ml.samples.series import SeriesSamples
from ml.sim.crop import Season, optimal_probabilities, season, simulate_fields
from ml.training.run import Run
from ontologies.progress import Progress, silent

CROPS: Final = "simulated-crops"
"""The data set of simulated fields."""

TRAINED_ON: Final = 8_000
ASKED: Final = 10_000
_TRAINING_SEED: Final = 1_000_000
_TEST_SEED: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class SimulatedFields:
    """How many fields are drawn, and how.

    Attributes:
        season: What they look like.
        train: Fields to learn from.
        test: Fields to be asked about.
    """

    season: Season
    train: int = TRAINED_ON
    test: int = ASKED


def training_fields() -> SeriesSamples:
    """The fields that `pytheas ml train simulated-crops` learns from."""
    return simulate_fields(season(), TRAINED_ON, _TRAINING_SEED)


def validate_on_fields(
    recipe: str | None = None,
    fields: SimulatedFields | None = None,
    run: Run | None = None,
    progress: Progress = silent,
) -> tuple[Validation, Regret]:
    """Train on simulated fields, and ask about others.

    Calibrated are the probabilities of each half of the latter by the other half.

    Args:
        recipe: For series; `crop-tempcnn` where None.
        fields: How many; as many as reports have where None.
        run: Seed and checkpoints.
        progress: Told of the training.

    Raises:
        UnknownRecipe: There is no such recipe.
        InvalidTraining: It gives no network.
    """
    chosen = find_network_recipe(SERIES_RECIPES, recipe or "crop-tempcnn")
    drawn = fields or SimulatedFields(season())
    train, test = (
        simulate_fields(drawn.season, count, seed)
        for count, seed in ((drawn.train, _TRAINING_SEED), (drawn.test, _TEST_SEED))
    )
    model = chosen.train(train, run or Run(progress=progress))
    done = Validation(
        classes=test.classes,
        truth_N=test.labels_N,
        folds_N=np.arange(len(test)) % 2,
        logits_NK=chosen.logits(model, test),
    )
    optimal_NK = optimal_probabilities(drawn.season, test.values_NTC[:])
    return done, regret(done.calibrated(), optimal_NK, test.labels_N)
