"""The crop use case on the real WorldCereal product."""

from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from ml import crop
from ml.errors import MissingCrs, UnknownCrs
from ml.maps import MapProduct
from ml.polygons import read_polygons
from ml.rasters import read_raster
from tests.ml.products.worldcereal_files import write_product

COUNTS = {1: 1, 2: 6, 3: 9945, 6: 24, 7: 24}


@pytest.fixture(scope="module")
def product(data: Path, tmp_path_factory: pytest.TempPathFactory) -> MapProduct:
    path = data / "worldcereal" / "worldcereal_croptype_classification.nc"
    return crop.run(path, tmp_path_factory.mktemp("crop") / "map")


def test_areas_sum_to_pixels_times_pixel_area(product: MapProduct) -> None:
    total = np.sum(read_polygons(product.polygons).table["area_m2"].to_numpy())
    assert total == pytest.approx(10_000 * 100.0, rel=1e-3)


def test_areas_are_those_of_an_independent_geodesic(product: MapProduct) -> None:
    frame = geopandas.read_parquet(product.polygons)
    to_degrees = Transformer.from_crs(frame.crs, "OGC:CRS84", always_xy=True)
    geod = Geod(ellps="WGS84")
    for polygon, area in zip(frame.geometry, frame.area_m2, strict=True):
        lon_lat = to_degrees.transform(*shapely.get_coordinates(polygon).T)
        on_globe = shapely.set_coordinates(polygon, np.column_stack(lon_lat))
        expected = geod.geometry_area_perimeter(shapely.orient_polygons(on_globe))[0]
        assert area == pytest.approx(expected, rel=1e-9)


def test_pixels_per_class_are_those_of_the_product(product: MapProduct) -> None:
    table = read_polygons(product.polygons).table
    totals = table.group_by("class_index").aggregate([("n_pixels", "sum")])
    assert dict(
        zip(*(totals[name].to_pylist() for name in totals.column_names), strict=True)
    ) == dict(COUNTS)
    values, counts = np.unique(
        read_raster(product.class_map).array_BHW, return_counts=True
    )
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == COUNTS


def test_polygons_are_an_exact_coverage_in_the_native_crs(product: MapProduct) -> None:
    polygons = read_polygons(product.polygons)
    assert polygons.crs.to_authority() == ("EPSG", "32631")
    assert shapely.coverage_is_valid(polygons.geometries)
    union = shapely.union_all(polygons.geometries)
    assert union.equals(shapely.box(664_000, 5_611_120, 665_000, 5_612_120))


def test_who_named_the_crs_is_on_record(product: MapProduct) -> None:
    expected = "companion:worldcereal_preprocessed_inputs.nc"
    assert read_polygons(product.polygons).metadata == {"crs_source": expected}
    assert f'"pytheas:crs_source": "{expected}"' in product.item.read_text()


def test_probabilities_are_those_of_the_product(product: MapProduct) -> None:
    rows = read_polygons(product.polygons).table.to_pylist()
    assert {row["class_code"] for row in rows} == {
        "maize",
        "millet_sorghum",
        "other_crop",
        "sunflower",
        "wheat",
    }
    for row in rows:
        # The least probable pixel of the product has 22 %.
        assert 0.22 - 1e-7 <= row["probability_p10"] <= row["probability"] + 1e-7 <= 1
        assert row["second_class_iri"] != row["class_iri"]


def test_nothing_is_written_where_the_crs_is_missing(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    with pytest.raises(MissingCrs):
        crop.run(path, tmp_path / "map")
    with pytest.raises(UnknownCrs):
        crop.run(path, tmp_path / "map", crs="UTM zone 31")
    assert list(tmp_path.iterdir()) == [path]


def test_the_users_crs_is_used(tmp_path: Path) -> None:
    path = write_product(tmp_path / "p.nc")
    result = crop.run(path, tmp_path / "map", crs="EPSG:32631")
    assert read_polygons(result.polygons).crs.to_authority() == ("EPSG", "32631")
