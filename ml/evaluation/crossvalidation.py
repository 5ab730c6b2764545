"""Cross-validation: each fold is predicted by what was trained on all others.

Shape suffixes: N samples, K classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.calibration import ConformalSets, fit_temperature, softmax
from ml.evaluation.metrics import (
    Interval,
    Labels,
    Probabilities,
    accuracy,
    bootstrap,
    calibration_error,
    confusion_matrix,
    f1_of_classes,
    macro_f1,
)
from ml.samples.splits import Folds
from ontologies.progress import Progress, silent

Logits: TypeAlias = NDArray[np.float64]

TrainAndPredict: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.int64]], Logits]
"""From the rows to train on and those to predict to logits of the latter."""

_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Validation:
    """What was predicted for every sample by a model that had not seen it.

    Attributes:
        classes: Their names.
        truth_N: The class of each sample.
        folds_N: Its fold.
        logits_NK: What was predicted.
        is_grouped: Whether the samples of a fold depend on each other, as those of one
            scene do: then intervals draw folds whole.
    """

    classes: tuple[str, ...]
    truth_N: Labels
    folds_N: Folds
    logits_NK: Logits
    is_grouped: bool = False

    @property
    def predicted_N(self) -> Labels:
        """The most probable class of each."""
        predicted_N: Labels = np.argmax(self.logits_NK, axis=1)
        return predicted_N

    @property
    def confusion_KK(self) -> Labels:
        """Counts, true classes by row."""
        return confusion_matrix(self.truth_N, self.predicted_N, len(self.classes))

    def calibrated(self) -> Probabilities:
        """Probabilities of each fold by the temperature of all others."""
        probabilities_NK = np.empty_like(self.logits_NK)
        for fold in np.unique(self.folds_N):
            is_in = self.folds_N == fold
            warmth = fit_temperature(self.logits_NK[~is_in], self.truth_N[~is_in])
            probabilities_NK[is_in] = softmax(self.logits_NK[is_in], warmth)
        return probabilities_NK

    def report(self) -> "Report":
        """The numbers, with their intervals."""
        groups_N = self.folds_N if self.is_grouped else None
        measured = (self.truth_N, self.predicted_N, len(self.classes), groups_N)
        calibrated = self.calibrated()
        raw, after = (
            calibration_error(each, self.truth_N, groups_N)
            for each in (softmax(self.logits_NK), calibrated)
        )
        right_N = self.predicted_N == self.truth_N
        folds = np.unique(self.folds_N).tolist()
        return Report(
            samples=len(self.truth_N),
            accuracy=bootstrap(accuracy, *measured),
            macro_f1=bootstrap(macro_f1, *measured),
            f1=dict(
                zip(
                    self.classes, f1_of_classes(self.confusion_KK).tolist(), strict=True
                )
            ),
            accuracy_of_folds=[float(right_N[self.folds_N == f].mean()) for f in folds],
            calibration_error=raw,
            calibration_error_after=after,
            coverage_of_sets=self._coverage(calibrated),
            confusion=self.confusion_KK.tolist(),
        )

    def _coverage(self, probabilities_NK: Probabilities, wanted: float = 0.9) -> float:
        """How often sets hold the truth, of each fold by the threshold of others."""
        held_N = np.empty(len(self.truth_N), bool)
        for fold in np.unique(self.folds_N):
            is_in = self.folds_N == fold
            sets = ConformalSets.fit(
                probabilities_NK[~is_in], self.truth_N[~is_in], wanted
            )
            rows = np.flatnonzero(is_in)
            held_N[is_in] = sets.sets(probabilities_NK[is_in])[
                np.arange(len(rows)), self.truth_N[is_in]
            ]
        return float(held_N.mean())


@dataclass(frozen=True, slots=True)
class Report:
    """What a cross-validation found.

    Attributes:
        samples: How many.
        accuracy: With its 95 % interval.
        macro_f1: The same.
        f1: Of each class.
        accuracy_of_folds: Of each fold.
        calibration_error: Expected calibration error as predicted, 15 bins of equal
            width, with its 95 % interval.
        calibration_error_after: After temperature scaling by the other folds.
        coverage_of_sets: How often conformal sets for 90 % hold the truth.
        confusion: Counts, true classes by row.
    """

    samples: int
    accuracy: Interval
    macro_f1: Interval
    f1: dict[str, float]
    accuracy_of_folds: list[float]
    calibration_error: Interval
    calibration_error_after: Interval
    coverage_of_sets: float
    confusion: list[list[int]]

    def as_json(self) -> dict[str, Any]:
        """The same for `json.dumps`."""
        return asdict(self)

    @property
    def metrics(self) -> dict[str, float]:
        """Single numbers by name, to compare runs by."""
        return {
            "accuracy": self.accuracy.value,
            "macro_f1": self.macro_f1.value,
            "worst_fold": min(self.accuracy_of_folds),
            "calibration_error_before": self.calibration_error.value,
            "calibration_error": self.calibration_error_after.value,
            "coverage_of_sets": self.coverage_of_sets,
        }

    def __str__(self) -> str:
        worst = min(self.accuracy_of_folds)
        return "\n".join(
            [
                f"samples            {self.samples}",
                f"accuracy           {self.accuracy}",
                f"macro-F1           {self.macro_f1}",
                f"worst fold         {worst:.3f}",
                f"calibration error  {self.calibration_error}",
                f"  after scaling    {self.calibration_error_after}",
                f"90 % sets hold     {self.coverage_of_sets:.3f}",
            ]
        )


def cross_validate(
    labels_N: Labels,
    classes: Sequence[str],
    folds_N: Folds,
    train_and_predict: TrainAndPredict,
    progress: Progress = silent,
) -> Validation:
    """Predict every fold by what is trained on the others."""
    logits_NK = np.full((len(labels_N), len(classes)), np.nan)
    folds = np.unique(folds_N)
    for done, fold in enumerate(folds):
        progress("validate", done / len(folds))
        test = np.flatnonzero(folds_N == fold)
        train = np.flatnonzero(folds_N != fold)
        logits_NK[test] = train_and_predict(train, test)
    progress("validate", 1.0)
    return Validation(tuple(classes), labels_N, folds_N, logits_NK)


def logits_of(probabilities_NK: Probabilities, least: float = _LEAST) -> Logits:
    """Logarithms of probabilities, of which none is taken for less than `least`."""
    return np.log(np.maximum(probabilities_NK, least))
