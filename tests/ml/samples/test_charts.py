"""From a satellite that never was to a network with three heads, through shards.

A product is simulated, prepared and charted; the chart is written and read as SIGRID-3.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio.features
import shapely
from numpy.typing import NDArray
from typer.testing import CliRunner

from api.cli.main import app
from ml.errors import InvalidSamples, UnreadableSamples
from ml.maps import Grid
from ml.models.calibrated import Calibrated
from ml.models.headed_unet import HeadedUNet
from ml.prep.projection import Projector, Tile
from ml.prep.s1_product import Options, prepare_s1
from ml.products.sentinel1 import open_sentinel1
from ml.recipes import ChartRecipe, Schedule
from ml.registry.store import Registry
from ml.samples.charts import chart_set, charts_of
from ml.samples.shards.reader import open_shards
from ml.samples.sigrid3.chart import ChartPolygon, IceChart, read_chart
from ml.samples.sigrid3.codes import PolyType
from ml.samples.sigrid3.egg import Egg, Part
from ml.samples.sigrid3.label_rasters import write_labels
from ml.samples.sigrid3.labels import FLOE, HEADS, STAGE
from ml.samples.sigrid3.writer import write_chart
from ml.scene import read_scene
from ml.sim.safe import write_safe
from ml.sim.safe_frame import whole_frame
from ml.train import train_and_register
from ml.trainable_charts import of_charts
from ml.training.run import Run

pytestmark = pytest.mark.torch

EW = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"
STEP = 24
# Sigma0 of HH and HV, dB: water, young ice, old ice.
LEVELS_DB = np.array([(-22.0, -30.0), (-14.0, -24.0), (-8.0, -15.0)])
EGGS = (
    Egg(PolyType.WATER, "98"),
    # Half young, half old: no class dominates, and shares are all that is known.
    Egg(PolyType.ICE, "92", (Part("50", "83", "03"), Part("50", "95", "05"), Part())),
    Egg(PolyType.ICE, "92", (Part("70", "83", "03"), Part("30", "95", "05"), Part())),
    Egg(PolyType.ICE, "92", (Part(None, "95", "05"), Part(), Part())),
)


def _polygon(samples: NDArray[np.float64], width: int) -> NDArray[np.int64]:
    """The polygon of the chart in which a sample lies: four bands along the track."""
    band: NDArray[np.int64] = (samples / width * len(EGGS)).astype(np.int64)
    return np.clip(band, 0, len(EGGS) - 1)


def _classes(
    lines: NDArray[np.float64], samples: NDArray[np.float64], width: int
) -> NDArray[np.int64]:
    """Water, young or old ice: in mixed polygons floes of six by six pixels."""
    rng = np.random.default_rng(7)
    floes = rng.random((2000, 2000))
    drawn = floes[(lines // 6).astype(int), (samples // 6).astype(int)]
    polygon = _polygon(samples, width)
    share_of_old = np.array([0, 0.5, 0.3, 1.0])[polygon]
    ice: NDArray[np.int64] = np.where(drawn < share_of_old, 2, 1)
    found: NDArray[np.int64] = np.where(polygon == 0, 0, ice)
    return found


@pytest.fixture(scope="module")
def scene(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = data / "sentinel1_safe" / EW
    folder = tmp_path_factory.mktemp("charted")
    frame = whole_frame(open_sentinel1(template).image, STEP)

    def surface(
        start: int, stop: int, incidence_LS: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        shape = stop - start, incidence_LS.shape[1]
        lines, samples = np.mgrid[start:stop, : shape[1]].astype(float)
        found = _classes(lines, samples, shape[1])
        return np.asarray(10 ** (LEVELS_DB[found] / 10), np.float32).transpose(2, 0, 1)

    product = write_safe(
        template, folder / f"{EW}.SAFE", seed=1, frame=frame, surface=surface
    )
    options = Options(crs="EPSG:3413", pixel_m=40.0 * STEP, looks=1)
    prepared = prepare_s1(product, folder / "scene", options)
    chart = _chart(product, prepared.grid, folder / "chart.shp")
    write_chart(chart.path, chart)
    write_labels(read_chart(chart.path), prepared.grid, folder / "labels.tif")
    return folder


def _places(product: Path, grid: Grid) -> tuple[NDArray[np.float64], ...]:
    geometry = open_sentinel1(product).geometry()
    places = Projector(geometry, grid, 0.0).places(Tile(0, 0, grid.height, grid.width))
    return places.lines_HW, places.pixels_HW


def _chart(product: Path, grid: Grid, path: Path) -> IceChart:
    """The four bands as polygons, in the CRS of the scene."""
    image = open_sentinel1(product).image
    lines, samples = _places(product, grid)
    is_in = (lines >= 0) & (lines < image.lines) & (samples >= 0)
    is_in &= samples < image.samples
    polygons = _polygon(samples, image.samples).astype(np.int32)
    shapes = rasterio.features.shapes(polygons, is_in, transform=grid.transform)
    return IceChart(path, grid.crs, tuple(_numbered(shapes)))


def _numbered(shapes: Iterable[tuple[Any, float]]) -> Iterator[ChartPolygon]:
    for row, (shape, value) in enumerate(shapes, 1):
        yield ChartPolygon(row, shapely.geometry.shape(shape), EGGS[int(value)])


def test_a_network_learns_from_a_chart(scene: Path, tmp_path: Path) -> None:
    arguments = [
        *("ml", "samples", "shards", str(scene / "labels.tif")),
        *("--scene", str(scene / "scene"), "-o", str(tmp_path / "shards")),
    ]
    done = CliRunner().invoke(app, [*arguments, "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["kind"] == "charts"
    shards = open_shards(tmp_path / "shards")
    samples = charts_of(shards)
    assert len(shards) > 20
    assert samples.channels == ("HH dB", "HV dB", "incidence angle degrees")
    assert shards.column("geometry").null_count == 0
    assert shards.column("time_start")[0].as_py().year == 2022
    schedule = Schedule(epochs=30, batch=8, learning_rate=1e-2, balance=0.0)
    recipe = ChartRecipe(schedule, width=8, depth=1)
    made = train_and_register(
        of_charts(samples, recipe, "small"),
        Run(),
        Registry(tmp_path / "registry"),
        "ice",
        dataset="charted",
    )
    assert made.classes[11] == "stage: open water"
    assert made.metrics["accuracy_concentration"] > 0.95
    assert made.metrics["accuracy_stage"] > 0.85
    assert made.metrics["accuracy_floe"] > 0.85
    model = Registry(tmp_path / "registry").load(made)
    assert isinstance(model, Calibrated)
    assert isinstance(model.model, HeadedUNet)


def test_chips_are_what_scene_and_chart_say(scene: Path) -> None:
    made = chart_set("charted", [scene / "labels.tif"], [scene / "scene"], side=32)
    bands = read_scene(scene / "scene").read(0, read_scene(scene / "scene").grid.height)
    shares = np.array(made.attributes["shares"])
    start = len(HEADS["concentration"])
    seen = set()
    for sample in made.samples:
        row, column = map(int, sample.id.split("-")[-2:])
        window = np.s_[row : row + 32, column : column + 32]
        values = sample.arrays["values.npy"]
        np.testing.assert_array_equal(values[..., 1], bands.sigma0_db_PHW[1][window])
        polygons, labels = sample.arrays["polygons.npy"], sample.arrays["labels.npy"]
        stage = shares[polygons][..., start : start + len(STAGE)]
        is_sure = labels[1] != 255
        assert (stage.argmax(-1)[is_sure] == labels[1][is_sure]).all()
        assert not np.isfinite(values).all(-1)[polygons == 0].all() or (
            (polygons > 0).all()
        )
        seen |= {tuple(one) for one in stage[polygons > 0].round(2).tolist()}
    assert (0, 0, 0.5, 0, 0, 0.5) in seen
    assert (0, 0, 0.7, 0, 0, 0.3) in seen
    assert len(FLOE) == shares.shape[1] - start - len(STAGE)


def test_labels_that_do_not_fit_are_named(scene: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSamples, match="1 labels for 2 scenes"):
        chart_set("x", [scene / "labels.tif"], [scene / "scene"] * 2)
    lonely = tmp_path / "labels.tif"
    lonely.write_bytes((scene / "labels.tif").read_bytes())
    with pytest.raises(UnreadableSamples, match=r"labels\.json: no table of labels"):
        chart_set("x", [lonely], [scene / "scene"])
