"""The Gaussian incidence-angle classifier: closed forms, equal to independent ones."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import polygamma
from scipy.stats import multivariate_normal

from ml.errors import UnfittableClass, UnreadableModel
from ml.sim.bayes import Design, draw_samples
from ml.sim.parameters import load_parameters

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from ml.models.gia import GaussianIncidenceAngle  # noqa: E402 - needs torch

PARAMETERS = load_parameters()
CODES = PARAMETERS.ice.codes


@pytest.fixture
def model() -> GaussianIncidenceAngle:
    return GaussianIncidenceAngle.from_parameters()


def _samples(count: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    samples = draw_samples(PARAMETERS, Design(), count, rng)
    return samples.sigma0_db_PN.T.copy(), samples.incidence_N, samples.classes_N


def _fit(
    sigma0: np.ndarray, incidence: np.ndarray, classes: np.ndarray
) -> GaussianIncidenceAngle:
    tensors = (torch.from_numpy(a) for a in (sigma0, incidence, classes))
    return GaussianIncidenceAngle.fit("icetype", CODES, *tensors)


def test_fitting_recovers_what_the_samples_were_drawn_from(
    model: GaussianIncidenceAngle,
) -> None:
    fitted = _fit(*_samples(200_000))
    assert torch.allclose(fitted.slope_KP, model.slope_KP, atol=0.003)
    assert torch.allclose(fitted.intercept_KP, model.intercept_KP, atol=0.1)
    assert torch.allclose(fitted.covariance_KPP, model.covariance_KPP, atol=0.05)


def test_fitting_equals_least_squares_by_numpy() -> None:
    sigma0, incidence, classes = _samples()
    fitted = _fit(sigma0, incidence, classes)
    for k in range(4):
        own = classes == k
        design = np.column_stack([np.ones(own.sum()), incidence[own].astype(float)])
        solution = np.linalg.lstsq(design, sigma0[own].astype(float))[0]
        residual = sigma0[own] - design @ solution
        assert fitted.intercept_KP[k].numpy() == pytest.approx(solution[0], abs=1e-8)
        assert fitted.slope_KP[k].numpy() == pytest.approx(solution[1], abs=1e-9)
        covariance = np.cov(residual.T, bias=True)
        assert fitted.covariance_KPP[k].numpy() == pytest.approx(covariance, abs=1e-8)


def test_a_class_without_samples_is_named() -> None:
    sigma0, incidence, classes = _samples(1000)
    few = (classes != 2) | (np.cumsum(classes == 2) <= 3)
    with pytest.raises(UnfittableClass, match="'level' has 3 samples") as caught:
        _fit(sigma0[few], incidence[few], classes[few])
    assert (caught.value.name, caught.value.count) == ("level", 3)


def test_a_class_at_one_incidence_angle_is_named() -> None:
    sigma0, incidence, classes = _samples(1000)
    incidence[classes == 1] = 30.0
    with pytest.raises(UnfittableClass, match="leads-young"):
        _fit(sigma0, incidence, classes)


def test_samples_on_a_line_are_refused() -> None:
    sigma0, incidence, classes = _samples(1000)
    sigma0[classes == 3] = incidence[classes == 3, None]
    with pytest.raises(UnfittableClass, match="deformed"):
        _fit(sigma0, incidence, classes)


def test_likelihood_is_that_of_a_normal_distribution_with_speckle_added(
    model: GaussianIncidenceAngle,
) -> None:
    sigma0, incidence, _ = _samples(64)
    looks = 10.7
    inflation = (10 / np.log(10)) ** 2 * polygamma(1, looks)
    shift = 10 / np.log(10) * (polygamma(0, looks) - np.log(looks))
    ours = model.log_likelihood(
        torch.from_numpy(sigma0.T.copy())[None, :, :, None].double(),
        torch.from_numpy(incidence)[None, :, None].double(),
        looks=looks,
    )
    for k in range(4):
        mean = (
            PARAMETERS.ice.intercept_db_K2[k]
            + PARAMETERS.ice.slope_K2[k] * incidence[:, None]
        )
        covariance = PARAMETERS.ice.covariance_K22[k] + inflation * np.eye(2)
        expected = multivariate_normal(cov=covariance).logpdf(sigma0 - mean - shift)
        assert ours[0, k, :, 0].numpy() == pytest.approx(expected, abs=1e-9)


def test_noise_far_below_the_signal_changes_nothing(
    model: GaussianIncidenceAngle,
) -> None:
    sigma0, incidence, _ = _samples(64)
    image = torch.from_numpy(sigma0.T.copy())[None, :, :, None].double()
    angles = torch.from_numpy(incidence)[None, :, None].double()
    quiet = model(image, angles, None, 10.7)
    silent = model(image, angles, torch.full_like(image, -120.0), 10.7)
    assert torch.allclose(quiet, silent, atol=1e-6)


def test_noise_far_above_the_signal_leaves_the_prior(
    model: GaussianIncidenceAngle,
) -> None:
    tilted = model.with_priors([4.0, 3.0, 2.0, 1.0])
    image = torch.full((1, 2, 3, 3), -20.0, dtype=torch.float64)
    angles = torch.full((1, 3, 3), 30.0, dtype=torch.float64)
    drowned = tilted(image, angles, torch.full_like(image, 60.0), 10.7).exp()
    assert drowned[0, :, 1, 1].numpy() == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=1e-4)


def test_posteriors_are_probabilities_and_nan_stays_nan(
    model: GaussianIncidenceAngle,
) -> None:
    image = torch.full((2, 2, 4, 5), -15.0)
    angles = torch.full((2, 4, 5), 35.0)
    image[0, 1, 2, 3] = torch.nan
    angles[1, 0, 0] = torch.nan
    posterior = model(image, angles).exp()
    assert posterior.shape == (2, 4, 4, 5)
    missing = torch.isnan(posterior).all(dim=1)
    assert missing.nonzero().tolist() == [[0, 2, 3], [1, 0, 0]]
    total = posterior.sum(dim=1)[~missing]
    assert torch.allclose(total, torch.ones_like(total))


def test_a_saved_model_is_the_same_model(
    model: GaussianIncidenceAngle, tmp_path: Path
) -> None:
    tilted = model.with_priors([0.1, 0.2, 0.3, 0.4])
    tilted.save(tmp_path / "model.json")
    loaded = GaussianIncidenceAngle.load(tmp_path / "model.json")
    assert loaded.version == tilted.version
    assert loaded.codes == CODES
    for name, value in tilted.named_buffers():
        assert torch.allclose(loaded.get_buffer(name), value), name


def test_the_version_follows_the_parameters(model: GaussianIncidenceAngle) -> None:
    version = model.version
    assert version.name == "gaussian-incidence-angle"
    assert len(version.version) == 12
    assert GaussianIncidenceAngle.from_parameters().version == version
    assert model.with_priors([1, 1, 1, 2]).version != version


@pytest.mark.parametrize(
    "change",
    [
        {"model": "unet"},
        {"slope_db_per_deg": [[1.0, 2.0]]},
        {"covariance_db2": "none"},
        {"prior": [1.0, 1.0]},
        {"prior": [1.0, -1.0, 1.0, 1.0]},
        {"classes": 4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_damaged_parameters_are_refused(
    model: GaussianIncidenceAngle, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "model.json"
    model.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UnreadableModel, match=r"model\.json: it holds no parameters"):
        GaussianIncidenceAngle.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"model": 3}'])
def test_what_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(UnreadableModel):
        GaussianIncidenceAngle.load(path)
    with pytest.raises(UnreadableModel, match="cannot be read"):
        GaussianIncidenceAngle.load(tmp_path / "absent.json")


WITHOUT_TORCH = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import ml.rasters, ml.map_rasters, ml.scene, ml.sim.ice, ml.sim.bayes
from ml.errors import MissingExtra
try:
    import ml.models.gia
except MissingExtra as error:
    print(error)
"""


def test_without_torch_the_error_names_the_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.stdout == "torch is not installed: pip install 'pytheas-eo[ml]'\n"
