"""What was seen of a place at one time, whatever the product: bands on grids.

Products of every kind end here; preparation and prediction start here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ml.errors import MissingBands
from ml.maps import Grid
from ml.products.layers import Layer
from ml.products.s2_bands import SCL
from ml.products.sentinel2 import Sentinel2Msi


@dataclass(frozen=True, slots=True)
class Observation:
    """One product, or one date of a cube.

    Attributes:
        product_id: Its name.
        location: Where it lies, for messages.
        time: When it was seen, UTC; of Sentinel-2 when the data take began, which is
            the same for all tiles of a pass.
        grid: Where its finest pixels lie.
        layers: The bands, each at one resolution or several; `SCL` are classes.
        level: `"L1C"`, `"L2A"`, or None where nobody says.
        tile: Of the tiling grid, or None.
        baseline: Of the processing, or None.
        generated: When it was processed, UTC, or None.
        platform: For example `"sentinel-2a"`, or None.
        relative_orbit: Its number, or None.
        properties: More that a STAC item says of it.
    """

    product_id: str
    location: str
    time: datetime
    grid: Grid
    layers: Mapping[str, Sequence[Layer]]
    level: str | None = None
    tile: str | None = None
    baseline: str | None = None
    generated: datetime | None = None
    platform: str | None = None
    relative_orbit: int | None = None
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def bands(self) -> tuple[str, ...]:
        """Its bands, without scene classes."""
        return tuple(name for name in self.layers if name != SCL)

    def layer(self, band: str, pixel_m: float = 0.0) -> Layer:
        """A band, for pixels of some size.

        The coarsest layer that is no coarser than the pixels; else the finest.

        Raises:
            MissingBands: There is no such band.
        """
        offered = sorted(
            self.layers.get(band, ()), key=lambda layer: layer.grid.pixel_size_m
        )
        if not offered:
            raise MissingBands(self.location, [band], self.bands)
        fitting = [e for e in offered if e.grid.pixel_size_m <= pixel_m * (1 + 1e-9)]
        return fitting[-1] if fitting else offered[0]


def observation_of(product: Sentinel2Msi) -> Observation:
    """What a Sentinel-2 product has seen.

    Raises:
        MissingPart: The file of a band is empty.
    """
    resolutions: dict[str, list[int]] = {}
    for band, resolution_m in sorted(product.images):
        resolutions.setdefault(band, []).append(resolution_m)
    return Observation(
        product_id=product.product_id,
        location=product.files.location,
        time=product.sensing_start,
        grid=product.grid,
        layers={
            band: tuple(product.layer(band, r) for r in offered)
            for band, offered in resolutions.items()
        },
        level=product.level,
        tile=product.tile.tile_id,
        baseline=product.baseline,
        generated=product.generated,
        platform=product.platform,
        relative_orbit=product.relative_orbit,
        properties=_properties(product),
    )


def _properties(product: Sentinel2Msi) -> dict[str, Any]:
    sun, tile = product.tile.sun, product.tile.tile_id
    return {
        "constellation": "sentinel-2",
        "platform": product.platform,
        "instruments": ["msi"],
        "eo:cloud_cover": min(max(product.cloud_cover, 0.0), 100.0),
        "sat:orbit_state": product.orbit_pass,
        "sat:relative_orbit": product.relative_orbit,
        "view:sun_azimuth": sun.azimuth_deg % 360,
        "view:sun_elevation": 90 - sun.zenith_deg,
        "grid:code": f"MGRS-{tile.removeprefix('T').lstrip('0')}",
        "processing:level": {"L1C": "L1", "L2A": "L2"}[product.level],
        "s2:processing_baseline": product.baseline,
        "s2:product_type": f"S2MSI{product.level[1:]}",
    }
