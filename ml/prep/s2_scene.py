"""One date becomes a COG of reflectances, its mask, and a STAC item.

Pixels are stored in steps of 1e-4 (int16, nodata -32768), as `scale` and `nodata` of
the files say.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ml.documents import write_json
from ml.errors import NoValidPixels, UnsuitableProduct
from ml.maps import Grid
from ml.prep.cloud_mask import NOTHING
from ml.prep.projection import Tile, tiles_of
from ml.prep.quicklook import Panel, draw_quicklook
from ml.prep.s2_items import (
    date_properties,
    item_document,
    mask_asset,
    processing_properties,
    projection_properties,
    raster_asset,
    source_links,
)
from ml.prep.s2_reading import (
    STORED_NODATA,
    STORED_SCALE,
    Piece,
    opened_date,
    side_of,
    stored,
)
from ml.prep.s2_series import Date, Series
from ml.prep.seen import Seen
from ml.products.layers import bounded_gdal
from ml.rasters import Canvas, Layers, writing_cog
from ontologies.progress import Progress, silent

REFLECTANCE: Final = "reflectance"
MASK: Final = "mask"
NATURAL: Final = ("B04", "B03", "B02")


@dataclass(frozen=True, slots=True)
class PreparedDate:
    """What was written.

    Attributes:
        item: The STAC item.
        files: Reflectances and mask.
        grid: Their grid.
        bands: Of the reflectances.
        document: The content of the item.
    """

    item: Path
    files: tuple[Path, Path]
    grid: Grid
    bands: tuple[str, ...]
    document: dict[str, Any]


def write_date(
    series: Series, date: Date, path: Path, progress: Progress = silent
) -> PreparedDate:
    """Write a date beside its item; all of it appears whole, or not at all.

    Args:
        series: The plan to which it belongs.
        date: Which.
        path: The COG of reflectances, `NAME.tif`; the mask is `NAME.mask.tif`, the item
            `NAME.json`.
        progress: Told of each stage.

    Raises:
        UnreadableProduct: A band is damaged; nothing was written.
        NoValidPixels: No pixel says anything.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as scratch:
        new = Path(scratch) / path.name
        with bounded_gdal():
            seen = _write_rasters(series, date, new, progress)
        document = _document(series, date, new, seen)
        write_json(_item_of(new), document)
        # The item comes last: who finds it finds all.
        for file in (new, _mask_of(new), _item_of(new)):
            file.replace(path.with_name(file.name))
    files = path, _mask_of(path)
    return PreparedDate(_item_of(path), files, series.grid, series.bands, document)


def _mask_of(path: Path) -> Path:
    return path.with_suffix(".mask.tif")


def _item_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _write_rasters(series: Series, date: Date, path: Path, progress: Progress) -> Seen:
    seen = Seen(series.grid)
    with (
        _canvases(series, path) as (reflectances, masks),
        opened_date(series, date) as products,
    ):
        tiles = list(tiles_of(series.grid, side_of(series)))
        for done, tile in enumerate(tiles, start=1):
            piece = products.read(tile)
            _write(reflectances, masks, tile, piece)
            seen.note(tile, piece.mask_HW != NOTHING)
            progress(f"prepare {date.time:%Y-%m-%d}", done / len(tiles))
        if not seen.is_seen_HW.any():
            raise NoValidPixels(date.observations[0].location)
    return seen


def only_date(series: Series) -> Date:
    """The date of a series that has one.

    Raises:
        UnsuitableProduct: It has several.
    """
    if len(series.dates) > 1:
        times = ", ".join(f"{d.time:%Y-%m-%d}" for d in series.dates)
        location = series.observations[-1].location
        reason = f"one file holds one date, and the products have {times}"
        raise UnsuitableProduct(location, reason, "name a folder with -o, for a cube")
    return series.dates[0]


@contextmanager
def _canvases(series: Series, path: Path) -> Iterator[tuple[Canvas, Canvas]]:
    reflectances = Layers(
        series.grid, "int16", STORED_NODATA, series.bands, scale=STORED_SCALE
    )
    masks = Layers(series.grid, "uint8", NOTHING, (MASK,), is_categorical=True)
    with (
        writing_cog(path, reflectances) as one,
        writing_cog(_mask_of(path), masks) as other,
    ):
        yield one, other


def _write(reflectances: Canvas, masks: Canvas, tile: Tile, piece: Piece) -> None:
    reflectances.write(tile.row, tile.column, stored(piece.values_BHW))
    masks.write(tile.row, tile.column, piece.mask_HW[None])


def _document(series: Series, date: Date, path: Path, seen: Seen) -> dict[str, Any]:
    of_this = Series(series.grid, series.bands, (date,), series.level, series.rule)
    document = item_document(
        date.observations[0].product_id,
        seen.footprint(),
        (date.time, date.time),
        {
            **date_properties(date),
            **projection_properties(series.grid),
            **processing_properties(of_this),
        },
        {
            REFLECTANCE: raster_asset(series, path, "Reflectance"),
            MASK: mask_asset(_mask_of(path)),
        },
    )
    document["links"] = source_links([date])
    return document


def draw_date(prepared: PreparedDate) -> Path:
    """Draw what was written, beside its item: in natural colours where they are there.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    path = prepared.item.with_suffix(".png")
    draw_quicklook(path, [panel_of(prepared)], str(prepared.document["id"]))
    return path


def panel_of(prepared: PreparedDate) -> Panel:
    """What is drawn of a date."""
    bands = prepared.bands
    if set(NATURAL) <= set(bands):
        chosen, title = tuple(map(bands.index, NATURAL)), "natural colours"
    else:
        chosen, title = (0,), f"reflectance of {bands[0]}, 1e-4"
    return Panel(prepared.files[0], chosen, title)
