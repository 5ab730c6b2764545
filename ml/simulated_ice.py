"""Classifiers of ice against simulations whose Bayes optimum is known.

Three questions, each answered with a 95 % interval:

* single pixels: how much worse than the optimum is the closed-form classifier?
* features whose speckle is averaged away: the same, and what not knowing the incidence
  angle costs, to the classifier of the published form, for which all angles are then
  one, and to the best that does not know it;
* scenes: how often is a classifier right that sees neighbors, away from the edges of
  ice, all classes counting alike, and how much below the optimum of features is that?

Shape suffixes: K classes, N samples, P polarizations, H rows, W columns, S scenes,
A incidence angles, R resamples.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter
from scipy.special import logsumexp

from ml.evaluation.metrics import RESAMPLES, Interval, interval, reliability
from ml.evaluation.regret import Regret, regret
from ml.map_rasters import NO_CLASS
from ml.models.classify import Context, classify_bands
from ml.models.gia import GaussianIncidenceAngle
from ml.scene import Bands
from ml.sim.bayes import Design, Samples, draw_samples, log_likelihood
from ml.sim.ice import Setup, simulate
from ml.sim.parameters import load_parameters
from ontologies.progress import Progress, silent

Floats: TypeAlias = NDArray[np.floating]
SceneClassifier: TypeAlias = Callable[[Bands, float], Floats]
"""From bands and the number of looks to probabilities (K, H, W)."""

FIXED_DEG: Final = 33.0
"""What a classifier takes all angles for that does not use them."""

_ANGLES: Final = 28
_FIRST_SEED: Final = 3_000_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is drawn.

    Attributes:
        samples: Of pixels, and of features.
        scenes: How many.
        side_px: Rows and columns of each.
        edge_px: Pixels so near to another class are not counted.
    """

    samples: int = 20_000
    scenes: int = 12
    side_px: int = 384
    edge_px: int = 3


@dataclass(frozen=True, slots=True)
class SceneReport:
    """A classifier of scenes.

    Attributes:
        interior: Accuracy away from edges, all classes alike.
        regret: How much that is below the optimum of features.
        overall: Accuracy of all pixels.
        calibration_error: Of all pixels.
    """

    interior: Interval
    regret: Interval
    overall: Interval
    calibration_error: Interval


@dataclass(frozen=True, slots=True)
class IceReport:
    """What was found.

    Attributes:
        pixel: The closed-form classifier beside the optimum of pixels.
        segment: The same, of features.
        fixed_angle: What it loses where all angles are `FIXED_DEG` to it, of features.
        unknown_angle: What the best classifier loses that does not know the angle.
        scenes: A classifier that sees neighbors.
    """

    pixel: Regret
    segment: Regret
    fixed_angle: Regret
    unknown_angle: Regret
    scenes: SceneReport

    def as_json(self) -> dict[str, Any]:
        """The same for `json.dumps`."""
        return asdict(self)

    @property
    def metrics(self) -> dict[str, float]:
        """Single numbers by name, to compare runs by: those of scenes."""
        return {
            "accuracy": self.scenes.overall.value,
            "interior_accuracy": self.scenes.interior.value,
            "regret": self.scenes.regret.value,
            "calibration_error": self.scenes.calibration_error.value,
        }

    def __str__(self) -> str:
        rows = (
            ("pixels: optimum", self.pixel.optimum),
            ("  closed form loses", self.pixel.regret),
            ("features: optimum", self.segment.optimum),
            ("  closed form loses", self.segment.regret),
            ("  one angle loses", self.fixed_angle.regret),
            ("  no angle loses", self.unknown_angle.regret),
            ("scenes: interior", self.scenes.interior),
            ("  below features by", self.scenes.regret),
            ("  all pixels", self.scenes.overall),
            ("  calibration error", self.scenes.calibration_error),
        )
        return "\n".join(f"{name:<24}{value}" for name, value in rows)


def with_neighbors(bands: Bands, looks: float) -> Floats:
    """The closed-form classifier, each pixel in the company of its neighbors."""
    model = GaussianIncidenceAngle.from_parameters()
    return classify_bands(bands, looks, model, Context())


def measure_ice(
    classify: SceneClassifier = with_neighbors,
    sizes: Sizes | None = None,
    progress: Progress = silent,
) -> IceReport:
    """Measure the closed-form classifier, and one of scenes.

    Args:
        classify: The classifier of scenes.
        sizes: How much is drawn; as much as reports have where None.
        progress: Told of each stage.
    """
    sizes = sizes or Sizes()
    parameters = load_parameters()
    rng = np.random.default_rng(0)
    progress("samples", 0.0)
    of_pixels = Design(looks=parameters.looks, has_noise=True)
    pixels = draw_samples(parameters, of_pixels, sizes.samples, rng)
    pixel = _closed_form(of_pixels, pixels, pixels.incidence_N)
    features = draw_samples(parameters, Design(), sizes.samples, rng)
    fixed_N = np.full(sizes.samples, FIXED_DEG, np.float32)
    segment, fixed = (
        _closed_form(Design(), features, angles_N)
        for angles_N in (features.incidence_N, fixed_N)
    )
    unknown = _unknown_angle(Design(), features)
    scenes = _measure_scenes(classify, sizes, segment, progress)
    return IceReport(pixel, segment, fixed, unknown, scenes)


def _optimal(design: Design, samples: Samples) -> NDArray[np.float64]:
    logs_KN = log_likelihood(load_parameters().ice, design, samples)
    return np.asarray(np.exp(logs_KN - logsumexp(logs_KN, axis=0)).T, np.float64)


def _closed_form(design: Design, samples: Samples, angles_N: Floats) -> Regret:
    """The closed-form classifier beside the optimum, told these angles."""
    bands_PN, angles, nesz_PN = (
        None if each is None else torch.from_numpy(np.asarray(each, np.float64))
        for each in (samples.sigma0_db_PN, angles_N, samples.nesz_db_PN)
    )
    assert bands_PN is not None  # noqa: S101 - samples have bands and angles
    assert angles is not None  # noqa: S101
    with torch.no_grad():
        logs_1K1N = GaussianIncidenceAngle.from_parameters()(
            bands_PN[None, :, None],
            angles[None, None],
            None if nesz_PN is None else nesz_PN[None, :, None],
            design.looks,
        )
    said_NK = logs_1K1N.softmax(1)[0, :, 0].T.numpy()
    return regret(said_NK, _optimal(design, samples), samples.classes_N)


def _unknown_angle(design: Design, samples: Samples) -> Regret:
    """The best classifier for which all angles of the swath are equally probable."""
    ice = load_parameters().ice
    angles_A = np.linspace(*design.incidence_deg, _ANGLES)
    logs_AKN = []
    for angle in angles_A:
        angle_N = np.full_like(samples.incidence_N, angle)
        supposed = replace(samples, incidence_N=angle_N)
        logs_AKN.append(log_likelihood(ice, design, supposed))
    logs_KN = np.asarray(logsumexp(np.stack(logs_AKN), axis=0))
    said_NK = np.exp(logs_KN - logsumexp(logs_KN, axis=0)).T
    return regret(said_NK, _optimal(design, samples), samples.classes_N)


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What a classifier said of a scene: of its pixels confidence, and counts (K)."""

    probabilities_NK: NDArray[np.float64]
    truth_N: NDArray[np.int64]
    interior_right_K: NDArray[np.int64]
    interior_K: NDArray[np.int64]


def _measure_scenes(
    classify: SceneClassifier, sizes: Sizes, features: Regret, progress: Progress
) -> SceneReport:
    said = []
    for scene in range(sizes.scenes):
        progress("scenes", scene / sizes.scenes)
        said.append(_ask(classify, sizes, _FIRST_SEED + scene))
    progress("scenes", 1.0)
    rng = np.random.default_rng(0)
    drawn_RS = rng.integers(0, len(said), (RESAMPLES, len(said)))
    whole = np.arange(len(said))
    best = features.optimum
    sigma = (best.high - best.low) / 4
    best_R = best.value + sigma * rng.standard_normal(RESAMPLES)
    inside, inside_R = _interior(said, whole), [_interior(said, d) for d in drawn_RS]
    overall_R = [_overall(said, d) for d in drawn_RS]
    errors_R = [_calibration_error(said, d) for d in drawn_RS[: len(said) * 10]]
    return SceneReport(
        interior=interval(inside, inside_R),
        regret=interval(best.value - inside, best_R - np.array(inside_R)),
        overall=interval(_overall(said, whole), overall_R),
        calibration_error=interval(_calibration_error(said, whole), errors_R),
    )


def _ask(classify: SceneClassifier, sizes: Sizes, seed: int) -> _Said:
    scene = simulate(Setup(shape=(sizes.side_px, sizes.side_px)), seed)
    said_KHW = classify(scene.bands, scene.looks)
    seen_HW = scene.classes_HW != NO_CLASS
    truth_HW = scene.classes_HW.astype(np.int64)
    size = 2 * sizes.edge_px + 1
    codes_HW = truth_HW.astype(np.int16)
    # Of the least and the greatest class around; the edge of the swath is no class.
    inner_HW = (minimum_filter(codes_HW, size) == codes_HW) & (
        -minimum_filter(-codes_HW, size) == codes_HW
    )
    inner_HW &= seen_HW
    right_HW = said_KHW.argmax(0) == truth_HW
    count = len(said_KHW)
    return _Said(
        probabilities_NK=said_KHW[:, seen_HW].T.astype(np.float64),
        truth_N=truth_HW[seen_HW],
        interior_right_K=np.bincount(truth_HW[inner_HW & right_HW], minlength=count),
        interior_K=np.bincount(truth_HW[inner_HW], minlength=count),
    )


def _interior(said: list[_Said], drawn_S: NDArray[np.int64]) -> float:
    """The mean over classes of how often each was found."""
    right_K = sum(said[s].interior_right_K for s in drawn_S)
    total_K = sum(said[s].interior_K for s in drawn_S)
    return float(np.mean(right_K / np.maximum(total_K, 1)))


def _overall(said: list[_Said], drawn_S: NDArray[np.int64]) -> float:
    right = [_rightness(said[s]).sum() for s in drawn_S]
    return float(sum(right) / sum(len(said[s].truth_N) for s in drawn_S))


def _rightness(one: _Said) -> NDArray[np.bool_]:
    return np.asarray(one.probabilities_NK.argmax(1) == one.truth_N)


def _calibration_error(said: list[_Said], drawn_S: NDArray[np.int64]) -> float:
    return reliability(
        np.concatenate([said[s].probabilities_NK for s in drawn_S]),
        np.concatenate([said[s].truth_N for s in drawn_S]),
    ).expected_calibration_error
