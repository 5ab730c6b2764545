"""From samples and a recipe to a version in the registry.

A fifth of the folds is held out first: half of it gives the temperature, the other half
tells how good such a network is.  The network that is kept has seen all samples, and
has that temperature.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from torch import nn

from ml.errors import InvalidSplit
from ml.evaluation.calibration import fit_temperature, softmax
from ml.evaluation.metrics import accuracy, confusion_matrix, macro_f1, reliability
from ml.models.calibrated import Calibrated
from ml.registry.store import ModelVersion, Registry, check_name
from ml.trainable import Rows, Trainable
from ml.training.run import Run
from ml.version import git_state, software_version

_FIFTH: Final = 5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What held-out samples say of a network.

    Attributes:
        temperature: By which it is honest.
        metrics: Accuracy, macro-F1 and calibration error, by name.
        samples: How many labels the metrics are of.
    """

    temperature: float
    metrics: dict[str, float]
    samples: int


def train_and_register(
    what: Trainable,
    run: Run,
    registry: Registry,
    name: str,
    *,
    dataset: str,
) -> ModelVersion:
    """Train a network, calibrate it, and keep it as the next version of a name.

    Run again with the same arguments it goes on from its checkpoints, which lie in a
    folder named by the data: other data begin anew.

    Raises:
        RegistryError: The name is none, or the registry cannot be written.
        CheckpointMismatch: The checkpoints are of another network or config.
        TrainingDiverged: The loss is no number any more.
    """
    check_name(name)
    found = _hold_out(what, _within(run, what, "held-out"))
    network = what.train(np.arange(len(what.folds_N)), _within(run, what, "all"))
    training = {
        "dataset": dataset,
        "recipe": what.recipe,
        "seed": str(run.seed),
        **({} if run.epochs is None else {"epochs": str(run.epochs)}),
        "samples": str(len(what.folds_N)),
        "data_sha256": what.sha256,
        **what.observed,
        "temperature": f"{found.temperature:.4f}",
        "git": git_state(),
        "software": software_version(),
    }
    return registry.register(
        name,
        Calibrated(network, found.temperature),
        what.signature,
        what.classes,
        metrics=found.metrics,
        training=training,
        card=_card(dataset, what.recipe, found),
    )


def _within(run: Run, what: Trainable, part: str) -> Run:
    if run.checkpoints is None:
        return run
    return replace(run, checkpoints=run.checkpoints / what.sha256[:12] / part)


def _hold_out(what: Trainable, run: Run) -> HeldOut:
    folds = np.unique(what.folds_N)
    out = folds[: max(1, len(folds) // _FIFTH)]
    is_out_N = np.isin(what.folds_N, out)
    if is_out_N.all():
        raise InvalidSplit("all samples are of one fold: none is left to train on")
    network = what.train(np.flatnonzero(~is_out_N), run)
    rows = np.flatnonzero(is_out_N)
    return _measure(what, network, rows[::2], rows[1::2])


def _measure(what: Trainable, network: nn.Module, fitted: Rows, asked: Rows) -> HeldOut:
    temperature = fit_temperature(what.logits(network, fitted), what.truth(fitted))
    logits_MK, truth_M = what.logits(network, asked), what.truth(asked)
    confusion_KK = confusion_matrix(truth_M, logits_MK.argmax(1), len(what.classes))
    before, after = (
        reliability(softmax(logits_MK, each), truth_M).expected_calibration_error
        for each in (1.0, temperature)
    )
    metrics = {
        "accuracy": accuracy(confusion_KK),
        "macro_f1": macro_f1(confusion_KK),
        "calibration_error": after,
        "calibration_error_before": before,
    }
    return HeldOut(temperature, metrics, len(truth_M))


def _card(dataset: str, recipe: str, found: HeldOut) -> str:
    return (
        f"# {recipe} on {dataset}\n\n"
        f"Trained on all samples of {dataset} by the recipe {recipe}. The metrics are "
        f"those of a network of the same recipe on {found.samples} labels of folds "
        "that it had not seen; the temperature is from as many others of these folds. "
        "What lies elsewhere, or was observed otherwise, was not tested."
    )
