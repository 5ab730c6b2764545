"""From a class map to rows: what each row says, and that it says so again."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Geod, Transformer

from ml.errors import NoValidPixels
from ml.maps import Generalization, Grid
from ml.polygons import SCHEMA
from ml.vectorize.hilbert import hilbert_order
from ml.vectorize.polygonize import polygonize
from tests.ml.class_maps import POLAR, SOURCE, class_map, smooth_classes

EXACT = Generalization()
SMOOTH = Generalization(mmu_m2=16_000.0, tolerance_px=1.0)


def test_rows_have_the_columns_of_the_schema() -> None:
    table = polygonize(class_map(smooth_classes((60, 60))), SMOOTH).table
    assert table.schema.equals(SCHEMA)
    row = table.slice(0, 1).to_pylist()[0]
    assert row["class_iri"] == f"https://example.org/{row['class_code']}"
    assert row["class_label"] == f"Class {row['class_index']}"
    assert row["probability"] <= 1
    assert (row["scene_id"], row["scene_href"]) == ("scene-1", "scene-1.nc")
    assert (row["platform"], row["product_type"]) == ("sentinel-1", "EW_GRDM")
    assert (row["model_name"], row["model_version"]) == ("test", "0123456789ab")
    assert (row["mmu_m2"], row["tolerance_m"]) == (16_000.0, 40.0)
    assert (row["time_start"], row["time_end"]) == (SOURCE.time_start, SOURCE.time_end)


def test_the_same_map_gives_the_same_bytes() -> None:
    first, second = (
        polygonize(class_map(smooth_classes((60, 60))), SMOOTH).table for _ in range(2)
    )
    assert first.equals(second)


def test_polygons_in_the_native_crs_are_a_valid_coverage() -> None:
    polygons = polygonize(class_map(smooth_classes((150, 150))), SMOOTH).geometries
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert shapely.is_ccw(shapely.get_exterior_ring(polygons)).all()


def test_areas_are_geodesic() -> None:
    result = polygonize(class_map(smooth_classes((50, 50))), EXACT)
    geod = Geod(ellps="WGS84")
    to_degrees = Transformer.from_crs(POLAR, "OGC:CRS84", always_xy=True)
    for polygon, area, perimeter in zip(
        result.geometries,
        result.table["area_m2"].to_pylist(),
        result.table["perimeter_m"].to_pylist(),
        strict=True,
    ):
        lon_lat = to_degrees.transform(*shapely.get_coordinates(polygon).T)
        on_globe = shapely.set_coordinates(polygon, np.column_stack(lon_lat))
        expected, _ = geod.geometry_area_perimeter(shapely.orient_polygons(on_globe))
        assert area == pytest.approx(expected, rel=1e-9)
        boundary = geod.geometry_length(shapely.boundary(on_globe))
        assert perimeter == pytest.approx(boundary, rel=1e-9)


def test_an_identifier_does_not_depend_on_neighbours_or_tolerance() -> None:
    classes_HW = np.ones((20, 20), np.int32)
    classes_HW[5:8, 5:9] = 2
    before = _ids_by_class(classes_HW, EXACT)
    classes_HW[15:, 15:] = 3
    after = _ids_by_class(classes_HW, Generalization(0.0, 2.0))
    assert before[2] == after[2]


def test_an_identifier_does_not_depend_on_the_window_that_was_read() -> None:
    classes_HW = np.ones((20, 20), np.int32)
    classes_HW[5:8, 5:9] = 2
    whole = class_map(classes_HW)
    shifted = whole.grid.transform @ Affine.translation(3, 4)
    part = replace(
        class_map(classes_HW[4:, 3:].copy()), grid=Grid(shifted, POLAR, 16, 17)
    )
    ids = [
        {
            row["class_index"]: row["id"]
            for row in polygonize(m, EXACT).table.to_pylist()
        }
        for m in (whole, part)
    ]
    assert ids[0][2] == ids[1][2]


@pytest.mark.parametrize(
    "changed",
    [
        replace(
            class_map(smooth_classes((9, 9))), source=replace(SOURCE, scene_id="b")
        ),
        replace(
            class_map(smooth_classes((9, 9))),
            model=replace(class_map(smooth_classes((9, 9))).model, version="f" * 12),
        ),
    ],
    ids=["scene", "model"],
)
def test_an_identifier_tells_scenes_and_models_apart(changed: object) -> None:
    ours = polygonize(class_map(smooth_classes((9, 9))), EXACT).table
    others = polygonize(changed, EXACT).table  # type: ignore[arg-type]  # parametrized
    assert not set(ours["id"].to_pylist()) & set(others["id"].to_pylist())
    assert ours["run_id"][0] != others["run_id"][0]


def test_identifiers_are_unique() -> None:
    ids = polygonize(class_map(smooth_classes((90, 90))), EXACT).table["id"].to_pylist()
    assert len(set(ids)) == len(ids)
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in ids)


def _ids_by_class(
    classes_HW: np.ndarray, generalization: Generalization
) -> dict[int, str]:
    rows = polygonize(class_map(classes_HW.copy()), generalization).table.to_pylist()
    return {row["class_index"]: row["id"] for row in rows}


def test_the_minimum_mapping_unit_is_in_square_metres_whatever_the_crs() -> None:
    feet = CRS("EPSG:2263")
    transform = Affine(100.0, 0.0, 990_000.0, 0.0, -100.0, 200_000.0)
    classes_HW = np.ones((20, 20), np.int32)
    classes_HW[3, 3:7] = 2  # 4 pixels of 929 m2
    kept = polygonize(
        class_map(classes_HW, crs=feet, transform=transform), Generalization(3_700.0)
    )
    merged = polygonize(
        class_map(classes_HW, crs=feet, transform=transform), Generalization(3_800.0)
    )
    assert len(kept.table) == 2
    assert len(merged.table) == 1


def test_a_geographic_grid_has_pixels_of_the_area_they_have_on_the_globe() -> None:
    grid = Grid(
        Affine(0.01, 0, 20.0, 0, -0.01, 60.0), CRS("EPSG:4326"), height=2, width=2
    )
    expected = abs(
        Geod(ellps="WGS84").polygon_area_perimeter(
            [20.01, 20.02, 20.02, 20.01], [59.99, 59.99, 59.98, 59.98]
        )[0]
    )
    assert grid.pixel_area_m2 == pytest.approx(expected)


def test_a_map_without_valid_pixels_is_refused() -> None:
    nothing = class_map(np.ones((3, 3), np.int32), np.zeros((3, 3), bool))
    with pytest.raises(NoValidPixels, match="every pixel is nodata"):
        polygonize(nothing, EXACT)


def test_a_hilbert_curve_goes_from_neighbour_to_neighbour() -> None:
    cells = np.stack(np.meshgrid(np.arange(32), np.arange(32)), axis=-1).reshape(-1, 2)
    steps = np.diff(cells[hilbert_order(cells)], axis=0)
    assert (np.abs(steps).sum(axis=1) == 1).all()
