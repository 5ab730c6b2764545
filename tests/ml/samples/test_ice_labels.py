"""Labels of ice charts: the dominance rule, and charts burned onto grids."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ml.maps import Grid
from ml.prep.projection import Tile
from ml.rasters import read_raster
from ml.samples.sigrid3.chart import IceChart, read_chart
from ml.samples.sigrid3.codes import PolyType
from ml.samples.sigrid3.egg import Egg, Part
from ml.samples.sigrid3.errors import ChartElsewhere
from ml.samples.sigrid3.label_rasters import write_labels
from ml.samples.sigrid3.labels import NO_LABEL, Dominance, labels_of, stage_class
from ml.samples.sigrid3.rasterize import NO_POLYGON, Burner, tiles
from ontologies.vocabulary import concept_scheme
from tests.ml.samples.ice_charts import PRJ, squares, write_service_chart

# SOD_LOOKUP of the AI4Arctic challenge, without 80 and what it masks.
AI4ARCTIC_STAGES = {
    "81": 1,
    "82": 1,
    "83": 2,
    "84": 2,
    "85": 2,
    "86": 4,
    "87": 3,
    "88": 3,
    "89": 3,
    "91": 4,
    "93": 4,
    "95": 5,
    "96": 5,
    "97": 5,
}


def _ice(total: str, *parts: Part) -> Egg:
    first, second, third = (*parts, Part(), Part(), Part())[:3]
    return Egg(PolyType.ICE, total, (first, second, third))


def _indices(egg: Egg, rule: Dominance | None = None) -> list[int]:
    return [label.index for label in labels_of(egg, rule).values()]


def test_stages_have_the_classes_of_ai4arctic() -> None:
    assert {code: stage_class(code) for code in AI4ARCTIC_STAGES} == AI4ARCTIC_STAGES
    for code in ("98", "99", "79", "80"):
        assert stage_class(code) is None
    thicknesses = {"02": 1, "10": 2, "30": 3, "51": 3, "60": 4, "62": None, "75": None}
    assert {code: stage_class(code) for code in thicknesses} == thicknesses
    known = [code for code in concept_scheme("stage") if stage_class(code) is not None]
    assert len(known) == 97 - 4 - len(range(62, 79))


@pytest.mark.parametrize(
    ("egg", "labels"),
    [
        # 7 of 9.5 tenths are old: 0.74.
        (_ice("91", Part("70", "95", "06"), Part("20", "87", "05")), [10, 5, 5]),
        # 3 of 5 are thin first-year ice: 0.6, too little; floes need half.
        (_ice("46", Part("30", "87", "04"), Part("20", "85", "03")), [5, 255, 3]),
        # Grey and grey-white ice are young together: 6 of 8.
        (
            _ice(
                "80",
                Part("30", "84", "03"),
                Part("30", "85", "03"),
                Part("20", "81", "22"),
            ),
            [8, 2, 2],
        ),
        # One kind of ice has no partial concentration: it is all.
        (_ice("92", Part(None, "93", "08")), [10, 4, 255]),
        (_ice("90", Part(None, "87", "05")), [9, 3, 4]),
        # Fast ice in any part: no floe size.
        (_ice("92", Part("80", "93", "05"), Part("20", "87", "08")), [10, 4, 255]),
        # Glacier ice is no stage; bergs are a floe class.
        (_ice("90", Part("90", "98", "10")), [9, 255, 6]),
        # The total is unknown: the parts are the whole.
        (_ice("99", Part("70", "95", "06"), Part("20", "87", "05")), [255, 5, 5]),
        (_ice("99", Part(None, "95")), [255, 255, 255]),
        (_ice("01", Part("01", "81", "01")), [0, 0, 0]),
        (Egg(PolyType.WATER), [0, 0, 0]),
        (Egg(PolyType.LAND), [255, 255, 255]),
        (Egg(PolyType.NO_DATA, "90"), [255, 255, 255]),
    ],
)
def test_the_dominance_rule(egg: Egg, labels: list[int]) -> None:
    assert _indices(egg) == labels


def test_the_share_that_dominates_can_be_chosen() -> None:
    egg = _ice("50", Part("30", "87", "04"), Part("20", "85", "03"))
    assert _indices(egg, Dominance(0.6, 0.61)) == [5, 3, 255]


def test_shares_are_what_the_chart_says_of_each_class() -> None:
    egg = _ice("80", Part("30", "84", "03"), Part("30", "85", "03"), Part("20", "98"))
    labels = labels_of(egg)
    assert labels["stage"].shares_K == pytest.approx([0, 0, 0.75, 0, 0, 0])
    assert labels["floe"].shares_K == pytest.approx([0, 0, 0.75, 0, 0, 0, 0])
    shares_K = labels_of(_ice("46"))["concentration"].shares_K
    assert shares_K == pytest.approx([0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0])
    sums = [label.shares_K.sum() for label in labels_of(Egg(PolyType.LAND)).values()]
    assert sums == [0, 0, 0]


@pytest.mark.parametrize("code", sorted(concept_scheme("concentration")))
def test_every_total_has_a_label_that_it_allows(code: str) -> None:
    label = labels_of(_ice(code))["concentration"]
    if code == "99":
        assert label.index == NO_LABEL
    else:
        assert label.shares_K[label.index] > 0
        assert label.shares_K.sum() == pytest.approx(1)


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> IceChart:
    folder = tmp_path_factory.mktemp("chart")
    return read_chart(write_service_chart(folder / "chart.shp"))


def _grid(crs: str) -> Grid:
    """Around the pole: where the squares of the chart lie, in whatever CRS."""
    if CRS(crs).is_geographic:
        return Grid(Affine(3, 0, -180, 0, -0.02, 90), CRS(crs), 60, 120)
    # The pole of EPSG:5938 is at (2,000,000, 2,000,000).
    pole = 2_000_000 if crs == "EPSG:5938" else 0
    transform = Affine(2000, 200, pole - 140_000, 100, -2000, pole + 40_000)
    return Grid(transform, CRS(crs), 70, 130)


def _oracle(chart: IceChart, grid: Grid) -> NDArray[np.int64]:
    """Point in polygon for every pixel centre, one by one, in the CRS of the chart."""
    columns, rows = np.meshgrid(np.arange(grid.width), np.arange(grid.height))
    x, y = grid.locate(columns + 0.5, rows + 0.5)
    x, y = Transformer.from_crs(grid.crs, chart.crs, always_xy=True).transform(x, y)
    found = np.full(x.shape, NO_POLYGON)
    for position, polygon in enumerate(chart.polygons):
        found[shapely.contains_xy(polygon.geometry, x, y)] = position
    return found


@pytest.mark.parametrize("crs", [PRJ, "EPSG:3413", "EPSG:5938", "EPSG:4326"])
def test_a_pixel_is_in_the_polygon_of_its_centre(chart: IceChart, crs: str) -> None:
    grid = _grid(crs)
    burner = Burner(chart, grid)
    burned = np.full((grid.height, grid.width), -9)
    for tile in tiles(grid, 32):
        window = np.s_[
            tile.row : tile.row + tile.height, tile.column : tile.column + tile.width
        ]
        burned[window] = burner.burn(tile)
    expected = _oracle(chart, grid)
    assert len(np.unique(expected)) == 7
    assert (burned != expected).sum() == 0


def test_a_chart_in_degrees_crosses_the_antimeridian(tmp_path: Path) -> None:
    wide = [shapely.box(170, 70, 180, 75), shapely.box(180, 70, 190, 75)]
    path = write_service_chart(
        tmp_path / "c.shp",
        (("I", "90"), ("W", "98")),
        ("CT",),
        wide,
        CRS("OGC:CRS84").to_wkt("WKT1_ESRI"),
    )
    read = read_chart(path)
    grid = Grid(Affine(5, 0, -180, 0, -1, 75), CRS("EPSG:4326"), 5, 72)
    burned = Burner(read, grid).burn(Tile(0, 0, 5, 72))
    assert (burned[:, :2] == 1).all()
    assert (burned[:, 2:70] == NO_POLYGON).all()
    assert (burned[:, 70:] == 0).all()
    polar = Grid(Affine(1e5, 0, -5e5, 0, -1e5, 5e5), CRS("EPSG:3413"), 10, 10)
    with pytest.raises(ChartElsewhere, match="no pixel of the grid lies in a polygon"):
        write_labels(read, polar, tmp_path / "labels.tif")
    assert not list(tmp_path.glob("*labels*"))


def test_of_polygons_that_overlap_the_last_counts(tmp_path: Path) -> None:
    square = squares(1)[0]
    path = write_service_chart(
        tmp_path / "c.shp", (("I", "90"), ("I", "50")), ("CT",), [square, square]
    )
    read = read_chart(path)
    for crs in (PRJ, "EPSG:3413"):
        burned = Burner(read, _grid(crs)).burn(Tile(0, 0, 70, 130))
        assert set(np.unique(burned)) == {NO_POLYGON, 1}


def test_labels_are_written_with_their_table(chart: IceChart, tmp_path: Path) -> None:
    grid = _grid("EPSG:3413")
    done = write_labels(chart, grid, tmp_path / "labels.tif")
    labels, rows = read_raster(done.labels), read_raster(done.polygons)
    assert labels.descriptions == ("concentration", "stage", "floe")
    assert labels.grid == grid
    expected = _oracle(chart, grid)
    assert (rows.array_BHW[0] == expected + 1).all()
    # 91: 10, old, vast; 46: 5, none, medium; fast ice; water; land; 80: young, small
    wanted = np.array(
        [
            [10, 5, 10, 0, 255, 8, 255],
            [5, 255, 4, 0, 255, 2, 255],
            [5, 3, 255, 0, 255, 2, 255],
        ]
    )
    assert (labels.array_BHW == wanted[:, expected]).all()
    table = json.loads(done.table.read_text())
    counts = [int((expected == i).sum()) for i in range(6)]
    assert [one["pixels"] for one in table["polygons"]] == counts
    assert table["polygons"][1]["labels"] == {
        "concentration": 5,
        "stage": None,
        "floe": 3,
    }
    assert table["polygons"][1]["codes"]["CT"] == "46"
    assert len(list(tmp_path.iterdir())) == 3
