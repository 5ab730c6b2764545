"""Several dates become a cube: as they are, with a mask, and as composites.

The folder holds `raw.zarr` (irregular dates, for networks that read those), the
composites `monthly.zarr` or `dekadal.zarr` (regular, without gaps), or the same as
COGs, a STAC item and a picture.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.documents import write_json
from ml.errors import NoValidPixels
from ml.folders import appearing
from ml.maps import Grid
from ml.prep.cloud_mask import KEPT, NOTHING
from ml.prep.composites import Period, fill_composites, period_label, spans
from ml.prep.projection import tiles_of
from ml.prep.quicklook import Panel, draw_quicklook
from ml.prep.s2_items import (
    band_documents,
    common_properties,
    item_document,
    processing_properties,
    projection_properties,
    source_links,
    stac_time,
)
from ml.prep.s2_reading import STORED_NODATA, STORED_SCALE, opened_date, side_of, stored
from ml.prep.s2_scene import NATURAL
from ml.prep.s2_series import Date, Series
from ml.prep.seen import Seen
from ml.prep.zarr_cube import (
    CHUNK,
    COUNT,
    MASK,
    Cube,
    CubeFrame,
    create_composites,
    create_raw,
)
from ml.products.layers import bounded_gdal
from ml.products.series_cube import LEVEL
from ml.rasters import Layers, Raster, write_cog, writing_cog
from ml.scene import COG
from ontologies.progress import Progress, silent

ITEM: Final = "item.json"
QUICKLOOK: Final = "quicklook.png"
RAW: Final = "raw"
_PREVIEW: Final = "preview.tif"
_PREVIEW_SIDE: Final = 900
_ZARR: Final = "application/vnd.zarr; version=3"
_DATACUBE: Final = "https://stac-extensions.github.io/datacube/v2.3.0/schema.json"
_NAMES: Final = frozenset(
    {ITEM, QUICKLOOK, RAW, *Period, f"{RAW}.zarr", *(f"{p}.zarr" for p in Period)}
)


@dataclass(frozen=True, slots=True)
class CubeOptions:
    """What a user can choose.

    Attributes:
        composites: Which are made.
        fills_gaps: Whether periods without an observation are interpolated.
        as_zarr: Whether cubes are kept as Zarr.
        as_cogs: Whether each time becomes a COG.
    """

    composites: tuple[Period, ...] = (Period.MONTHLY,)
    fills_gaps: bool = True
    as_zarr: bool = True
    as_cogs: bool = False


@dataclass(frozen=True, slots=True)
class PreparedCube:
    """What was written.

    Attributes:
        item: The STAC item.
        files: The cubes, or folders of COGs.
        picture: The least cloudy date; None where nothing draws.
        grid: Where the pixels lie.
        document: The content of the item.
    """

    item: Path
    files: tuple[Path, ...]
    picture: Path | None
    grid: Grid
    document: dict[str, Any]


def write_cube(
    series: Series,
    out: Path,
    options: CubeOptions | None = None,
    *,
    draws: bool = False,
    progress: Progress = silent,
) -> PreparedCube:
    """Write the cube of a series; the folder appears whole, or not at all.

    Args:
        series: The plan.
        out: The folder; an earlier cube in it is replaced.
        options: What is made.
        draws: Whether a picture of the least cloudy date is drawn.
        progress: Told of each stage.

    Raises:
        UnreadableProduct: A band is damaged.
        NoValidPixels: No pixel of any date says anything.
        OutputExists: `out` holds something else.
        MissingExtra: A picture is wanted, and matplotlib is not installed.
    """
    chosen = options or CubeOptions()
    with appearing(out, _NAMES) as folder, bounded_gdal():
        raw = create_raw(folder / f"{RAW}.zarr", _raw_frame(series), _about(series))
        seen = _fill_raw(series, raw, progress)
        cubes = {RAW: raw, **_composites(series, raw, folder, chosen, progress)}
        document = _document(series, cubes, seen, chosen)
        write_json(folder / ITEM, document)
        if draws:
            _draw(series, raw, seen, folder)
        kept = _keep(cubes, folder, chosen, progress)
    picture = out / QUICKLOOK if draws else None
    files = tuple(out / name for name in kept)
    return PreparedCube(out / ITEM, files, picture, series.grid, document)


def _raw_frame(series: Series) -> CubeFrame:
    firsts = [date.observations[0] for date in series.dates]
    times = tuple(date.time for date in series.dates)
    return CubeFrame(
        series.grid,
        series.bands,
        times,
        labels={
            "product": [first.product_id for first in firsts],
            "platform": [first.platform or "" for first in firsts],
            "relative_orbit": [first.relative_orbit or 0 for first in firsts],
            "day_of_year": [time.timetuple().tm_yday for time in times],
        },
    )


def _about(series: Series) -> dict[str, Any]:
    done = processing_properties(series)
    return {
        **({LEVEL: series.level} if series.level else {}),
        "title": f"reflectance of {_identifier(series)}",
        "history": done["processing:lineage"],
        "pytheas_preparation": done["pytheas:preparation"],
    }


@dataclass(slots=True)
class _Seen:
    """What the dates show.

    Attributes:
        ground: Where any of them says something.
        kept_T: How many pixels of each are kept.
    """

    ground: Seen
    kept_T: list[int]


def _fill_raw(series: Series, raw: Cube, progress: Progress) -> _Seen:
    tiles = list(tiles_of(series.grid, side_of(series)))
    seen = _Seen(Seen(series.grid), [0] * len(series.dates))
    for position, date in enumerate(series.dates):
        with opened_date(series, date) as products:
            for done, tile in enumerate(tiles, start=1):
                piece = products.read(tile)
                raw.write(position, tile, stored(piece.values_BHW), piece.mask_HW)
                seen.ground.note(tile, piece.mask_HW != NOTHING)
                seen.kept_T[position] += int((piece.mask_HW == KEPT).sum())
                share = (position + done / len(tiles)) / len(series.dates)
                progress("prepare dates", share)
    if not seen.ground.is_seen_HW.any():
        raise NoValidPixels(series.observations[0].location)
    return seen


def _composites(
    series: Series, raw: Cube, folder: Path, options: CubeOptions, progress: Progress
) -> dict[str, Cube]:
    made = {}
    first, last = series.dates[0].time, series.dates[-1].time
    for period in options.composites:
        periods = [(s.start, s.end) for s in spans(period, first, last)]
        frame = CubeFrame(
            series.grid,
            series.bands,
            tuple(start for start, _ in periods),
            tuple(periods),
            {"label": [period_label(period, start) for start, _ in periods]},
        )
        about = {**_about(series), "composite": f"{period} median"}
        cube = create_composites(folder / f"{period}.zarr", frame, about)
        fill_composites(raw, cube, fills_gaps=options.fills_gaps, progress=progress)
        made[str(period)] = cube
    return made


def _keep(
    cubes: Mapping[str, Cube], folder: Path, options: CubeOptions, progress: Progress
) -> list[str]:
    """Write COGs where they are wanted, and remove cubes that are not."""
    kept = []
    for name, cube in cubes.items():
        if options.as_cogs:
            _write_cogs(cube, folder / name, progress)
            kept.append(name)
        if options.as_zarr:
            kept.append(f"{name}.zarr")
        else:
            shutil.rmtree(folder / f"{name}.zarr")
    return kept


def _write_cogs(cube: Cube, folder: Path, progress: Progress) -> None:
    names = cog_names(cube.frame)
    for position, name in enumerate(names):
        _write_cogs_of(cube, position, folder / name)
        progress(f"COGs of {folder.name}", (position + 1) / len(names))


def cog_names(frame: CubeFrame) -> list[str]:
    """The file of each time."""
    if frame.periods:
        return [f"{label}.tif" for label in frame.labels["label"]]
    stamps = [f"{time:%Y%m%dT%H%M%S}" for time in frame.times]
    repeated = {stamp for stamp in stamps if stamps.count(stamp) > 1}
    platforms = frame.labels["platform"]
    return [
        f"{stamp}-{platform}.tif" if stamp in repeated else f"{stamp}.tif"
        for stamp, platform in zip(stamps, platforms, strict=True)
    ]


def _write_cogs_of(cube: Cube, position: int, path: Path) -> None:
    frame, flags = cube.frame, cube.flags
    name = COUNT if frame.periods else MASK
    nothing = None if frame.periods else float(NOTHING)
    tags = {"time": frame.times[position].isoformat()}
    values = Layers(
        frame.grid, "int16", STORED_NODATA, frame.bands, tags, scale=STORED_SCALE
    )
    beside = Layers(
        frame.grid, str(flags.dtype), nothing, (name,), tags, is_categorical=True
    )
    with (
        writing_cog(path, values) as canvas,
        writing_cog(path.with_suffix(f".{name}.tif"), beside) as other,
    ):
        for tile in tiles_of(frame.grid, CHUNK):
            steps_1BYX, flags_1YX = cube.read(slice(position, position + 1), tile)
            canvas.write(tile.row, tile.column, steps_1BYX[0])
            other.write(tile.row, tile.column, flags_1YX)


def _identifier(series: Series) -> str:
    """The tile, or the first product, with the first and the last day."""
    first = series.observations[0]
    place = first.tile or first.product_id
    days = (f"{date.time:%Y%m%d}" for date in (series.dates[0], series.dates[-1]))
    return "_".join([place, *([series.level] if series.level else []), *days])


def _document(
    series: Series, cubes: Mapping[str, Cube], seen: _Seen, options: CubeOptions
) -> dict[str, Any]:
    document = item_document(
        _identifier(series),
        seen.ground.footprint(),
        (series.dates[0].time, series.dates[-1].time),
        {
            **common_properties(series),
            **projection_properties(series.grid),
            **processing_properties(series),
            "cube:dimensions": _dimensions(series),
            "cube:variables": _variables(),
            "pytheas:dates": [
                _date(d, k) for d, k in zip(series.dates, seen.kept_T, strict=True)
            ],
        },
        _assets(series, cubes, options),
    )
    document["stac_extensions"].append(_DATACUBE)
    document["links"] = source_links(series.dates)
    return document


def _date(date: Date, kept: int) -> dict[str, Any]:
    return {
        "datetime": stac_time(date.time),
        "products": [o.product_id for o in date.observations],
        "pixels_kept": kept,
    }


def _dimensions(series: Series) -> dict[str, Any]:
    west, south, east, north = series.grid.bounds
    authority = series.grid.crs.to_epsg()
    system = authority or series.grid.crs.to_json_dict()
    times = [stac_time(date.time) for date in series.dates]
    place = {"type": "spatial", "reference_system": system}
    return {
        "x": {**place, "axis": "x", "extent": [west, east]},
        "y": {**place, "axis": "y", "extent": [south, north]},
        "time": {"type": "temporal", "extent": [times[0], times[-1]], "values": times},
        "band": {"type": "bands", "values": list(series.bands)},
    }


def _variables() -> dict[str, Any]:
    return {
        "reflectance": {"type": "data", "dimensions": ["time", "band", "y", "x"]},
        MASK: {"type": "auxiliary", "dimensions": ["time", "y", "x"]},
    }


def _assets(
    series: Series, cubes: Mapping[str, Cube], options: CubeOptions
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    bands = band_documents(series)
    for name, cube in cubes.items():
        what = "each date" if name == RAW else f"{name} median"
        described = {"title": f"Reflectance, {what}", "bands": bands}
        if options.as_zarr:
            found[name] = {
                "href": f"./{name}.zarr",
                "type": _ZARR,
                "roles": ["data", "reflectance"],
                **described,
            }
        if options.as_cogs:
            for file, time in zip(cog_names(cube.frame), cube.frame.times, strict=True):
                found[f"{name}-{file.removesuffix('.tif')}"] = {
                    "href": f"./{name}/{file}",
                    "type": COG,
                    "roles": ["data", "reflectance"],
                    "datetime": stac_time(time),
                    **described,
                }
    return found


def _draw(series: Series, raw: Cube, seen: _Seen, folder: Path) -> None:
    """Draw the date with most pixels, coarsely."""
    best = int(np.argmax(seen.kept_T))
    grid = series.grid
    step = max(-(-max(grid.height, grid.width) // _PREVIEW_SIDE), 1)
    bands = list(NATURAL) if set(NATURAL) <= set(series.bands) else series.bands[:1]
    steps_BYX = np.asarray(raw.reflectance[best, :, ::step, ::step])
    steps_BYX = steps_BYX[[series.bands.index(band) for band in bands]]
    coarse = Grid(
        grid.transform @ grid.transform.scale(step), grid.crs, *steps_BYX.shape[1:]
    )
    path = folder / _PREVIEW
    write_cog(path, Raster(steps_BYX, coarse, STORED_NODATA, scale=STORED_SCALE))
    time = series.dates[best].time
    title = f"{time:%Y-%m-%d}, {', '.join(bands)}"
    positions = tuple(range(len(bands)))
    draw_quicklook(
        folder / QUICKLOOK, [Panel(path, positions, title)], _identifier(series)
    )
    path.unlink()
