"""Chips of simulated ice scenes: HH, HV and incidence angle, a class for each pixel.

Each scene has the incidence angles of a whole swath.  Chips that are not wholly in the
swath are left out.

Shape suffixes: N chips, H rows, W columns, C channels.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ml.map_rasters import NO_CLASS
from ml.samples.columns import Column
from ml.sim.ice import Setup, Simulation, simulate
from ml.sim.parameters import load_parameters
from ontologies.progress import Progress, silent
from ontologies.vocabulary import concept_scheme

CHANNELS: Final = ("HH dB", "HV dB", "incidence angle degrees")
SIDE_PX: Final = 64
SCENES: Final = 30
_SHAPE: Final = (320, 320)
_FIRST_SEED: Final = 1_000_000
"""Far from the seeds that people try, so that their scenes were not trained on."""


@dataclass(frozen=True, slots=True)
class ChipSamples:
    """Chips of scenes.

    Attributes:
        values_NHWC: float32, of `CHANNELS`.
        labels_NHW: The class of each pixel.
        scenes_N: Number of the scene of each.
    """

    values_NHWC: Column
    labels_NHW: Column
    scenes_N: NDArray[np.int64]


def ice_classes() -> tuple[str, ...]:
    """IRIs of the classes, in the order of labels."""
    ice = load_parameters().ice
    scheme = concept_scheme(ice.scheme)
    return tuple(scheme[code].iri for code in ice.codes)


def simulate_chips(
    scenes: int = SCENES, first: int = 0, progress: Progress = silent
) -> ChipSamples:
    """Chips of so many scenes, by their numbers from `first` on."""
    chips = []
    for scene in range(scenes):
        progress("simulate", scene / scenes)
        chips.append(scene_chips(first + scene))
    progress("simulate", 1.0)
    return ChipSamples(
        np.concatenate([each.values_NHWC for each in chips]),
        np.concatenate([each.labels_NHW for each in chips]),
        np.concatenate([each.scenes_N for each in chips]),
    )


def scene_chips(scene: int) -> ChipSamples:
    """Those of one scene, by its number from 0."""
    simulation = simulate(Setup(shape=_SHAPE), _FIRST_SEED + scene)
    return _chips(simulation, scene)


def _chips(simulation: Simulation, scene: int) -> ChipSamples:
    bands = simulation.bands
    values_HWC = np.stack([*bands.sigma0_db_PHW, bands.incidence_HW], axis=2)
    window = (SIDE_PX, SIDE_PX)
    every = slice(None, None, SIDE_PX)
    labels_ABHW = sliding_window_view(simulation.classes_HW, window)[every, every]
    values_ABCHW = sliding_window_view(values_HWC, window, axis=(0, 1))[every, every]
    is_seen_AB = (labels_ABHW != NO_CLASS).all(axis=(2, 3))
    labels_NHW = labels_ABHW[is_seen_AB].astype(np.int64)
    values_NHWC = np.moveaxis(values_ABCHW[is_seen_AB], 1, 3)
    return ChipSamples(
        np.ascontiguousarray(values_NHWC, dtype=np.float32),
        labels_NHW,
        np.full(len(labels_NHW), scene),
    )
