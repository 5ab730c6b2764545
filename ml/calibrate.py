"""A registered network becomes honest: a new version with another temperature.

The temperature is fitted to samples that the network has not seen, and what it is worth
is told by others of them.  Of simulated data sets such samples are drawn; of real ones
they are the folds that `ml.train` held out.

Shape suffixes: M labels (of samples, or of all their pixels), K classes.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ml.errors import InvalidTraining
from ml.evaluation.calibration import ConformalSets, fit_temperature, softmax
from ml.evaluation.metrics import (
    BINS,
    Interval,
    Labels,
    accuracy,
    bootstrap,
    calibration_error,
    confusion_matrix,
    log_loss,
    reliability,
)
from ml.models.calibrated import Calibrated
from ml.registry.store import ModelVersion, Registry
from ml.train import HELD_OUT, halves
from ml.trainable import Rows, Trainable, unseen
from ml.trainable_shards import what_to_train
from ontologies.progress import Progress, silent

COVERAGE: Final = 0.9


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What calibration did, by samples that it was not fitted to.

    Attributes:
        temperature: By which logits are divided.
        labels: How many the numbers are of.
        bins: Of confidence, equally wide, over which the error is summed.
        accuracy: With its 95 % interval.
        error_before: Expected calibration error of the network alone.
        error_after: With the temperature.
        log_loss_before: Nats.
        log_loss_after: Nats.
        coverage_wanted: Of conformal sets.
        coverage: How often they hold the truth.
        set_size: How many classes they have on average.
        threshold: Of the sets, see `ConformalSets`.
    """

    temperature: float
    labels: int
    bins: int
    accuracy: Interval
    error_before: Interval
    error_after: Interval
    log_loss_before: float
    log_loss_after: float
    coverage_wanted: float
    coverage: float
    set_size: float
    threshold: float

    def as_json(self) -> dict[str, Any]:
        """The same for `json.dumps`."""
        return asdict(self)

    def __str__(self) -> str:
        sets = f"{self.coverage:.3f}, {self.set_size:.2f} classes on average"
        return "\n".join(
            [
                f"temperature        {self.temperature:.3f}",
                f"accuracy           {self.accuracy}",
                f"calibration error  {self.error_before} ({self.bins} bins)",
                f"  with temperature {self.error_after}",
                f"log loss           {self.log_loss_before:.3f} nats",
                f"  with temperature {self.log_loss_after:.3f} nats",
                f"{self.coverage_wanted:.0%} sets hold     {sets}",
            ]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the network said of the samples that tell.

    Attributes:
        logits_MK: Without any temperature.
        truth_M: Their classes.
        report: What follows from it.
    """

    logits_MK: NDArray[np.float64]
    truth_M: Labels
    report: CalibrationReport


def calibrate(
    registry: Registry,
    name: str,
    data: Path | None = None,
    *,
    coverage: float = COVERAGE,
    output: Path | None = None,
    progress: Progress = silent,
) -> tuple[ModelVersion, CalibrationReport]:
    """Keep a network with the temperature that makes it honest, as a new version.

    Args:
        registry: Where the model is.
        name: As `Registry.find` takes it.
        data: Where the data sets lie; not needed for simulated ones.
        coverage: How often conformal sets are to hold the truth.
        output: A folder for the report and pictures.
        progress: Told of each stage.

    Raises:
        NoSuchModel: There is no such model.
        InvalidTraining: It has seen all samples, or other data than these.
        InvalidSamples: There are too few for the coverage.
    """
    version = registry.find(name)
    what, rows = _samples(version, data, progress)
    network = _bare(registry.load(version))
    progress("calibrate", 0.0)
    asked = _ask(what, network, rows, coverage)
    made = _register(registry, version, network, asked.report)
    if output is not None:
        draw(asked, version.classes, output)
    progress("calibrate", 1.0)
    return made, asked.report


def _register(
    registry: Registry,
    version: ModelVersion,
    network: nn.Module,
    report: CalibrationReport,
) -> ModelVersion:
    return registry.register(
        version.name,
        Calibrated(network, report.temperature),
        version.signature,
        version.classes,
        metrics={
            **version.metrics,
            "calibration_error": report.error_after.value,
            "calibration_error_before": report.error_before.value,
            "coverage": report.coverage,
        },
        training={
            **version.training,
            "temperature": f"{report.temperature:.4f}",
            "calibrated_from": str(version.version),
            "conformal": json.dumps([report.coverage_wanted, report.threshold]),
        },
        card=version.card,
    )


def _samples(
    version: ModelVersion, data: Path | None, progress: Progress
) -> tuple[Trainable, Rows]:
    """Samples that the network has not seen."""
    said = version.training
    label = f"{version.name} {version.version}"
    if "dataset" not in said:
        raise InvalidTraining(f"{label} does not say what it was trained on")
    drawn = unseen(said["dataset"], said.get("recipe"), progress)
    if drawn is not None:
        return drawn, np.arange(len(drawn.folds_N))
    if HELD_OUT not in said:
        reason = "has seen all samples of its data set; train it with --hold-out"
        raise InvalidTraining(f"{label} {reason}")
    what = what_to_train(said["dataset"], said.get("recipe"), data, progress)
    if what.sha256 != said["data_sha256"]:
        raise InvalidTraining(f"{label} was trained on other data than these")
    is_out_N = np.isin(what.folds_N, json.loads(said[HELD_OUT]))
    return what, np.flatnonzero(is_out_N)


def _bare(model: nn.Module) -> nn.Module:
    while isinstance(model, Calibrated):
        model = model.model
    return model


def _ask(what: Trainable, network: nn.Module, rows: Rows, coverage: float) -> Asked:
    fitted, asked = halves(what, rows)
    fitted_MK, truth_of_fitted_M = what.logits(network, fitted), what.truth(fitted)
    temperature = fit_temperature(fitted_MK, truth_of_fitted_M)
    sets = ConformalSets.fit(
        softmax(fitted_MK, temperature), truth_of_fitted_M, coverage
    )
    logits_MK, truth_M = what.logits(network, asked), what.truth(asked)
    groups_M = what.folds_N[asked] if what.is_grouped else np.arange(len(asked))
    groups_M = np.repeat(groups_M, len(truth_M) // len(asked))
    before, after = softmax(logits_MK), softmax(logits_MK, temperature)
    is_in_MK = sets.sets(after)
    predicted_M = logits_MK.argmax(1)
    report = CalibrationReport(
        temperature=temperature,
        labels=len(truth_M),
        bins=BINS,
        accuracy=bootstrap(accuracy, truth_M, predicted_M, len(what.classes), groups_M),
        error_before=calibration_error(before, truth_M, groups_M),
        error_after=calibration_error(after, truth_M, groups_M),
        log_loss_before=log_loss(before, truth_M),
        log_loss_after=log_loss(after, truth_M),
        coverage_wanted=coverage,
        coverage=float(is_in_MK[np.arange(len(truth_M)), truth_M].mean()),
        set_size=float(is_in_MK.sum(1).mean()),
        threshold=sets.threshold,
    )
    return Asked(logits_MK, truth_M, report)


def draw(asked: Asked, classes: tuple[str, ...], folder: Path) -> None:
    """Write `report.json`, the confusion matrix and the reliability diagram."""
    from ml.evaluation.plots import (  # noqa: PLC0415 - Matplotlib is slow to import
        plot_confusion,
        plot_reliability,
    )

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asked.report.as_json(), indent=1)
    (folder / "report.json").write_text(text)
    predicted_M = asked.logits_MK.argmax(1)
    confusion_KK = confusion_matrix(asked.truth_M, predicted_M, len(classes))
    names = [each.rpartition("/")[2] for each in classes]
    plot_confusion(confusion_KK, names, folder / "confusion.png")
    before, after = (
        reliability(softmax(asked.logits_MK, each), asked.truth_M)
        for each in (1.0, asked.report.temperature)
    )
    plot_reliability(before, after, folder / "reliability.png")
