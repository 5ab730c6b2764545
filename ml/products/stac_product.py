"""A STAC item whose assets are bands, as an observation.

Items of STAC 1.0 (`eo:bands`, `raster:bands`) and 1.1 (`bands`).  Nothing is fetched
but the bands that are wanted.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ml.errors import MissingBands, UnreadableProduct, UnsuitableProduct
from ml.products.access import Access
from ml.products.cube_product import read_cube_product
from ml.products.layers import Layer, Scaling, opened_raster
from ml.products.observations import Observation
from ml.products.raster_product import band_layers
from ml.products.s2_bands import BAND_BY_NAME, SCL, band_name, default_bands
from ml.products.sentinel2 import Radiometry

_PICTURES: Final = frozenset({"visual", "overview", "thumbnail", "metadata"})
_RASTERS: Final = ("image/tiff", "image/jp2", "image/vnd.stac.geotiff")
_CUBES: Final = ("application/vnd.zarr", "application/vnd+zarr", "application/netcdf")
_APPLIED: Final = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
_LEVELS: Final = {"1C": "L1C", "L1C": "L1C", "2A": "L2A", "L2A": "L2A", "L2": "L2A"}
_DATATAKE: Final = re.compile(r"GS2\w_(\d{8}T\d{6})_")
_TILE: Final = re.compile(r"(?:MGRS-|T)?(\d{1,2})([A-Z]{3})")
_CURE: Final = "name a STAC item whose assets are bands"


@dataclass(frozen=True, slots=True)
class BandAsset:
    """An asset that holds bands.

    Attributes:
        key: Its name in the item.
        href: Where it is.
        names: Of its bands, in their order.
        declared: How numbers become reflectances, by band; None where not said.
    """

    key: str
    href: str
    names: tuple[str, ...]
    declared: tuple[Scaling | None, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A STAC item that was read.

    Attributes:
        location: Where it lies, which its assets are seen from.
        document: Its content.
        assets: Those that hold bands.
    """

    location: str
    document: Mapping[str, Any]
    assets: tuple[BandAsset, ...]

    @property
    def bands(self) -> tuple[str, ...]:
        """The names of all bands, each once."""
        return tuple(dict.fromkeys(n for asset in self.assets for n in asset.names))


def read_item(path: Path, location: str) -> Item:
    """An item, of which no asset is read yet.

    Args:
        path: The document.
        location: Where it comes from, if that is somewhere else.

    Raises:
        UnreadableProduct: It is no STAC item.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableProduct(location, f"it is no JSON ({error})", _CURE) from error
    if not isinstance(document, dict) or document.get("type") != "Feature":
        raise UnreadableProduct(location, "it is no STAC item", _CURE)
    if not isinstance(document.get("assets"), dict) or "properties" not in document:
        raise UnreadableProduct(location, "it is a feature without assets", _CURE)
    applied = any(document["properties"].get(name) is True for name in _APPLIED)
    assets = _band_assets(document["assets"], is_offset_applied=applied)
    return Item(location, document, tuple(assets))


def read_stac_product(
    item: Item,
    access: Access,
    wanted: Sequence[str] = (),
    radiometry: Radiometry | None = None,
) -> Sequence[Observation]:
    """What an item shows: one observation, or those of the cube that is its asset.

    Args:
        item: The item.
        access: What may be read.
        wanted: Bands; empty for the ten of Sentinel-2 if they are there, else all.
        radiometry: How numbers become reflectances, where the user says so.

    Raises:
        MissingBands: It does not have a band.
        ForbiddenPlace: An asset may not be read.
        UnknownScaling: Nobody says what integers stand for.
    """
    is_cube = "cube:dimensions" in item.document["properties"]
    if is_cube or not item.assets:
        cube = access.asset(_cube_href(item), item.location)
        return read_cube_product(cube, radiometry)
    chosen = wanted or default_bands(item.bands) or item.bands
    absent = [band for band in chosen if band not in item.bands]
    if absent or not chosen:
        raise MissingBands(item.location, absent or ["of any name"], item.bands)
    layers = _layers(item, access, {*chosen, SCL}, radiometry)
    finest = min((e[0].grid for e in layers.values()), key=lambda g: g.pixel_size_m)
    properties = item.document["properties"]
    return [
        Observation(
            product_id=str(item.document.get("id")),
            location=item.location,
            time=_time(item),
            grid=finest,
            layers=layers,
            level=_level(properties),
            tile=_tile(properties),
            baseline=properties.get("s2:processing_baseline"),
            generated=_moment(properties.get("s2:generation_time")),
            platform=properties.get("platform"),
            relative_orbit=properties.get("sat:relative_orbit"),
            properties=_kept(properties),
        )
    ]


def _layers(
    item: Item, access: Access, wanted: set[str], radiometry: Radiometry | None
) -> dict[str, Sequence[Layer]]:
    layers: dict[str, Sequence[Layer]] = {}
    for asset in item.assets:
        if not wanted & set(asset.names) - set(layers):
            continue
        path = str(access.asset(asset.href, item.location))
        with opened_raster(path) as dataset:
            found = band_layers(path, dataset, asset.names, asset.declared, radiometry)
        for name, layer in found.items():
            if name in wanted:
                layers.setdefault(name, (layer,))
    return layers


def _band_assets(
    assets: Mapping[str, Any], *, is_offset_applied: bool
) -> Iterator[BandAsset]:
    for key, asset in assets.items():
        roles = set(asset.get("roles") or ())
        media_type = str(asset.get("type", "")).lower()
        if _PICTURES & roles or not media_type.startswith(_RASTERS):
            continue
        documents = _band_documents(asset)
        names = tuple(_name(key, d, len(documents)) for d in documents)
        if "href" in asset and ("data" in roles or set(names) & {*BAND_BY_NAME, SCL}):
            said = [
                _scaling({**asset, **d}, is_added=is_offset_applied) for d in documents
            ]
            yield BandAsset(key, asset["href"], names, tuple(said))


def _band_documents(asset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is said of each band, of STAC 1.1 and of the extensions of 1.0."""
    parts = [asset.get(name) or [] for name in ("bands", "eo:bands", "raster:bands")]
    count = max([1, *map(len, parts)])
    merged: list[dict[str, Any]] = [{} for _ in range(count)]
    for part in parts:
        for document, found in zip(merged, part, strict=False):
            document.update(found)
    return merged


def _name(key: str, band: Mapping[str, Any], count: int) -> str:
    """A band by its name or its common name; an asset of one band also by its key."""
    common = band.get("eo:common_name") or band.get("common_name")
    texts = [band.get("name"), *([key] if count == 1 else []), common]
    names = [band_name(str(text)) for text in texts if text]
    known = [name for name in names if name in BAND_BY_NAME or name == SCL]
    return (known or names or [key.upper()])[0]


def _scaling(described: Mapping[str, Any], *, is_added: bool) -> Scaling | None:
    """What an asset or its band say of numbers.

    A provider that added the offset says so in a property of the item, and often leaves
    that of the band as it was: the property counts.
    """
    scale = described.get("raster:scale", described.get("scale"))
    offset = described.get("raster:offset", described.get("offset"))
    if scale is None and offset is None:
        return None
    factor = 1.0 if scale is None else float(scale)
    if is_added:
        return Scaling(factor, 0.0, "boa_offset_applied")
    return Scaling(factor, float(offset or 0), "raster:scale")


def _cube_href(item: Item) -> str:
    """Where the cube is that an item describes; dates before composites."""
    for asset in item.document["assets"].values():
        if str(asset.get("type", "")).lower().startswith(_CUBES):
            return str(asset["href"])
    if item.assets:
        reason = "its dates are rasters of their own"
        cure = "name the rasters of the dates that are wanted"
        raise UnsuitableProduct(item.location, reason, cure)
    raise MissingBands(item.location, ["of any name"], [])


def _time(item: Item) -> datetime:
    """When the data take began, where the item says so, else its own time."""
    properties = item.document["properties"]
    datatake = _DATATAKE.match(str(properties.get("s2:datatake_id", "")))
    if datatake is not None:
        return datetime.strptime(datatake[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    for name in ("datetime", "start_datetime"):
        if moment := _moment(properties.get(name)):
            return moment
    raise UnreadableProduct(item.location, "it has no datetime", _CURE)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _level(properties: Mapping[str, Any]) -> str | None:
    text = str(properties.get("s2:product_type", "")).removeprefix("S2MSI")
    return _LEVELS.get(text) or _LEVELS.get(str(properties.get("processing:level")))


def _tile(properties: Mapping[str, Any]) -> str | None:
    """The tile, with the zone in two digits as products have it."""
    text = properties.get("s2:mgrs_tile") or properties.get("grid:code") or ""
    match = _TILE.fullmatch(str(text))
    return None if match is None else f"T{match[1]:0>2}{match[2]}"


def _kept(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a prepared scene says of its product as well."""
    names = (
        *("constellation", "platform", "instruments", "eo:cloud_cover"),
        *("sat:orbit_state", "sat:relative_orbit", "grid:code", "processing:level"),
        *("view:sun_azimuth", "view:sun_elevation", "s2:processing_baseline"),
        *("s2:product_type", *_APPLIED),
    )
    return {name: properties[name] for name in names if name in properties}
