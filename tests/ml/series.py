"""Series of two made-up crops for tests: one peaks early, the other late."""

import numpy as np
import torch

from ml.models.ltae import Ltae
from ml.models.tempcnn import TempCnn
from ml.samples.series import SeriesSamples

CLASSES = ("early", "late")


def two_crops(count: int = 64, dates: int = 12, seed: int = 0) -> SeriesSamples:
    """Two channels, a fifth of the values missing."""
    rng = np.random.default_rng(seed)
    labels_N = np.arange(count) % 2
    days_T = np.linspace(0, 360, dates)
    peak_N1 = np.where(labels_N == 0, 120.0, 240.0)[:, None]
    curve_NT = np.exp(-(((days_T - peak_N1) / 60) ** 2))
    values_NTC = np.stack([curve_NT, 1 - curve_NT], 2)
    values_NTC += 0.1 * rng.standard_normal(values_NTC.shape)
    values_NTC[rng.random(values_NTC.shape) < 0.2] = np.nan
    return SeriesSamples(
        name="two-crops",
        ids_N=np.array([f"p{row}" for row in range(count)]),
        values_NTC=values_NTC.astype(np.float32),
        days_NT=np.broadcast_to(days_T, (count, dates)).astype(np.float32),
        labels_N=labels_N.astype(np.int64),
        classes=CLASSES,
        channels=("a", "b"),
        groups={"region": np.where(np.arange(count) < count // 2, "north", "south")},
        lonlat_N2=rng.uniform(0, 1, (count, 2)),
    )


def tempcnn(samples: SeriesSamples, seed: int = 0) -> TempCnn:
    """A small network that has learned its scales from the samples."""
    torch.manual_seed(seed)
    _, dates, channels = samples.values_NTC.shape
    model = TempCnn(channels, dates, len(samples.classes), width=8)
    model.input.learn(samples.values_NTC)
    return model


def ltae(samples: SeriesSamples, seed: int = 0) -> Ltae:
    """The same, with attention."""
    torch.manual_seed(seed)
    channels = samples.values_NTC.shape[2]
    model = Ltae(channels, len(samples.classes), width=16, heads=4, key=4)
    model.input.learn(samples.values_NTC)
    return model
