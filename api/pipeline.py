"""The main job: a product becomes a map, the map RDF, and the RDF part of a store.

    product --ml--> class map, polygons, STAC item --geotriples--> graph.nq --> store

All files of a product lie in `{store}/products/{scene}/`. They are made in a folder
beside, which takes that name only when the store has committed; whatever fails on the
way, store and folder are as they were. A crash between commit and renaming leaves a
complete store, and the next run finishes the folder.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import as_file
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote

import pyarrow.parquet as pq

import ml.crop
import ml.seaice
from api.errors import ProductDiffers, UnusedOption
from api.kinds import Kind
from api.stores import opened_store
from geotriples import mappings
from geotriples.reports import RunReport
from geotriples.run_local import run as run_mapping
from ml.maps import MapProduct
from ontologies.namespaces import ID
from ontologies.progress import Progress, silent
from ontologies.vocabulary import SCHEMES, vocabulary_file
from strabon_store.store import Store

GRAPH_FILE: Final = "graph.nq"
PRODUCTS_FOLDER: Final = "products"


@dataclass(frozen=True, slots=True)
class CropOptions:
    """What a crop product may not say itself.

    Attributes:
        crs: The CRS; anything PROJ understands.
        class_table: What the codes of a GeoTIFF mean: code to notation.
    """

    crs: str | None = None
    class_table: Mapping[int, str] | None = None


_NO_OPTIONS: Final = CropOptions()

MakeMap = Callable[[Path, Path, CropOptions, Progress], MapProduct]


def _map_seaice(
    scene: Path, out_dir: Path, options: CropOptions, progress: Progress
) -> MapProduct:
    if options != _NO_OPTIONS:
        raise UnusedOption("--crs or --classes", "a scene of sea ice says both itself")
    return ml.seaice.run(scene, out_dir, progress=progress)


def _map_crop(
    product: Path, out_dir: Path, options: CropOptions, progress: Progress
) -> MapProduct:
    return ml.crop.run(
        product,
        out_dir,
        crs=options.crs,
        class_table=options.class_table,
        progress=progress,
    )


_MAKE_MAP: Final[Mapping[Kind, MakeMap]] = MappingProxyType(
    {Kind.SEAICE: _map_seaice, Kind.CROP: _map_crop}
)
_SCHEMES_OF: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.SEAICE: ("icetype", "stage", "concentration", "form"),
        Kind.CROP: ("worldcereal/croptype", "hcat"),
    }
)
"""Concept schemes that each kind of map refers to; their labels are loaded too."""


@dataclass(frozen=True, slots=True)
class ProductReport:
    """What became of a product.

    Attributes:
        status: Whether the store got it now, or held it already.
        scene_id: The product's identifier.
        run_id: Identifier of the map: of scene, model and parameters.
        polygons: How many polygons the map has.
        triples: How many triples say so.
        folder: Where the files are.
    """

    status: Literal["loaded", "unchanged"]
    scene_id: str
    run_id: str
    polygons: int
    triples: int
    folder: str

    def as_json(self) -> dict[str, str | int]:
        """The same for a report."""
        return asdict(self)

    def __str__(self) -> str:
        done = {"loaded": "loaded", "unchanged": "already there, unchanged"}
        return (
            f"{self.scene_id}: {done[self.status]} ({self.polygons} polygons, "
            f"{self.triples} triples)\nfiles in {self.folder}"
        )


def run_product(
    kind: Kind,
    product: Path,
    location: Path,
    *,
    base: str = ID,
    options: CropOptions = _NO_OPTIONS,
    progress: Progress = silent,
) -> ProductReport:
    """Map a product, describe the map in RDF, and load that into the store.

    Args:
        kind: What the map shows.
        product: A scene or a class map.
        location: The folder of the store; made where there is none.
        base: What the IRIs of the data start with.
        options: What the product does not say itself.
        progress: Told about each stage.

    Raises:
        ProductDiffers: The store holds another map of the same scene.
        PytheasError: A step failed; store and folder are as they were.
    """
    with opened_store(location) as store, _workshop(location) as workshop:
        made = workshop / "product"
        files = _MAKE_MAP[kind](product, made, options, progress)
        mapped = _describe(kind, files, made / GRAPH_FILE, base, progress)
        first = pq.read_table(files.polygons, columns=["scene_id", "run_id"])
        scene_id, run_id = (first[name][0].as_py() for name in ("scene_id", "run_id"))
        folder = location / PRODUCTS_FOLDER / quote(scene_id, safe="")
        is_known = _is_known(made, folder, scene_id)
        _load(store, kind, made / GRAPH_FILE, progress)
        if not is_known:
            made.rename(folder)
        return ProductReport(
            status="unchanged" if is_known else "loaded",
            scene_id=scene_id,
            run_id=run_id,
            polygons=first.num_rows,
            triples=mapped.triples,
            folder=str(folder),
        )


def _describe(
    kind: Kind, files: MapProduct, graph: Path, base: str, progress: Progress
) -> RunReport:
    return run_mapping(
        mappings.path(kind.value),
        graph,
        sources={"polygons.parquet": files.polygons},
        base=base,
        progress=progress,
    )


def _load(store: Store, kind: Kind, graph: Path, progress: Progress) -> None:
    with ExitStack() as stack:
        schemes = (vocabulary_file(SCHEMES[name]) for name in _SCHEMES_OF[kind])
        paths = [stack.enter_context(as_file(scheme)) for scheme in schemes]
        store.load([graph, *paths], progress=progress)


def _is_known(made: Path, folder: Path, scene_id: str) -> bool:
    """Whether `folder` holds the same graph; the mapping writes it in sorted order."""
    if not folder.exists():
        return False
    if (folder / GRAPH_FILE).read_bytes() != (made / GRAPH_FILE).read_bytes():
        raise ProductDiffers(scene_id, str(folder))
    return True


@contextmanager
def _workshop(location: Path) -> Iterator[Path]:
    """A folder for unfinished files, on the disk where they will stay."""
    products = location / PRODUCTS_FOLDER
    is_new = not products.exists()
    products.mkdir(parents=True, exist_ok=True)
    workshop = Path(mkdtemp(prefix=".unfinished-", dir=products))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop)
        if is_new and not any(products.iterdir()):
            products.rmdir()
