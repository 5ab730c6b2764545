"""From samples and a recipe to a version in the registry.

A fifth of the folds is held out first: half of it gives the temperature, the other half
tells how good such a network is.  The network that is kept has seen all samples, and
has that temperature.
"""

import json
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from torch import nn

from ml.errors import InvalidSplit
from ml.evaluation.calibration import fit_temperature, softmax
from ml.evaluation.metrics import accuracy, confusion_matrix, macro_f1, reliability
from ml.models.calibrated import Calibrated
from ml.registry.store import ModelVersion, Registry, check_name
from ml.samples.splits import Folds
from ml.trainable import Rows, Trainable
from ml.training.run import Run
from ml.version import git_state, software_version

_FIFTH: Final = 5

HELD_OUT: Final = "held_out_folds"
"""What a version says of the folds that its network has not seen."""


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


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that was trained.

    Attributes:
        network: With its temperature.
        found: What held-out samples say of networks like it.
        is_held_out: Whether it is the one that has not seen them.
    """

    network: Calibrated
    found: HeldOut
    is_held_out: bool


def train_and_register(
    what: Trainable,
    run: Run,
    registry: Registry,
    name: str,
    *,
    dataset: str,
    is_held_out: bool = False,
) -> ModelVersion:
    """Train a network, calibrate it, and keep it as the next version of a name.

    With `is_held_out` the network is kept that has not seen a fifth of the folds: for
    `ml.calibrate`, which needs samples that it has not seen.

    Run again with the same arguments it goes on from its checkpoints, which lie in a
    folder named by the data: other data begin anew.

    Raises:
        RegistryError: The name is none, or the registry cannot be written.
        CheckpointMismatch: The checkpoints are of another network or config.
        TrainingDiverged: The loss is no number any more.
    """
    check_name(name)
    trained = train_calibrated(what, run, is_held_out=is_held_out)
    return register(what, run, registry, name, trained, dataset=dataset)


def train_calibrated(
    what: Trainable, run: Run, *, is_held_out: bool = False
) -> Trained:
    """A network with its temperature; see `train_and_register`.

    Raises:
        CheckpointMismatch: The checkpoints are of another network or config.
        TrainingDiverged: The loss is no number any more.
    """
    found, network = _hold_out(what, _within(run, what, "held-out"))
    if not is_held_out:
        network = what.train(np.arange(len(what.folds_N)), _within(run, what, "all"))
    return Trained(Calibrated(network, found.temperature), found, is_held_out)


def register(
    what: Trainable,
    run: Run,
    registry: Registry,
    name: str,
    trained: Trained,
    *,
    dataset: str,
) -> ModelVersion:
    """Keep what was trained as the next version of a name.

    Raises:
        RegistryError: The name is none, or the registry cannot be written.
    """
    found = trained.found
    held_out = {HELD_OUT: json.dumps(_held_out(what).tolist())}
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
        **(held_out if trained.is_held_out else {}),
    }
    return registry.register(
        name,
        trained.network,
        what.signature,
        what.classes,
        metrics=found.metrics,
        training=training,
        card=_card(dataset, what.recipe, found),
    )


def _within(run: Run, what: Trainable, part: str) -> Run:
    folder = run.checkpoints and run.checkpoints / what.sha256[:12] / part
    return replace(run, checkpoints=folder, part=part)


def _held_out(what: Trainable) -> Folds:
    folds = np.unique(what.folds_N)
    return folds[: max(1, len(folds) // _FIFTH)]


def _hold_out(what: Trainable, run: Run) -> tuple[HeldOut, nn.Module]:
    is_out_N = np.isin(what.folds_N, _held_out(what))
    if is_out_N.all():
        raise InvalidSplit("all samples are of one fold: none is left to train on")
    network = what.train(np.flatnonzero(~is_out_N), run)
    fitted, asked = halves(what, np.flatnonzero(is_out_N))
    return _measure(what, network, fitted, asked), network


def halves(what: Trainable, rows: Rows) -> tuple[Rows, Rows]:
    """Samples to fit a temperature by, and others to ask: folds whole, if several."""
    folds_M = what.folds_N[rows]
    folds = np.unique(folds_M)
    if len(folds) == 1:
        return rows[::2], rows[1::2]
    is_first_M = np.isin(folds_M, folds[::2])
    return rows[is_first_M], rows[~is_first_M]


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
        **what.metrics(logits_MK, truth_M),
    }
    return HeldOut(temperature, metrics, len(truth_M))


def _card(dataset: str, recipe: str, found: HeldOut) -> str:
    return (
        f"# {recipe} on {dataset}\n\n"
        f"Trained on samples of {dataset} by the recipe {recipe}. The metrics are "
        f"those of a network of the same recipe on {found.samples} labels of folds "
        "that it had not seen; the temperature is from as many others of these folds. "
        "What lies elsewhere, or was observed otherwise, was not tested."
    )
