"""The main job, done once for all tests that look at its results."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pyoxigraph as ox
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.main import create_app
from api.settings import Settings
from api.virtual import VirtualEngines
from ml.sim.ice import write_scene
from ontologies.vocabulary import SCHEMES, vocabulary_file
from strabon_store.store import Store
from tests.api.serving import serving

SEED = 7


def pytheas(*arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


@dataclass(frozen=True, slots=True)
class Job:
    """What the main job left.

    Attributes:
        product: What went in.
        location: The folder of the store.
        folder: The files of the product.
    """

    product: Path
    location: Path
    folder: Path

    @property
    def polygons(self) -> gpd.GeoDataFrame:
        """The polygon table, as geopandas reads it."""
        return gpd.read_parquet(self.folder / "polygons.parquet")

    def oracle(self, *schemes: str) -> ox.Store:
        """The same triples in another SPARQL engine."""
        store = ox.Store()
        store.load(path=self.folder / "graph.nq")
        for name in schemes:
            store.load(vocabulary_file(SCHEMES[name]).read_bytes(), ox.RdfFormat.TURTLE)
        return store

    def copied(self, folder: Path) -> "Job":
        """The same in another place, to be written to while the first is served."""
        location = folder / "copy"
        shutil.copytree(self.location, location)
        below = self.folder.relative_to(self.location)
        return Job(self.product, location, location / below)


def run_job(kind: str, product: Path, location: Path, *options: object) -> Job:
    """`pytheas run`, which must succeed."""
    result = pytheas("run", kind, product, "-l", location, "--json", *options)
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["status"] == "loaded"
    return Job(product, location, Path(report["folder"]))


@pytest.fixture(scope="session")
def ice(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A simulated scene at 81 degrees north, mapped and loaded."""
    folder = tmp_path_factory.mktemp("ice")
    write_scene(folder / "scene", seed=SEED, shape=(256, 256))
    return run_job("seaice", folder / "scene", folder / "store")


@pytest.fixture(scope="session")
def ice_endpoint(ice: Job) -> Iterator[str]:
    """The address at which the ice is asked for."""
    with serving(create_app(Settings(location=ice.location))) as url:
        yield f"{url}/sparql"


@pytest.fixture(scope="session")
def crop(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A real WorldCereal product, mapped and loaded."""
    product = data / "worldcereal" / "worldcereal_croptype_classification.nc"
    return run_job("crop", product, tmp_path_factory.mktemp("crop") / "store")


@pytest.fixture(scope="session")
def crop_endpoint(crop: Job) -> Iterator[str]:
    """The address at which the crops are asked for."""
    with serving(create_app(Settings(location=crop.location))) as url:
        yield f"{url}/sparql"


def dump(location: Path) -> list[tuple[object, ...]]:
    """Every triple of a store, in an order of its own."""
    with Store.open(location, read_only=True) as store:
        answer = store.query("SELECT ?s ?p ?o { ?s ?p ?o }")
        assert not isinstance(answer, bool)
        return sorted(answer, key=repr)


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def virtual_engines() -> Iterator[VirtualEngines]:
    """Engines for all virtual graphs of a test run: to start them takes long."""
    with closing(VirtualEngines()) as engines:
        yield engines
