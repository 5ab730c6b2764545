"""A class map becomes a folder of files: two COGs, a polygon table and a STAC item.

The folder appears whole or not at all: everything is written beside it and moved at the
end.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from tempfile import mkdtemp

from ml.errors import OutputExists
from ml.map_rasters import write_class_map
from ml.maps import ClassMap, Generalization, MapProduct
from ml.polygons import write_polygons
from ml.stac import map_item, write_item
from ml.vectorize.polygonize import polygonize
from ontologies.progress import Progress, silent


def product_in(folder: Path) -> MapProduct:
    """The files of a map product by their names in its folder."""
    return MapProduct(
        class_map=folder / "class_map.tif",
        probabilities=folder / "probabilities.tif",
        polygons=folder / "polygons.parquet",
        item=folder / "item.json",
    )


def write_map_product(
    class_map: ClassMap,
    out_dir: Path,
    generalization: Generalization,
    progress: Progress = silent,
) -> MapProduct:
    """Write the map as it is, and its polygons generalized.

    An earlier map product in `out_dir` is replaced; the same map gives the same files.

    Raises:
        OutputExists: `out_dir` holds something that is no file of a map product.
        NoValidPixels: There is nothing to map.
    """
    with _appearing(out_dir) as folder:
        product = product_in(folder)
        write_class_map(class_map, product.class_map, product.probabilities)
        progress("write rasters", 1.0)
        polygons = polygonize(class_map, generalization, progress)
        write_polygons(product.polygons, polygons)
        write_item(product.item, map_item(class_map, product, out_dir))
        progress("describe", 1.0)
    return product_in(out_dir)


@contextmanager
def _appearing(out_dir: Path) -> Iterator[Path]:
    """A folder to fill; it takes the place of `out_dir` where the block succeeds."""
    _refuse_foreign_files(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))
    new, old = unfinished / "new", unfinished / "old"
    try:
        new.mkdir()
        yield new
        if out_dir.exists():
            out_dir.rename(old)
        new.rename(out_dir)
    finally:
        if old.exists() and not out_dir.exists():
            old.rename(out_dir)
        shutil.rmtree(unfinished)


def _refuse_foreign_files(out_dir: Path) -> None:
    if not out_dir.exists():
        return
    if not out_dir.is_dir():
        raise OutputExists(out_dir)
    product = product_in(out_dir)
    ours = {getattr(product, field.name) for field in fields(product)}
    if set(out_dir.iterdir()) - ours:
        raise OutputExists(out_dir)
