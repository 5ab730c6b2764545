"""Plausible maps of ice classes: an ice edge with floes, ridged zones, leads.

Plausible means: regions of the sizes and shapes that ice has, every class with
neighbors of every other.  It is no physics of ice; the truth of a simulated scene is
whatever this draws.

Shape suffixes: H rows, W columns.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.sim.fields import gaussian_field

WATER_NEW: Final = 0
YOUNG: Final = 1
LEVEL: Final = 2
DEFORMED: Final = 3
"""Positions of the classes in `ml.sim.parameters.IceClasses`."""


@dataclass(frozen=True, slots=True)
class IceCover:
    """How much of what.

    Attributes:
        water_fraction: Part of the scene on the water side of the ice edge.
        deformed_fraction: Part of the ice that is deformed.
        edge_floe_m: Size of the floes into which the ice edge breaks up.
        zone_m: Size of level and deformed zones.
        lead_length_m: Length of leads.
        lead_width_m: Their width.
        lead_spacing_m: Distance between leads of one direction.
        open_lead_fraction: Part of the leads that has not frozen over yet.
        lead_directions_deg: Leads run in these directions on the grid, roughly.
    """

    water_fraction: float = 0.18
    deformed_fraction: float = 0.42
    edge_floe_m: float = 1_800.0
    zone_m: float = 7_000.0
    lead_length_m: float = 45_000.0
    lead_width_m: float = 560.0
    lead_spacing_m: float = 5_500.0
    open_lead_fraction: float = 0.3
    lead_directions_deg: tuple[float, ...] = (25.0, 100.0)


def draw_classes(
    shape: tuple[int, int], pixel_m: float, cover: IceCover, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A map of the positions of classes, on pixels of `pixel_m`."""
    classes_HW = _draw_zones(shape, pixel_m, cover, rng)
    age_HW = gaussian_field(shape, cover.zone_m * 2 / pixel_m, rng)
    refrozen_HW = age_HW > np.quantile(age_HW, cover.open_lead_fraction)
    for angle_deg in cover.lead_directions_deg:
        is_lead_HW = _draw_leads(shape, pixel_m, cover, angle_deg, rng)
        classes_HW[is_lead_HW & refrozen_HW] = YOUNG
        classes_HW[is_lead_HW & ~refrozen_HW] = WATER_NEW
    is_water_HW = _draw_water(shape, pixel_m, cover, rng)
    classes_HW[is_water_HW] = WATER_NEW
    return classes_HW


def _draw_zones(
    shape: tuple[int, int], pixel_m: float, cover: IceCover, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Level and deformed ice: large zones with ragged edges and small patches."""
    roughness_HW = gaussian_field(shape, cover.zone_m / pixel_m, rng)
    roughness_HW += 0.5 * gaussian_field(shape, cover.zone_m / 4 / pixel_m, rng)
    threshold = np.quantile(roughness_HW, 1 - cover.deformed_fraction)
    return np.where(roughness_HW > threshold, DEFORMED, LEVEL).astype(np.uint8)


def _draw_leads(
    shape: tuple[int, int],
    pixel_m: float,
    cover: IceCover,
    angle_deg: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Bands of constant width around the zeros of an elongated field."""
    lengths = (cover.lead_length_m / pixel_m, cover.lead_spacing_m / pixel_m)
    jitter = rng.uniform(-15.0, 15.0)
    field_HW = gaussian_field(shape, lengths, rng, angle_deg=angle_deg + jitter)
    slope_row_HW, slope_column_HW = np.gradient(field_HW)
    # |f| / |grad f| is the distance to the zero, to first order.
    slope_HW = np.hypot(slope_row_HW, slope_column_HW)
    return np.asarray(np.abs(field_HW) < slope_HW * (cover.lead_width_m / 2 / pixel_m))


def _draw_water(
    shape: tuple[int, int], pixel_m: float, cover: IceCover, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The sea on one side, and the ice edge broken into floes."""
    direction = rng.uniform(0, 2 * np.pi)
    rows_H, columns_W = (np.linspace(-1, 1, n) for n in shape)
    seaward_HW = np.cos(direction) * columns_W + np.sin(direction) * rows_H[:, None]
    seaward_HW += 0.35 * gaussian_field(shape, cover.zone_m * 2 / pixel_m, rng)
    seaward_HW += 0.12 * gaussian_field(shape, cover.edge_floe_m / pixel_m, rng)
    return np.asarray(seaward_HW > np.quantile(seaward_HW, 1 - cover.water_fraction))
