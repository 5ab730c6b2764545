"""Data sets by their names: how they are read, and as what they go into shards.

| data set | kind | what it is |
|---|---|---|
| `central-asia` | series | fields with NDVI, classes of at least 100 |
| `worldcereal-2022`, `worldcereal-2023` | series | parcels, classes of at least 13 |
| `worldcereal-croptype` | series | parcels of 2023, months, crop types of at least 13 |
| `polar-patch` | patches | labelled patches of Sentinel-1 |
| `simulated-ice` | chips | pieces of simulated scenes; needs no files |
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ml.errors import SamplesError
from ml.samples.central_asia import read_central_asia
from ml.samples.polar_patch import PatchSamples, read_polar_patch
from ml.samples.series import SeriesSamples
from ml.samples.shards.model import SampleSet
from ml.samples.shards.sources import chip_set, patch_set, series_set
from ml.samples.simulated_ice import SCENES, ice_classes, scene_chips
from ml.samples.worldcereal import read_croptypes, read_parcels

PATCHES: Final = "polar-patch"
"""The data set of patches."""

SIMULATED: Final = "simulated-ice"
"""The data set that needs no files."""


def _central_asia(folder: Path) -> SeriesSamples:
    return read_central_asia(folder / "crops_central_asia").of_common_classes(100)


def _parcels(year: int) -> Callable[[Path], SeriesSamples]:
    name = f"{year}_FRA_LPIS_POLY_110.geoparquet"
    return lambda folder: read_parcels(folder / "worldcereal" / name).of_common_classes(
        13
    )


def _croptypes(folder: Path) -> SeriesSamples:
    path = folder / "worldcereal" / "2023_FRA_LPIS_POLY_110.geoparquet"
    return read_croptypes(path).of_common_classes(13)


SERIES: Final[Mapping[str, Callable[[Path], SeriesSamples]]] = MappingProxyType(
    {
        "central-asia": _central_asia,
        "worldcereal-2022": _parcels(2022),
        "worldcereal-2023": _parcels(2023),
        "worldcereal-croptype": _croptypes,
    }
)
"""From the folder of data sets to the samples."""

NAMES: Final = (*SERIES, PATCHES, SIMULATED)


def read_patches(folder: Path) -> PatchSamples:
    """The labelled patches, from the folder of data sets."""
    return read_polar_patch(folder / "polar_patch").labelled()


def sample_set(name: str, folder: Path | None, scenes: int = SCENES) -> SampleSet:
    """A data set for shards.

    Args:
        name: One of `NAMES`.
        folder: Where the data sets lie; not needed by the simulated one.
        scenes: How many are simulated.

    Raises:
        SamplesError: There is no such data set, or the folder is not named.
        UnreadableSamples: It is missing or broken.
    """
    if name == SIMULATED:
        return chip_set(name, ice_classes(), map(scene_chips, range(scenes)))
    if name not in NAMES:
        raise SamplesError(f"there is no {name!r}; there are {', '.join(NAMES)}")
    if folder is None:
        raise SamplesError(f"{name} lies in a folder; name it with --data")
    if name == PATCHES:
        return patch_set(read_patches(folder), name)
    return series_set(SERIES[name](folder))
