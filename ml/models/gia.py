"""The Gaussian incidence-angle classifier: a class is a line in dB, and scatter.

After Lohse et al. (2020): sigma0 in dB of class k is normal; its mean is linear in the
incidence angle, with a slope of the class's own; its covariance is constant.
Everything is in closed form, so its optimum on simulated scenes is known.

Beyond the published form, pixels may be noisy.  What is compared is then the received
power with the thermal noise put back, T = sigma0 + NESZ, because speckle multiplies
both and T has a logarithm everywhere:

* mean of T_dB: of (mean power of the class + NESZ), plus the mean of log speckle;
* covariance: J Sigma J + v I, where J = sigma0 / (sigma0 + NESZ) is how strongly T_dB
  follows sigma0_dB, and v the variance of log speckle, Gamma(looks, 1 / looks).

Speckle is taken as normal in dB, and T_dB as linear in sigma0_dB over the texture of a
class.  Both are good from a few looks on: the tests measure what they cost.

Shape suffixes: B batch, K classes, P polarizations (HH, HV), H rows, W columns,
N samples.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import torch
from torch import Tensor, nn

from ml.errors import UnfittableClass, UnreadableModel
from ml.maps import ModelVersion
from ml.rasters import writing
from ml.sim.parameters import load_parameters

NAME: Final = "gaussian-incidence-angle"
POLARIZATIONS: Final = 2

_DB: Final = 10 / math.log(10)
"""dB per unit of natural logarithm."""

_LEAST_RATIO: Final = 1e-9
"""Of the eigenvalues of a covariance: below it, bands are linear in each other."""

_LEAST_SAMPLES: Final = 5
"""Two coefficients, and a covariance of two bands that is not singular."""


class GaussianIncidenceAngle(nn.Module):
    """One Gaussian per class around a mean that is linear in the incidence angle.

    Attributes:
        scheme: Concept scheme of the classes.
        codes: Notation of each class.
        intercept_KP: Mean sigma0 at 0 degrees, dB.
        slope_KP: Change of the mean per degree, dB.
        covariance_KPP: At feature scale, dB squared.
        log_prior_K: Logarithm of the probability of each class before anything is seen.
    """

    intercept_KP: Tensor
    slope_KP: Tensor
    covariance_KPP: Tensor
    log_prior_K: Tensor

    def __init__(
        self,
        scheme: str,
        codes: Sequence[str],
        intercept_KP: Tensor,
        slope_KP: Tensor,
        covariance_KPP: Tensor,
    ) -> None:
        super().__init__()
        self.scheme = scheme
        self.codes = tuple(codes)
        self.register_buffer("intercept_KP", intercept_KP.double())
        self.register_buffer("slope_KP", slope_KP.double())
        self.register_buffer("covariance_KPP", covariance_KPP.double())
        equal_K = torch.full((len(self.codes),), -math.log(len(self.codes)))
        self.register_buffer("log_prior_K", equal_K.double())

    @classmethod
    def from_parameters(cls) -> Self:
        """The published classifier of four ice types (`ml.sim.parameters`)."""
        ice = load_parameters().ice
        return cls(
            ice.scheme,
            ice.codes,
            torch.from_numpy(ice.intercept_db_K2),
            torch.from_numpy(ice.slope_K2),
            torch.from_numpy(ice.covariance_K22),
        )

    @classmethod
    def fit(
        cls,
        scheme: str,
        codes: Sequence[str],
        sigma0_db_NP: Tensor,
        incidence_N: Tensor,
        classes_N: Tensor,
    ) -> Self:
        """Maximum likelihood from samples at feature scale: a regression per class.

        Args:
            scheme: Concept scheme of the classes.
            codes: Notation of each class.
            sigma0_db_NP: Noise-free sigma0 of HH and HV, averaged over features, dB.
            incidence_N: Incidence angles, degrees.
            classes_N: Position of each sample's class in `codes`.

        Raises:
            UnfittableClass: A class has too few samples, or all at one incidence angle.
        """
        fitted = [
            _fit_class(code, sigma0_db_NP[of_class], incidence_N[of_class])
            for position, code in enumerate(codes)
            for of_class in [classes_N == position]
        ]
        intercepts, slopes, covariances = zip(*fitted, strict=True)
        parameters = (torch.stack(p) for p in (intercepts, slopes, covariances))
        return cls(scheme, codes, *parameters)

    def with_priors(self, prior_K: Sequence[float]) -> Self:
        """The same classes with other probabilities before anything is seen.

        Raises:
            ValueError: Not one positive weight per class.
        """
        if len(prior_K) != len(self.codes) or not all(p > 0 for p in prior_K):
            reason = f"{prior_K} is not one positive weight for each of {self.codes}"
            raise ValueError(reason)
        model = type(self)(
            self.scheme,
            self.codes,
            self.intercept_KP,
            self.slope_KP,
            self.covariance_KPP,
        )
        prior = torch.tensor(prior_K, dtype=torch.float64)
        model.log_prior_K = (prior / prior.sum()).log()
        return model

    def log_likelihood(
        self,
        sigma0_db_BPHW: Tensor,
        incidence_BHW: Tensor,
        nesz_db_BPHW: Tensor | None = None,
        looks: float | None = None,
    ) -> Tensor:
        """Log density of each pixel under each class, BKHW; NaN where an input is."""
        kind = sigma0_db_BPHW.dtype
        mean_KP11 = self.intercept_KP.to(kind)[:, :, None, None]
        slope_KP11 = self.slope_KP.to(kind)[:, :, None, None]
        mean_BKPHW = mean_KP11 + slope_KP11 * incidence_BHW[:, None, None]
        seen_BPHW = sigma0_db_BPHW
        follow_BKPHW = torch.ones_like(mean_BKPHW[:, :, :, :1, :1])
        if nesz_db_BPHW is not None:
            power_BKPHW = to_power(mean_BKPHW)
            received_BKPHW = power_BKPHW + to_power(nesz_db_BPHW)[:, None]
            mean_BKPHW = to_db(received_BKPHW)
            follow_BKPHW = power_BKPHW / received_BKPHW
            seen_BPHW = to_db(to_power(sigma0_db_BPHW) + to_power(nesz_db_BPHW))
        shift, variance = _log_speckle(looks)
        residual_BKPHW = seen_BPHW[:, None] - mean_BKPHW - shift
        return _log_normal(
            residual_BKPHW, self.covariance_KPP.to(kind), follow_BKPHW, variance
        )

    def forward(
        self,
        sigma0_db_BPHW: Tensor,
        incidence_BHW: Tensor,
        nesz_db_BPHW: Tensor | None = None,
        looks: float | None = None,
    ) -> Tensor:
        """Log posterior probability of each class, BKHW; NaN where an input is.

        Args:
            sigma0_db_BPHW: Calibrated, noise-corrected sigma0 of HH and HV, dB.
            incidence_BHW: Incidence angle, degrees.
            nesz_db_BPHW: The noise that was removed, dB; None where there was none.
            looks: Looks of a pixel; None where speckle has been averaged away.
        """
        joint_BKHW = self.log_likelihood(
            sigma0_db_BPHW, incidence_BHW, nesz_db_BPHW, looks
        )
        joint_BKHW = joint_BKHW + self.log_prior_K.to(joint_BKHW)[:, None, None]
        return torch.log_softmax(joint_BKHW, dim=1)

    @property
    def version(self) -> ModelVersion:
        """The name of this kind of model, and a digest of its parameters."""
        digest = hashlib.sha256(self._render().encode()).hexdigest()
        return ModelVersion(NAME, digest[:12])

    def save(self, path: Path) -> None:
        """Write the parameters as JSON; `load` restores the model, and its version."""
        with writing(path) as unfinished:
            unfinished.write_text(self._render() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """The model whose parameters are in a file.

        Raises:
            UnreadableModel: The file is absent, damaged, or of another kind of model.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls._parse(document)
        except OSError as error:
            raise UnreadableModel(path, f"it cannot be read ({error})") from error
        except (ValueError, KeyError, TypeError) as error:
            reason = f"it holds no parameters of {NAME} ({error!r})"
            raise UnreadableModel(path, reason) from error

    @classmethod
    def _parse(cls, document: dict[str, Any]) -> Self:
        if document["model"] != NAME:
            raise ValueError(document["model"])
        names = ("intercept_db", "slope_db_per_deg", "covariance_db2")
        shapes = ((2,), (2,), (2, 2))
        tensors = [torch.tensor(document[n], dtype=torch.float64) for n in names]
        for tensor, shape in zip(tensors, shapes, strict=True):
            if tensor.shape != (len(document["classes"]), *shape):
                raise ValueError(tensor.shape)
        if not all(_is_covariance(covariance_PP) for covariance_PP in tensors[2]):
            raise ValueError(document["covariance_db2"])
        model = cls(document["scheme"], document["classes"], *tensors)
        return model.with_priors(document["prior"])

    def _render(self) -> str:
        document = {
            "model": NAME,
            "scheme": self.scheme,
            "classes": self.codes,
            "bands": ["HH", "HV"],
            "intercept_db": self.intercept_KP.tolist(),
            "slope_db_per_deg": self.slope_KP.tolist(),
            "covariance_db2": self.covariance_KPP.tolist(),
            "prior": self.log_prior_K.exp().tolist(),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"))


def to_power(db: Tensor) -> Tensor:
    """Linear power of a value in dB."""
    return torch.pow(10.0, db / 10)


def to_db(power: Tensor) -> Tensor:
    """The inverse of `to_power`."""
    return 10 * torch.log10(power)


def _fit_class(
    code: str, sigma0_db_NP: Tensor, incidence_N: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Intercept, slope and residual covariance of one class."""
    count = len(incidence_N)
    angles_N = incidence_N.double()
    if count < _LEAST_SAMPLES or angles_N.min() == angles_N.max():
        raise UnfittableClass(code, count, _LEAST_SAMPLES)
    sigma0_NP = sigma0_db_NP.double()
    centred_N = angles_N - angles_N.mean()
    mean_P = sigma0_NP.mean(dim=0)
    slope_P = centred_N @ (sigma0_NP - mean_P) / (centred_N @ centred_N)
    residual_NP = sigma0_NP - mean_P - centred_N[:, None] * slope_P
    covariance_PP = residual_NP.T @ residual_NP / count
    if not _is_covariance(covariance_PP):
        raise UnfittableClass(code, count, _LEAST_SAMPLES)
    return mean_P - slope_P * angles_N.mean(), slope_P, covariance_PP


def _is_covariance(matrix_PP: Tensor) -> bool:
    """Whether a matrix is finite, symmetric, and positive definite by some margin."""
    if not (torch.isfinite(matrix_PP).all() and torch.equal(matrix_PP, matrix_PP.T)):
        return False
    least, greatest = torch.linalg.eigvalsh(matrix_PP)
    return bool(least > _LEAST_RATIO * greatest)


def _log_speckle(looks: float | None) -> tuple[float, float]:
    """Mean and variance, in dB, of Gamma(looks, 1 / looks)."""
    if looks is None:
        return 0.0, 0.0
    gamma = torch.tensor(looks, dtype=torch.float64)
    shift = _DB * (torch.digamma(gamma) - torch.log(gamma))
    return float(shift), float(_DB**2 * torch.polygamma(1, gamma))


def _log_normal(
    residual_BKPHW: Tensor,
    covariance_KPP: Tensor,
    follow_BKPHW: Tensor,
    variance: float,
) -> Tensor:
    """Log density of a normal in two bands with covariance J Sigma J + v I, BKHW."""
    hh_BKHW, hv_BKHW = residual_BKPHW.unbind(dim=2)
    follow_hh, follow_hv = follow_BKPHW.unbind(dim=2)
    sigma_KPP11 = covariance_KPP[..., None, None]
    var_hh = sigma_KPP11[:, 0, 0] * follow_hh**2 + variance
    var_hv = sigma_KPP11[:, 1, 1] * follow_hv**2 + variance
    both = sigma_KPP11[:, 0, 1] * follow_hh * follow_hv
    determinant = var_hh * var_hv - both**2
    square = var_hv * hh_BKHW**2 + var_hh * hv_BKHW**2 - 2 * both * hh_BKHW * hv_BKHW
    density: Tensor = -(square / determinant + determinant.log()) / 2 - math.log(
        2 * math.pi
    )
    return density
