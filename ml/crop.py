"""The crop use case: a crop-type product becomes a map product."""

from collections.abc import Mapping
from pathlib import Path

from pyproj import CRS

from ml.map_product import write_map_product
from ml.maps import Generalization, MapProduct
from ml.products.georeference import Period, parse_crs
from ml.products.worldcereal import read_worldcereal
from ontologies.progress import Progress, silent

_EXACT = Generalization()


def run(  # noqa: PLR0913 - every one is an option of the command
    product_path: Path,
    out_dir: Path,
    *,
    crs: CRS | str | None = None,
    period: Period = (None, None),
    class_table: Mapping[int, str] | None = None,
    generalization: Generalization = _EXACT,
    progress: Progress = silent,
) -> MapProduct:
    """Turn a WorldCereal crop-type product into COGs, polygons and a STAC item.

    By default polygons follow the pixels exactly, so areas sum to pixels times pixel
    area.

    Args:
        product_path: A NetCDF product, or a GeoTIFF of codes.
        out_dir: A new folder, or one that holds an earlier map product.
        crs: For a product that does not declare its own; text is anything PROJ
            understands.
        period: Observed from, until; UTC where they name no zone.
        class_table: What the codes of a GeoTIFF mean: code to notation in the scheme.
        generalization: Minimum mapping unit and tolerance of the polygons.
        progress: Told about each stage.

    Raises:
        ProductError: The product cannot become a map; nothing was written.
        OutputExists: `out_dir` holds something else.
    """
    progress("read product", 0.0)
    class_map = read_worldcereal(
        product_path,
        crs=None if crs is None else parse_crs(crs),
        period=period,
        class_table=class_table,
    )
    progress("read product", 1.0)
    return write_map_product(class_map, out_dir, generalization, progress)
