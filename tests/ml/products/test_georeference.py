"""The CRS and the period come from who knows them, in a fixed order, or not at all."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS

from ml.errors import (
    ConflictingCrs,
    InvalidPeriod,
    MissingCrs,
    UnknownCrs,
    UnreadableProduct,
)
from ml.products.georeference import affine_of_centres, parse_crs
from ml.products.worldcereal import read_worldcereal
from tests.ml.products.worldcereal_files import (
    CODES_HW,
    UTM,
    write_cube,
    write_geotiff,
    write_product,
)

OTHER = CRS("EPSG:32632")
FROM_FILE = {"crs": ((), 0, {"crs_wkt": UTM.to_wkt()})}
MAY = datetime(2021, 5, 1, tzinfo=UTC)
JUNE = datetime(2021, 6, 1, tzinfo=UTC)


def test_without_a_crs_anywhere_the_error_names_the_cure(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    with pytest.raises(MissingCrs, match=r"p\.nc: .*--crs EPSG:32631"):
        read_worldcereal(path)


def test_the_file_itself_comes_first(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", variables=FROM_FILE)
    write_cube(tmp_path / "cube.nc", OTHER)
    class_map = read_worldcereal(path)
    assert (class_map.grid.crs, class_map.source.crs_source) == (UTM, "file")


def test_the_user_comes_before_companions(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "cube.nc", OTHER)
    class_map = read_worldcereal(path, crs=UTM)
    assert (class_map.grid.crs, class_map.source.crs_source) == (UTM, "option")


def test_the_user_may_not_contradict_the_file(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", variables=FROM_FILE)
    with pytest.raises(ConflictingCrs, match=r"zone 31N; --crs says .* zone 32N"):
        read_worldcereal(path, crs=OTHER)
    assert read_worldcereal(path, crs=UTM).source.crs_source == "file"


def test_the_user_may_not_contradict_a_geotiff(tmp_path: Path) -> None:
    path = write_geotiff(tmp_path / "m.tif", CODES_HW.astype(np.uint8))
    with pytest.raises(ConflictingCrs, match=r"zone 31N; --crs says .* zone 32N"):
        read_worldcereal(path, crs=OTHER, class_table={0: "maize"})


def test_a_companion_over_the_same_grid_is_believed(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "cube.nc")
    class_map = read_worldcereal(path)
    # Its old spelling of the CRS becomes the authority's own definition.
    assert class_map.grid.crs.to_authority() == ("EPSG", "32631")
    assert class_map.source.crs_source == "companion:cube.nc"
    assert class_map.source.time_start == datetime(2020, 11, 1, tzinfo=UTC)


def test_a_companion_over_another_grid_is_not_asked(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "cube.nc", shape=(2, 4))
    with pytest.raises(MissingCrs, match="there is none"):
        read_worldcereal(path)


def test_a_companion_without_crs_is_named_in_the_error(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    cube = write_cube(tmp_path / "cube.nc", crs=None)
    with pytest.raises(MissingCrs, match=r"looked at: cube\.nc") as caught:
        read_worldcereal(path)
    assert caught.value.looked_at == (cube,)


def test_companions_must_agree(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "a.nc", UTM)
    write_cube(tmp_path / "b.nc", OTHER)
    with pytest.raises(ConflictingCrs) as caught:
        read_worldcereal(path)
    assert [source for source, _ in caught.value.claims] == ["a.nc", "b.nc"]


def test_a_broken_neighbour_does_no_harm_but_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "cube.nc")
    (tmp_path / "broken.nc").write_bytes(b"")
    assert read_worldcereal(path).source.crs_source == "companion:cube.nc"
    assert "broken.nc: the file is empty" in caplog.text


def test_a_crs_that_proj_refuses_is_an_unreadable_product(tmp_path: Path) -> None:
    nonsense = {"crs": ((), 0, {"crs_wkt": "PROJCS[nonsense"})}
    path = write_product(tmp_path / "p.nc", variables=nonsense)
    with pytest.raises(UnreadableProduct, match="a CRS that PROJ refuses"):
        read_worldcereal(path)


def test_a_cf_grid_mapping_without_wkt_is_understood(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc", variables={"crs": ((), 0, UTM.to_cf())})
    assert read_worldcereal(path).grid.crs == UTM


def test_text_that_names_no_crs_is_refused() -> None:
    with pytest.raises(UnknownCrs, match="'EPSG:99999' names no CRS"):
        parse_crs("EPSG:99999")


def test_the_users_period_wins_and_is_in_utc(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    write_cube(tmp_path / "cube.nc")
    naive = MAY.replace(tzinfo=None)
    source = read_worldcereal(path, period=(naive, JUNE)).source
    assert (source.time_start, source.time_end) == (MAY, JUNE)


def test_an_unknown_period_stays_unknown_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = read_worldcereal(write_product(tmp_path / "p.nc"), crs=UTM).source
    assert (source.time_start, source.time_end) == (None, None)
    assert "nobody says when it was observed" in caplog.text


@pytest.mark.parametrize("period", [(MAY, None), (None, MAY), (JUNE, MAY)])
def test_half_a_period_is_refused(
    tmp_path: Path, period: tuple[datetime | None, datetime | None]
) -> None:
    path = write_product(tmp_path / "p.nc")
    with pytest.raises(InvalidPeriod, match="name both ends"):
        read_worldcereal(path, crs=UTM, period=period)


def test_centres_with_a_gap_are_no_grid() -> None:
    even, uneven = np.array([0.0, 10.0, 20.0]), np.array([0.0, 10.0, 30.0])
    with pytest.raises(UnreadableProduct, match="the x coordinates are not regular"):
        affine_of_centres(Path("p.nc"), uneven, even)
