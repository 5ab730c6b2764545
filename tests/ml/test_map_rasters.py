"""Class maps as files: values, colours, and the table that says what they mean."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from ml.errors import UnreadableRaster
from ml.legends import legend_of_codes
from ml.map_rasters import (
    CLASSES_TAG,
    class_raster,
    parse_legend,
    read_probabilities,
    render_legend,
    write_class_map,
)
from ml.maps import ClassMap, Grid, MapClass, ModelVersion, Source
from ml.rasters import Raster, read_raster
from ontologies.vocabulary import UnknownConcept

LEGEND = legend_of_codes("icetype", ["leads-water-new", "level"])
GRID = Grid(Affine(40, 0, 0, 0, -40, -900_000), CRS("EPSG:3413"), 20, 30)


@pytest.fixture
def class_map() -> ClassMap:
    rng = np.random.default_rng(2)
    first_HW = rng.uniform(size=(20, 30)).astype(np.float32)
    valid_HW = np.ones((20, 30), dtype=np.bool_)
    valid_HW[:3] = False
    return ClassMap(
        grid=GRID,
        classes_HW=np.where(first_HW > 0.5, 1, 2).astype(np.int32),
        valid_HW=valid_HW,
        probabilities_KHW=np.stack([first_HW, 1 - first_HW]),
        legend=LEGEND,
        source=Source("scene", Path("scene"), None, None, None, None, "file"),
        model=ModelVersion("test", "0" * 12),
    )


def test_a_legend_survives_the_tag() -> None:
    grey = MapClass(7, "x", "https://example.org/x", "Été", None)
    legend = (*LEGEND, grey)
    raster = class_raster(GRID, np.ones((20, 30), int), np.ones((20, 30), bool), legend)
    assert parse_legend(Path("map.tif"), raster) == legend
    assert raster.colormap[7] == (128, 128, 128, 255)
    assert raster.colormap[1] == (0x00, 0x72, 0xB2, 255)


def test_both_files_hold_what_the_map_holds(
    class_map: ClassMap, tmp_path: Path
) -> None:
    classes_path, probabilities_path = tmp_path / "c.tif", tmp_path / "p.tif"
    write_class_map(class_map, classes_path, probabilities_path)
    classes = read_raster(classes_path)
    valid_HW = class_map.valid_HW
    assert np.array_equal(classes.is_valid_BHW[0], valid_HW)
    assert (classes.array_BHW[0] == class_map.classes_HW)[valid_HW].all()
    probabilities_KHW = read_probabilities(probabilities_path)
    assert np.isnan(probabilities_KHW[:, ~valid_HW]).all()
    off = np.abs(probabilities_KHW - class_map.probabilities_KHW)[:, valid_HW]
    assert off.max() <= 0.002 + 1e-6
    for path in (classes_path, probabilities_path):
        assert parse_legend(path, read_raster(path)) == LEGEND


def test_bands_are_named_and_scaled_for_any_reader(
    class_map: ClassMap, tmp_path: Path
) -> None:
    path = tmp_path / "p.tif"
    write_class_map(class_map, tmp_path / "c.tif", path)
    with rasterio.open(path) as dataset:
        assert dataset.descriptions == ("leads-water-new", "level")
        assert dataset.scales == (0.004, 0.004)
        stored = dataset.read(1, masked=True) * dataset.scales[0]
    assert stored.max() <= 1
    expected = class_map.probabilities_KHW[0][class_map.valid_HW]
    assert stored.compressed() == pytest.approx(expected, abs=0.0021)


def test_a_code_without_a_concept_is_refused() -> None:
    with pytest.raises(UnknownConcept, match="slush"):
        legend_of_codes("icetype", ["level", "slush"])


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({}, "has no tag"),
        ({CLASSES_TAG: "{"}, "is damaged"),
        ({CLASSES_TAG: json.dumps([{"value": 1}])}, "is damaged"),
        ({CLASSES_TAG: "3"}, "is damaged"),
    ],
)
def test_a_missing_or_damaged_table_is_refused(
    tags: dict[str, str], reason: str
) -> None:
    raster = Raster(np.ones((1, 20, 30), np.uint8), GRID, tags=tags)
    with pytest.raises(UnreadableRaster, match=rf"map\.tif: .*{reason}"):
        parse_legend(Path("map.tif"), raster)


def test_the_table_is_plain_json() -> None:
    rows = json.loads(render_legend(LEGEND))
    assert rows[0] == {
        "value": 1,
        "notation": "leads-water-new",
        "iri": "https://w3id.org/pytheas/code/icetype/leads-water-new",
        "label": "Leads with open water or new ice",
        "colour": "#0072B2",
    }
