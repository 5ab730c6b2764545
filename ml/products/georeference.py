"""Where and when a NetCDF product was observed: declared or asked for, never guessed.

The CRS comes from the first of: the file itself, the user, a companion.  A companion is
another NetCDF file in the same folder whose x and y coordinates are identical; products
are often cut from one cube, and only the cube kept its CRS.  All companions that
declare one must agree.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from affine import Affine
from pyproj import CRS
from pyproj.exceptions import CRSError

from ml.errors import (
    ConflictingCrs,
    InvalidPeriod,
    MissingCrs,
    UnknownCrs,
    UnreadableProduct,
)
from ontologies.geosparql.crs import crs_from_pyproj

_LOG = logging.getLogger(__name__)

Period: TypeAlias = tuple[datetime | None, datetime | None]
"""Observed from, until, UTC."""

_SPACING_TOLERANCE = 1e-6
"""By which part of a pixel steps between centres may differ: float noise only."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A file over the same grid.

    Attributes:
        path: Where it lies.
        crs: What it declares, or None.
        period: First and last time stamp (UTC), or None where it has no time axis.
    """

    path: Path
    crs: CRS | None
    period: tuple[datetime, datetime] | None


def load_netcdf(path: Path) -> xr.Dataset:
    """The product as it is in the file: no scaling, no masking, times decoded.

    Raises:
        UnreadableProduct: Absent, empty, truncated, or not NetCDF 4.
    """
    with _opened(path) as dataset, _naming(path):
        return dataset.load()


def _opened(path: Path) -> xr.Dataset:
    """The file, of which only coordinates and attributes are read."""
    if not path.is_file():
        raise UnreadableProduct(path, "there is no such file", "check the path")
    if path.stat().st_size == 0:
        raise UnreadableProduct(path, "the file is empty", "fetch it again")
    with _naming(path):
        return xr.open_dataset(
            path,
            engine="h5netcdf",
            mask_and_scale=False,
            decode_coords=False,
            cache=False,
        )


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """What HDF5 and xarray raise for a damaged file, as an error that names it."""
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise UnreadableProduct(
            path,
            f"it is truncated, or no NetCDF 4 file ({error})",
            "fetch it again, and check that it is a NetCDF product",
        ) from error


def affine_of_centres(path: Path, x: np.ndarray, y: np.ndarray) -> Affine:
    """The transform of a grid with pixel centres `x` (ascending), `y` (descending).

    Raises:
        UnreadableProduct: The centres are not evenly spaced, or there are fewer than
            two.
    """
    return Affine.translation(
        x[0] - _step(path, "x", x) / 2, y[0] - _step(path, "y", y) / 2
    ) @ Affine.scale(_step(path, "x", x), _step(path, "y", y))


def _step(path: Path, axis: str, centres: np.ndarray) -> float:
    steps = np.diff(centres.astype(np.float64))
    cure = "resample the product to a regular grid"
    if len(steps) == 0:
        reason = f"one {axis} coordinate alone does not tell the size of a pixel"
        raise UnreadableProduct(path, reason, cure)
    step = float((centres[-1] - centres[0]) / len(steps))
    if step == 0 or np.abs(steps - step).max() > _SPACING_TOLERANCE * abs(step):
        raise UnreadableProduct(path, f"the {axis} coordinates are not regular", cure)
    return step


def declared_crs(path: Path, dataset: xr.Dataset) -> CRS | None:
    """The CRS that the file declares, by CF grid mapping or by well-known attributes.

    Raises:
        ConflictingCrs: It declares several.
        UnreadableProduct: What it declares is no CRS.
    """
    claims: dict[str, CRS] = {}
    for name, attributes in _crs_attributes(dataset):
        try:
            claims[name] = _crs_of(attributes)
        except CRSError as error:
            raise UnreadableProduct(
                path,
                f"its variable {name!r} declares a CRS that PROJ refuses ({error})",
                "correct the attribute crs_wkt",
            ) from error
    return _agreed(path, [(f"variable {n!r}", crs) for n, crs in claims.items()])


def _crs_attributes(dataset: xr.Dataset) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each variable that says something about the CRS; the file is `"global"`."""
    for name, variable in dataset.variables.items():
        if {"crs_wkt", "spatial_ref", "grid_mapping_name"} & variable.attrs.keys():
            yield str(name), variable.attrs
    if {"crs_wkt", "spatial_ref"} & dataset.attrs.keys():
        yield "global", dataset.attrs


def _crs_of(attributes: Mapping[str, Any]) -> CRS:
    for name in ("crs_wkt", "spatial_ref"):
        if name in attributes:
            return canonical_crs(CRS.from_user_input(attributes[name]))
    return canonical_crs(CRS.from_cf(dict(attributes)))


def canonical_crs(crs: CRS) -> CRS:
    """The authority's own definition where `crs` is the same CRS in other words."""
    return crs_from_pyproj(crs).pyproj


def _agreed(path: Path, claims: list[tuple[str, CRS]]) -> CRS | None:
    if any(not crs.equals(claims[0][1], ignore_axis_order=True) for _, crs in claims):
        raise ConflictingCrs(path, [(source, crs.name) for source, crs in claims])
    return claims[0][1] if claims else None


def find_companions(path: Path, dataset: xr.Dataset) -> list[Companion]:
    """The other NetCDF files of the folder over exactly the grid of `dataset`."""
    found = []
    for other in sorted(path.parent.glob("*.nc")):
        if other.resolve() == path.resolve():
            continue
        try:
            opened = _opened(other)
        except UnreadableProduct as error:
            # A broken neighbour must not make a good product unreadable.
            _LOG.warning("not asked for a CRS: %s", error)
            continue
        with opened as candidate:
            if _same_grid(candidate, dataset):
                crs = declared_crs(other, candidate)
                found.append(Companion(other, crs, _period(candidate)))
    return found


def _same_grid(left: xr.Dataset, right: xr.Dataset) -> bool:
    return all(
        axis in left.coords and np.array_equal(left[axis].values, right[axis].values)
        for axis in ("x", "y")
    )


def _period(dataset: xr.Dataset) -> tuple[datetime, datetime] | None:
    times = [
        coordinate.values
        for coordinate in dataset.coords.values()
        if np.issubdtype(coordinate.dtype, np.datetime64) and coordinate.size
    ]
    if not times:
        return None
    stamps = np.concatenate([np.atleast_1d(t) for t in times]).astype("datetime64[ms]")
    return _utc(stamps.min()), _utc(stamps.max())


def _utc(stamp: np.datetime64) -> datetime:
    moment: datetime = stamp.astype("datetime64[ms]").item()
    return moment.replace(tzinfo=UTC)


def resolve_crs(
    path: Path, dataset: xr.Dataset, option: CRS | None, companions: list[Companion]
) -> tuple[CRS, str]:
    """The CRS, and who named it: `"file"`, `"option"`, `"companion:<name>"`.

    Raises:
        MissingCrs: Nobody names one.
        ConflictingCrs: The file and the user, or two companions, name different ones.
    """
    declared = declared_crs(path, dataset)
    if declared is not None:
        _agreed(path, [("the file", declared), *_named("--crs", option)])
        return declared, "file"
    if option is not None:
        return option, "option"
    claims = [(c.path.name, c.crs) for c in companions if c.crs is not None]
    agreed = _agreed(path, claims)
    if agreed is None:
        raise MissingCrs(path, [c.path for c in companions])
    source = f"companion:{claims[0][0]}"
    _LOG.info("%s: CRS %s taken from %s", path, agreed.name, source)
    return agreed, source


def _named(name: str, crs: CRS | None) -> list[tuple[str, CRS]]:
    return [] if crs is None else [(name, crs)]


def parse_crs(named: CRS | str) -> CRS:
    """The CRS that a user names by a code, WKT or PROJJSON.

    Raises:
        UnknownCrs: PROJ does not understand it.

    Examples:
        >>> parse_crs("EPSG:32631").name
        'WGS 84 / UTM zone 31N'
    """
    try:
        return canonical_crs(CRS.from_user_input(named))
    except CRSError as error:
        raise UnknownCrs(str(named), str(error)) from error


def resolve_period(
    path: Path,
    dataset: xr.Dataset,
    option: Period,
    companions: list[Companion],
) -> Period:
    """The observed period: the user's, the file's, else the companions'.

    The period runs from the first to the last time stamp.  A product made of composites
    is stamped with the beginning of each, so its last one may reach further; the option
    tells. Both are None where nobody knows: a map without a date is still a map.

    Raises:
        InvalidPeriod: One end is known and the other is not, or they are the wrong way
            round.
    """
    own = _period(dataset)
    known = [own] if own else [c.period for c in companions if c.period]
    start = option[0] or min((begin for begin, _ in known), default=None)
    end = option[1] or max((finish for _, finish in known), default=None)
    period = check_period(path, (start, end))
    if period == (None, None):
        _LOG.warning("%s: nobody says when it was observed; its times stay empty", path)
    return period


def check_period(path: Path, period: Period) -> Period:
    """The period in UTC; a time without a zone is UTC already.

    Raises:
        InvalidPeriod: One end is known and the other is not, or they are the wrong way
            round.
    """
    start, end = (None if t is None else _in_utc(t) for t in period)
    if (start is None) != (end is None) or (start and end and start > end):
        raise InvalidPeriod(path, start, end)
    return start, end


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)
