"""A raster with named bands (a COG, or any other format of GDAL) as an observation."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from rasterio.io import DatasetReader

from ml.errors import UnreadableProduct
from ml.products.errors import UnknownScaling
from ml.products.layers import (
    AS_IT_IS,
    Layer,
    RasterLayer,
    Scaling,
    grid_of,
    opened_raster,
)
from ml.products.observations import Observation
from ml.products.s2_bands import BAND_BY_NAME, SATURATED, SCL, band_name
from ml.products.sentinel2 import Radiometry

_TIMES: Final = ("time", "TIFFTAG_DATETIME", "ACQUISITIONDATETIME", "datetime")
_TIFF_TIME: Final = "%Y:%m:%d %H:%M:%S"
_CURE: Final = "state it with --offset and --quantification"
_16_BITS: Final = 2


def read_raster_product(
    path: Path, radiometry: Radiometry | None = None
) -> Observation:
    """A raster whose bands have names; it must say when it was seen.

    Raises:
        UnreadableProduct: It is damaged, or says no time.
        UnknownScaling: Its numbers are integers, and nobody says what they stand for.
        MissingCrs: It does not say where it lies.
    """
    with opened_raster(str(path)) as dataset:
        time = _time(path, dataset.tags())
        grid = grid_of(str(path), dataset)
        layers = band_layers(str(path), dataset, None, [], radiometry)
    return Observation(
        product_id=path.stem,
        location=str(path),
        time=time,
        grid=grid,
        layers={name: (layer,) for name, layer in layers.items()},
    )


def band_layers(
    path: str,
    dataset: DatasetReader,
    names: Sequence[str] | None,
    declared: Sequence[Scaling | None],
    radiometry: Radiometry | None,
) -> dict[str, Layer]:
    """The bands of an open raster, by name.

    Args:
        path: As GDAL calls it.
        dataset: The raster.
        names: Of its bands; None where their descriptions tell.
        declared: How numbers become reflectances, where a document says so; may be
            shorter than there are bands.
        radiometry: The same, where the user says so, which counts before all else.

    Raises:
        UnknownScaling: Nobody says so, and the numbers are integers.
    """
    grid = grid_of(path, dataset)
    descriptions = names or [
        text or f"band{number}" for number, text in enumerate(dataset.descriptions, 1)
    ]
    layers: dict[str, Layer] = {}
    for number, text in enumerate(descriptions, start=1):
        name = band_name(text)
        said = declared[number - 1] if number <= len(declared) else None
        scaling = _scaling(path, dataset, number, name, said, radiometry)
        nothing = _nothing(dataset, number, name)
        layers.setdefault(name, RasterLayer(path, number, grid, scaling, nothing))
    return layers


def _nothing(dataset: DatasetReader, number: int, name: str) -> tuple[float, ...]:
    """Numbers that say nothing."""
    declared = dataset.nodatavals[number - 1]
    found = () if declared is None else (float(declared),)
    dtype = np.dtype(dataset.dtypes[number - 1])
    return found + saturated(dtype, name)


def saturated(dtype: np.dtype[np.generic], name: str) -> tuple[float, ...]:
    """65535 in unsigned numbers of 16 bits of a band of Sentinel-2, as the PSD has it.

    Examples:
        >>> saturated(np.dtype("uint16"), "B02"), saturated(np.dtype("f4"), "B02")
        ((65535.0,), ())
    """
    is_digital = dtype.kind == "u" and dtype.itemsize == _16_BITS
    return (float(SATURATED),) if is_digital and name in BAND_BY_NAME else ()


def _scaling(
    path: str,
    dataset: DatasetReader,
    number: int,
    name: str,
    said: Scaling | None,
    radiometry: Radiometry | None,
) -> Scaling:
    if name == SCL:
        return AS_IT_IS
    dtype = np.dtype(dataset.dtypes[number - 1])
    scale, offset = dataset.scales[number - 1], dataset.offsets[number - 1]
    if said is None and (scale, offset) != (1.0, 0.0):
        said = Scaling(scale, offset, "GDAL scale")
    return chosen_scaling(path, name, dtype, said, radiometry)


def chosen_scaling(
    path: str,
    name: str,
    dtype: np.dtype[np.generic],
    said: Scaling | None,
    radiometry: Radiometry | None,
) -> Scaling:
    """How numbers become reflectances: the user's word, the product's, else as floats.

    Raises:
        UnknownScaling: Nobody says so, and the numbers are integers.
    """
    if radiometry is not None:
        band = BAND_BY_NAME.get(name)
        return radiometry.scaling(-1 if band is None else band.band_id)
    if said is not None:
        return said
    if dtype.kind == "f":
        return AS_IT_IS
    reason = f"its band {name} holds integers ({dtype}) without scale and offset"
    raise UnknownScaling(path, reason, _CURE)


def _time(path: Path, tags: Mapping[str, str]) -> datetime:
    found = [tags[name] for name in _TIMES if tags.get(name)]
    if not found:
        reason = "it does not say when it was seen"
        cure = "name the STAC item beside it, or set TIFFTAG_DATETIME in the file"
        raise UnreadableProduct(path, reason, cure)
    return _moment(path, found[0])


def _moment(path: Path, text: str) -> datetime:
    for read in (datetime.fromisoformat, _tiff_time):
        try:
            moment = read(text)
        except ValueError:
            continue
        # Without a zone it is UTC.
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise UnreadableProduct(path, f"its time {text!r} is none", "correct its metadata")


def _tiff_time(text: str) -> datetime:
    return datetime.strptime(text, _TIFF_TIME).replace(tzinfo=UTC)
