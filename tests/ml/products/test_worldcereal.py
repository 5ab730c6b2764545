"""WorldCereal products: the real one, and made-up ones, each wrong in one way."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from ml.errors import NoValidPixels, UnknownClass, UnreadableProduct
from ml.products.worldcereal import read_worldcereal
from tests.ml.products.worldcereal_files import (
    CODES_HW,
    UTM,
    write_geotiff,
    write_product,
)

TABLE = {0: "barley", 1: "maize", 2: "wheat"}


def test_the_real_product_is_read_with_the_crs_of_its_companion(data: Path) -> None:
    path = data / "worldcereal" / "worldcereal_croptype_classification.nc"
    class_map = read_worldcereal(path)
    assert class_map.grid.crs == UTM
    assert class_map.source.crs_source == "companion:worldcereal_preprocessed_inputs.nc"
    assert class_map.grid.transform == Affine(10, 0, 664_000, 0, -10, 5_612_120)
    assert class_map.source.time_start == datetime(2020, 11, 1, tzinfo=UTC)
    assert class_map.source.time_end == datetime(2021, 10, 1, tzinfo=UTC)
    values, counts = np.unique(class_map.classes_HW, return_counts=True)
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {
        1: 1,
        2: 6,
        3: 9945,
        6: 24,
        7: 24,
    }
    # The class is the most probable one but where rounding makes a tie.
    agreement = class_map.probabilities_KHW.argmax(axis=0) == class_map.classes_HW
    assert agreement.mean() == pytest.approx(0.9998)


def test_the_real_reference_map_is_read_where_its_codes_are_told(data: Path) -> None:
    name = "reference_cropland-croptype_2020-11-01_2021-10-31.tif"
    class_map = read_worldcereal(
        data / "worldcereal" / name, class_table={0: "other_crop", 1: "wheat"}
    )
    assert class_map.grid.crs == UTM
    assert class_map.source.crs_source == "file"
    assert class_map.grid.bounds == (664_000, 5_611_130, 665_000, 5_612_140)


def test_a_made_up_product_is_read_as_it_was_written(tmp_path: Path) -> None:
    class_map = read_worldcereal(write_product(tmp_path / "p.nc"), crs=UTM)
    assert class_map.classes_HW.tolist() == CODES_HW.tolist()
    assert [c.code for c in class_map.legend] == ["barley", "maize", "wheat"]
    assert class_map.legend[1].label == "Maize"
    assert class_map.probabilities_KHW[:, 0, 2] == pytest.approx([0.12, 0.7, 0.12])
    assert class_map.source.crs_source == "option"


def test_rows_from_south_to_north_are_turned(tmp_path: Path) -> None:
    down = read_worldcereal(write_product(tmp_path / "down.nc"), crs=UTM)
    up = read_worldcereal(write_product(tmp_path / "up.nc", y_descends=False), crs=UTM)
    assert up.grid == down.grid
    assert up.classes_HW.tolist() == down.classes_HW.tolist()


def test_the_version_of_a_foreign_map_is_that_of_its_bytes(tmp_path: Path) -> None:
    one = read_worldcereal(write_product(tmp_path / "a.nc"), crs=UTM)
    other = write_product(tmp_path / "b.nc", np.ones((2, 3), np.uint16))
    assert one.model.name == "worldcereal-croptype"
    assert one.model.version != read_worldcereal(other, crs=UTM).model.version


def test_an_unknown_code_is_named_with_its_count_and_place(tmp_path: Path) -> None:
    codes_HW = CODES_HW.copy()
    codes_HW[1, 1:] = 17
    path = write_product(tmp_path / "p.nc", codes_HW)
    with pytest.raises(UnknownClass) as caught:
        read_worldcereal(path, crs=UTM)
    error = caught.value
    assert (error.code, error.count, error.first) == (17, 2, (1, 1))
    assert "p.nc: class 17 is not in the class scheme" in str(error)
    assert "2 pixels, the first at row 1, column 1" in str(error)


def test_a_band_of_a_class_that_the_scheme_lacks_is_named(tmp_path: Path) -> None:
    classes = ("barley", "triffid", "wheat")
    path = write_product(tmp_path / "p.nc", classes=classes)
    with pytest.raises(UnknownClass, match="'triffid'"):
        read_worldcereal(path, crs=UTM)


def test_nodata_is_no_class(tmp_path: Path) -> None:
    codes_HW = CODES_HW.copy()
    codes_HW[0, 0] = 65535
    class_map = read_worldcereal(write_product(tmp_path / "p.nc", codes_HW), crs=UTM)
    assert np.argwhere(~class_map.valid_HW).tolist() == [[0, 0]]
    assert class_map.probabilities_KHW[:, 0, 0].tolist() == [0, 0, 0]


def test_a_declared_fill_value_is_nodata(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", fill_value=2)
    class_map = read_worldcereal(path, crs=UTM)
    assert np.argwhere(~class_map.valid_HW).tolist() == [[1, 0], [1, 1]]


def test_a_class_without_probability_is_refused(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", percent=65535)
    with pytest.raises(UnreadableProduct, match="a probability of 65535 %"):
        read_worldcereal(path, crs=UTM)


def test_all_nodata_is_refused(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", np.full((2, 3), 65535, np.uint16))
    with pytest.raises(NoValidPixels):
        read_worldcereal(path, crs=UTM)


@pytest.mark.parametrize("kept", [0, 1, 100, 3000, 0.5, 0.9])
def test_a_truncated_file_is_unreadable(tmp_path: Path, kept: float) -> None:
    path = write_product(tmp_path / "p.nc")
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with pytest.raises(UnreadableProduct, match=r"p\.nc: .*fetch it again"):
        read_worldcereal(path, crs=UTM)


def test_text_is_no_netcdf(tmp_path: Path) -> None:
    path = tmp_path / "p.nc"
    path.write_text("this is not a product\n" * 100)
    with pytest.raises(UnreadableProduct, match="no NetCDF 4 file"):
        read_worldcereal(path, crs=UTM)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableProduct, match="there is no such file"):
        read_worldcereal(tmp_path / "absent.nc", crs=UTM)


def test_netcdf_of_another_layout_says_what_it_has(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", classes=())
    with pytest.raises(UnreadableProduct, match=r"it has no variable over bands"):
        read_worldcereal(path, crs=UTM)


def test_a_grid_with_uneven_steps_is_refused(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", np.ones((2, 1), np.uint16))
    with pytest.raises(UnreadableProduct, match="one x coordinate alone"):
        read_worldcereal(path, crs=UTM)


def test_a_geotiff_of_codes_gives_certain_classes(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.uint8))
    class_map = read_worldcereal(path, class_table=TABLE)
    assert class_map.classes_HW.tolist() == CODES_HW.tolist()
    assert class_map.probabilities_KHW.sum(axis=0).tolist() == [[1] * 3] * 2
    assert class_map.source.crs_source == "file"


def test_a_geotiff_needs_a_class_table(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.uint8))
    with pytest.raises(UnreadableProduct, match="give a class table"):
        read_worldcereal(path)


def test_a_geotiff_of_floats_is_no_class_map(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.float32))
    with pytest.raises(UnreadableProduct, match="classes are float32"):
        read_worldcereal(path, class_table=TABLE)


def test_an_unknown_code_in_a_geotiff_is_named(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.uint8))
    with pytest.raises(UnknownClass, match="class 2 is not in the class scheme"):
        read_worldcereal(path, class_table={0: "barley", 1: "maize"})


def test_a_truncated_geotiff_is_unreadable(tmp_path: Path) -> None:
    codes_HW = np.random.default_rng(0).integers(0, 3, (200, 200)).astype(np.uint8)
    path = write_geotiff(tmp_path / "m.tif", codes_HW)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(UnreadableProduct, match=r"m\.tif"):
        read_worldcereal(path, class_table=TABLE)


def test_a_geotiff_without_crs_takes_the_users(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.uint8), crs=None)
    class_map = read_worldcereal(path, crs=CRS("EPSG:32632"), class_table=TABLE)
    assert class_map.grid.crs == CRS("EPSG:32632")
    assert class_map.source.crs_source == "option"
