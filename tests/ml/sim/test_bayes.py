"""The optimum is the published one, and the model in torch comes close to it."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import gamma, multivariate_normal

from ml.scene import LOWEST_DB
from ml.sim.backscatter import (
    measure,
    to_db,
    to_power,
    true_sigma0_db,
)
from ml.sim.bayes import (
    Design,
    Samples,
    draw_samples,
    estimate,
    log_likelihood,
    optimal_classes,
)
from ml.sim.parameters import load_parameters

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

PARAMETERS = load_parameters()
SEGMENTS = Design()
PIXELS = Design(looks=10.7)
NOISY_PIXELS = Design(looks=10.7, has_noise=True)
COUNT = 40_000


def _draw(design: Design, count: int = COUNT) -> Samples:
    return draw_samples(PARAMETERS, design, count, np.random.default_rng(20220421))


def _model_classes(
    samples: Samples, looks: float | None, incidence_deg: float | None = None
) -> NDArray[np.int64]:
    """What the model says; with an angle, what it says where it knows no other."""
    from ml.models.gia import GaussianIncidenceAngle  # noqa: PLC0415 - needs torch

    angles = samples.incidence_N
    if incidence_deg is not None:
        angles = np.full_like(angles, incidence_deg)
    nesz = samples.nesz_db_PN
    log_posterior = GaussianIncidenceAngle.from_parameters()(
        torch.from_numpy(samples.sigma0_db_PN)[None, :, :, None],
        torch.from_numpy(angles)[None, :, None],
        None if nesz is None else torch.from_numpy(nesz)[None, :, :, None],
        looks,
    )
    classes: NDArray[np.int64] = log_posterior[0, :, :, 0].argmax(dim=0).numpy()
    return classes


def _accuracy(classes: NDArray[np.int64], samples: Samples) -> float:
    return float((classes == samples.classes_N).mean())


@pytest.mark.parametrize(
    ("design", "known"),
    [
        (SEGMENTS, 0.9884),
        (PIXELS, 0.944),
        (Design(looks=50.0), 0.980),
        (Design(looks=200.0), 0.986),
    ],
    ids=["segments", "10.7 looks", "50 looks", "200 looks"],
)
def test_the_optimum_is_the_known_one(design: Design, known: float) -> None:
    samples = _draw(design)
    classes = optimal_classes(PARAMETERS, design, samples)
    optimum = estimate(classes == samples.classes_N)
    assert optimum.half_width < 0.0025
    # The known numbers carry three digits, and a sampling error like ours.
    assert abs(optimum.value - known) < optimum.half_width + 0.001


def test_the_optimum_of_single_looks_beats_the_gaussian_approximation() -> None:
    samples = _draw(Design(looks=1.0), 20_000)
    optimum = _accuracy(
        optimal_classes(PARAMETERS, Design(looks=1.0), samples), samples
    )
    assert optimum > _accuracy(_model_classes(samples, 1.0), samples) + 0.02


def test_quadrature_agrees_with_averaging_over_drawn_texture() -> None:
    samples = _draw(NOISY_PIXELS, 120)
    exact = log_likelihood(PARAMETERS.ice, NOISY_PIXELS, samples)
    is_clipped = (samples.sigma0_db_PN < -49).any(axis=0)
    assert not is_clipped.all()
    for n in np.flatnonzero(~is_clipped):
        drawn = np.array(
            [_log_density_by_drawing(samples, k, int(n)) for k in range(4)]
        )
        # Constants are the same in all classes; classes far from likely do not matter.
        likely = drawn > drawn.max() - 6
        ours = exact[:, n] - exact[drawn.argmax(), n]
        assert ours[likely] == pytest.approx((drawn - drawn.max())[likely], abs=0.15)


def _log_density_by_drawing(samples: Samples, k: int, n: int) -> float:
    """Of the n-th sample under class k, by averaging over drawn texture."""
    ice = PARAMETERS.ice
    texture = np.random.default_rng(1).standard_normal((20_000, 2))
    offsets = texture @ np.linalg.cholesky(ice.covariance_K22[k]).T
    mean = ice.intercept_db_K2[k] + ice.slope_K2[k] * samples.incidence_N[n]
    assert samples.nesz_db_PN is not None
    noise = to_power(samples.nesz_db_PN[:, n])
    received = to_power(samples.sigma0_db_PN[:, n]) + noise
    speckle = gamma(10.7, scale=(to_power(mean + offsets) + noise) / 10.7)
    return float(np.log(speckle.pdf(received).prod(axis=1).mean()))


def test_of_pixels_without_power_only_that_is_known() -> None:
    """Their likelihood is how often noise removal leaves nothing of such a class."""
    count = 100_000
    water = PARAMETERS.ice.intercept_db_K2[0] + PARAMETERS.ice.slope_K2[0] * 19.1
    nesz = np.repeat(water[:, None] + 5, count, axis=1).astype(np.float32)
    rng = np.random.default_rng(8)
    truth = true_sigma0_db(
        PARAMETERS.ice,
        np.zeros(count, dtype=np.int64),
        np.full(count, 19.1),
        rng.standard_normal((2, count)).astype(np.float32),
    )
    left = measure(truth, nesz, 10.7, rng)
    often = (left == np.float32(LOWEST_DB)).all(axis=0).mean()
    one = Samples(
        np.zeros(1, dtype=np.int64),
        np.full(1, 19.1, dtype=np.float32),
        np.full((2, 1), LOWEST_DB, dtype=np.float32),
        nesz[:, :1],
    )
    likelihood = np.exp(log_likelihood(PARAMETERS.ice, NOISY_PIXELS, one))
    assert likelihood[0, 0] == pytest.approx(often, rel=0.05)
    assert likelihood[0, 0] > 10 * likelihood[1:, 0].max()


def test_segment_likelihoods_are_those_of_a_normal_distribution() -> None:
    samples = _draw(SEGMENTS, 50)
    ours = log_likelihood(PARAMETERS.ice, SEGMENTS, samples)
    for k in range(4):
        mean = (
            PARAMETERS.ice.intercept_db_K2[k][:, None]
            + PARAMETERS.ice.slope_K2[k][:, None] * samples.incidence_N
        )
        normal = multivariate_normal(cov=PARAMETERS.ice.covariance_K22[k])
        expected = normal.logpdf((samples.sigma0_db_PN - mean).T) + np.log(2 * np.pi)
        assert ours[k] == pytest.approx(expected, abs=1e-4)


def test_on_segments_the_model_is_the_optimum() -> None:
    samples = _draw(SEGMENTS)
    best = optimal_classes(PARAMETERS, SEGMENTS, samples)
    assert (_model_classes(samples, None) == best).mean() > 0.9999


@pytest.mark.parametrize("design", [PIXELS, NOISY_PIXELS], ids=["quiet", "noisy"])
def test_on_pixels_the_model_is_within_three_tenths_of_a_point(design: Design) -> None:
    samples = _draw(design)
    best = _accuracy(optimal_classes(PARAMETERS, design, samples), samples)
    ours = _accuracy(_model_classes(samples, design.looks), samples)
    assert best - 0.003 <= ours <= best + 0.0005


def test_averaging_pixels_of_a_segment_reaches_its_optimum() -> None:
    """Eight by eight noisy pixels share a texture; only then is speckle gone."""
    side = 64
    segments = _draw(SEGMENTS, 10_000)
    repeated = Samples(
        np.repeat(segments.classes_N, side),
        np.repeat(segments.incidence_N, side),
        np.repeat(segments.sigma0_db_PN, side, axis=1),
        None,
    )
    averaged = _observe_and_average(repeated, side)
    best = _accuracy(optimal_classes(PARAMETERS, SEGMENTS, segments), segments)
    ours = _accuracy(_model_classes(averaged, 10.7 * side), averaged)
    assert best - 0.005 <= ours
    single = _accuracy(
        _model_classes(_observe_and_average(repeated, 1), 10.7), repeated
    )
    assert single < best - 0.05


def _observe_and_average(samples: Samples, side: int) -> Samples:
    noise = PARAMETERS.noise
    nesz = np.stack(
        [np.interp(samples.incidence_N, noise.incidence_N, v) for v in noise.nesz_db_2N]
    ).astype(np.float32)
    measured = measure(samples.sigma0_db_PN, nesz, 10.7, np.random.default_rng(3))
    received = to_power(measured) + to_power(nesz)
    mean = received.reshape(2, -1, side).mean(axis=2)
    nesz = nesz[:, ::side]
    left = np.maximum(mean - to_power(nesz), 1e-5)
    return Samples(
        samples.classes_N[::side],
        samples.incidence_N[::side],
        to_db(left).astype(np.float32),
        nesz,
    )


def test_leaving_out_the_incidence_angle_loses_eight_points() -> None:
    samples = _draw(SEGMENTS)
    with_angle = _accuracy(_model_classes(samples, None), samples)
    without = _accuracy(_model_classes(samples, None, 33.0), samples)
    assert with_angle - without > 0.08


def test_taking_noise_for_signal_loses_accuracy() -> None:
    samples = _draw(NOISY_PIXELS)
    quiet = Samples(
        samples.classes_N, samples.incidence_N, samples.sigma0_db_PN, nesz_db_PN=None
    )
    told = _accuracy(_model_classes(samples, 10.7), samples)
    untold = _accuracy(_model_classes(quiet, 10.7), samples)
    assert told - untold > 0.02
