"""How often the best classifier of simulated ice is right: what models are measured by.

Classes and incidence angles are equally frequent here, and samples stand alone: a model
that sees neighbors, or a scene with more of an easy class, may do better than `pixel`.
"""

from typing import Final

import numpy as np

from ml.sim.bayes import Accuracy, Design, draw_samples, estimate, optimal_classes
from ml.sim.parameters import load_parameters

_SAMPLES: Final = 20_000


def segment_optimum(samples: int = _SAMPLES) -> Accuracy:
    """By features whose speckle and noise were averaged away."""
    return _optimum(Design(), samples)


def pixel_optimum(samples: int = _SAMPLES) -> Accuracy:
    """By single pixels, with speckle and noise."""
    return _optimum(Design(looks=load_parameters().looks, has_noise=True), samples)


def _optimum(design: Design, count: int) -> Accuracy:
    parameters = load_parameters()
    samples = draw_samples(parameters, design, count, np.random.default_rng(0))
    found_N = optimal_classes(parameters, design, samples)
    return estimate(found_N == samples.classes_N)
