"""Areas and lengths against GeographicLib's own Python, which is not PROJ's C."""

from typing import Any

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic

from engines.geodesy import area_m2, joints, length_m, perimeter_m, wrap
from engines.geodesy.arrays import Floats

WGS84 = Geodesic.WGS84
LATITUDES = [0.0, 12.5, 45.0, 70.0, 85.0, 89.0, -30.0, -66.6, -89.0]
LONGITUDES = [0.0, 100.0, 179.9, -179.95]


def oracle(ring: Floats) -> tuple[float, float]:
    polygon = WGS84.Polygon()
    for lon, lat in ring[:-1]:
        polygon.AddPoint(lat, lon)
    _, perimeter, area = polygon.Compute()
    return perimeter, abs(area)


def ngon(lon: float, lat: float, radius_m: float, corners: int = 7) -> shapely.Polygon:
    """A polygon around a place, its longitudes within -180..180."""
    turns = np.linspace(0, 360, corners, endpoint=False)
    ends = [WGS84.Direct(lat, lon, turn, radius_m) for turn in turns]
    return shapely.Polygon([(end["lon2"], end["lat2"]) for end in ends])


@pytest.mark.parametrize("lat", LATITUDES)
@pytest.mark.parametrize("lon", LONGITUDES)
@pytest.mark.parametrize("radius_m", [50.0, 20_000.0])
def test_area_and_perimeter_are_geographiclibs(
    lat: float, lon: float, radius_m: float
) -> None:
    polygon = ngon(lon, lat, radius_m)
    perimeter, area = oracle(shapely.get_coordinates(polygon))
    both = np.array([polygon, wrap(polygon).geometries[0]])
    assert area_m2(both[:1])[0] == pytest.approx(area, rel=1e-8)
    assert perimeter_m(both[:1])[0] == pytest.approx(perimeter, rel=1e-9)
    # Cut at the antimeridian they are the same.
    assert area_m2(both)[1] == pytest.approx(area, rel=1e-8)
    assert perimeter_m(both)[1] == pytest.approx(perimeter, rel=1e-9)


@pytest.mark.parametrize("pole", [90.0, -90.0])
@pytest.mark.parametrize("order", [1, -1], ids=["counterclockwise", "clockwise"])
def test_a_ring_around_a_pole_has_the_area_of_the_cap(pole: float, order: int) -> None:
    polygon = ngon(0, pole, 300_000, corners=36)
    ring = shapely.get_coordinates(polygon)
    polygon = shapely.Polygon(ring[::order])
    _, area = oracle(ring)
    assert area_m2(np.array([polygon]))[0] == pytest.approx(area, rel=1e-6)


def test_a_hole_is_not_area_but_its_rim_is_perimeter() -> None:
    shell, hole = ngon(10, 80, 30_000), ngon(10, 80, 5_000)
    ring = shapely.Polygon(shell.exterior, [hole.exterior])
    outer, inner = (oracle(shapely.get_coordinates(part)) for part in (shell, hole))
    geoms = np.array([ring])
    assert area_m2(geoms)[0] == pytest.approx(outer[1] - inner[1], rel=1e-9)
    assert perimeter_m(geoms)[0] == pytest.approx(outer[0] + inner[0], rel=1e-9)


def test_the_world_has_its_area() -> None:
    world = np.array([shapely.box(-180, -90, 180, 90)])
    assert area_m2(world)[0] == pytest.approx(510_065_621_724_088.4, rel=1e-9)


def test_areas_beyond_a_hemisphere_are_not_their_outside() -> None:
    most = shapely.Polygon(
        shapely.box(-180, -90, 180, 90).exterior, [shapely.box(0, 0, 10, 10).exterior]
    )
    parts = np.array([most, shapely.box(0, 0, 10, 10)])
    assert area_m2(parts).sum() == pytest.approx(510_065_621_724_088.4, rel=1e-9)


def test_each_measure_is_for_its_own_dimension() -> None:
    line = shapely.LineString([(0, 0), (1, 0)])
    box = shapely.box(0, 0, 1, 1)
    mixed = shapely.GeometryCollection([line, box, shapely.Point(3, 3)])
    geoms = np.array([line, box, mixed, shapely.Point(0, 0), shapely.Polygon(), None])
    areas, lengths, perimeters = area_m2(geoms), length_m(geoms), perimeter_m(geoms)
    assert areas[[0, 3, 4]].tolist() == [0, 0, 0]
    assert lengths[[1, 3, 4]].tolist() == [0, 0, 0]
    assert perimeters[[0, 3, 4]].tolist() == [0, 0, 0]
    assert areas[2] == areas[1] > 0
    assert lengths[2] == lengths[0] == pytest.approx(111_319.49079, abs=1e-5)
    assert perimeters[2] == perimeters[1] > 0
    assert np.isnan([areas[5], lengths[5], perimeters[5]]).all()


def test_an_empty_array_has_no_measures() -> None:
    nothing = np.array([], dtype=object)
    assert len(area_m2(nothing)) == len(length_m(nothing)) == 0
    assert len(perimeter_m(nothing)) == 0


@pytest.mark.parametrize("lat", LATITUDES)
def test_a_line_over_the_antimeridian_takes_the_short_way(lat: float) -> None:
    line = shapely.LineString([(179.0, lat), (-179.5, lat)])
    expected = WGS84.Inverse(lat, 179.0, lat, -179.5)["s12"]
    assert length_m(np.array([line]))[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("step", [5, 20])
def test_a_vertex_on_the_antimeridian_is_one_where_a_parallel_goes_on(
    step: float,
) -> None:
    east = np.arange(180 - 2 * step, 180 + 2 * step + 1, step)
    around = np.concatenate(
        [
            np.column_stack([east, np.full(len(east), 60.0)]),
            np.column_stack([east[::-1], np.full(len(east), 61.0)]),
        ]
    )
    perimeter, area = oracle(np.concatenate([around, around[:1]]))
    polygon = wrap(shapely.Polygon(around)).geometries
    assert area_m2(polygon)[0] == pytest.approx(area, rel=1e-9)
    assert perimeter_m(polygon)[0] == pytest.approx(perimeter, rel=1e-9)


def test_each_cut_is_compared_with_those_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    is_one_edge = joints._is_one_edge

    def counting(*arguments: Any) -> bool:
        compared.append(1)
        return is_one_edge(*arguments)

    monkeypatch.setattr(joints, "_is_one_edge", counting)
    crossings = 5_000
    sides = np.resize([179.0, 181.0], crossings + 1)
    latitudes = np.linspace(-60, 60, crossings + 1)
    line = shapely.LineString(np.column_stack([sides, latitudes]))
    length_m(wrap(line).geometries)
    assert len(compared) == crossings
