"""Distances against GeographicLib's own Python and against brute force."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from scipy.optimize import minimize
from shapely.geometry.base import BaseGeometry

from engines.geodesy import (
    degrees_window,
    distance_m,
    expand_box,
    near,
    within_distance,
    wrap,
)
from engines.geodesy.arrays import GEOD, Floats

WGS84 = Geodesic.WGS84


@pytest.mark.parametrize("lat", [0, 1e-7, 33.3, 60, 80, 89, 89.9, -45, -85, -89.9])
@pytest.mark.parametrize("dlon", [0, 1e-6, 0.01, 1, 90, 179.5])
@pytest.mark.parametrize("dlat", [0, 1e-6, 0.05])
def test_points_are_as_far_as_geographiclib_says(
    lat: float, dlon: float, dlat: float
) -> None:
    lon, other = 179.9, (179.9 + dlon + 180) % 360 - 180
    expected = WGS84.Inverse(lat, lon, lat + dlat, other)["s12"]
    found = distance_m(shapely.Point(lon, lat), shapely.Point(other, lat + dlat))[0]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-8)


def zoomed(a: BaseGeometry, b: BaseGeometry) -> float:
    """Brute force: every pair of edges sampled, the best ones minimized."""

    def edges(geometry: Any) -> list[Floats]:
        if geometry.geom_type == "Point":
            return [np.repeat(shapely.get_coordinates(geometry), 2, axis=0)]
        rings = shapely.get_parts(
            shapely.get_rings(geometry) if geometry.area else geometry
        )
        return [
            np.array(pair)
            for ring in rings
            for pair in pairwise(shapely.get_coordinates(ring))
        ]

    def between(places: Floats, p: Floats, q: Floats) -> float:
        t, u = np.clip(places, 0, 1)
        start, end = p[0] + t * (p[1] - p[0]), q[0] + u * (q[1] - q[0])
        return float(GEOD.inv(*start, *end)[2])

    steps = np.linspace(0, 1, 9)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    sampled = []
    for p in edges(a):
        for q in edges(b):
            start = p[0] + grid[:, :1] * (p[1] - p[0])
            end = q[0] + grid[:, 1:] * (q[1] - q[0])
            length = GEOD.inv(*start.T, *end.T)[2]
            sampled.append((length.min(), grid[length.argmin()], p, q))
    sampled.sort(key=lambda row: row[0])
    return min(
        float(
            minimize(
                between,
                at,
                (p, q),
                method="Nelder-Mead",
                options={"xatol": 1e-12, "fatol": 1e-6, "maxiter": 2000},
            ).fun
        )
        for _, at, p, q in sampled[:4]
    )


def blob(
    rng: np.random.Generator, lon: float, lat: float, size: float
) -> shapely.Polygon:
    turns = np.sort(rng.uniform(0, 2 * np.pi, 6))
    radii = size * rng.uniform(0.5, 1, 6)
    east = radii * np.cos(turns) / np.cos(np.radians(lat))
    return shapely.Polygon(np.column_stack([lon + east, lat + radii * np.sin(turns)]))


@pytest.mark.parametrize("lat", [0, 50, 80, 85, -85])
@pytest.mark.parametrize("size", [0.0005, 0.01, 0.2, 1.2])
def test_polygons_are_as_far_as_brute_force_says(lat: float, size: float) -> None:
    rng = np.random.default_rng([round(10_000 * size), round(lat) + 90])
    step = 3 * size / np.cos(np.radians(lat))
    a = blob(rng, 20, lat, size)
    b = blob(rng, 20 + step, lat + 0.5 * size, size)
    expected = zoomed(a, b)
    found = distance_m(np.array([a, b]), np.array([b, a]))
    assert found == pytest.approx([expected, expected], rel=1e-6)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # Over the antimeridian, both ways of writing it.
        ("POLYGON((179 70,179.9 70,179.9 71,179 70))", "POINT(-179.8 70.4)"),
        ("LINESTRING(179.7 -60,179.9 -61)", "LINESTRING(-179.9 -61,-179.5 -60)"),
        # Around the pole: the nearest way goes over it.
        ("POINT(10 89.5)", "LINESTRING(170 89,-170 89.2)"),
        ("LINESTRING(0 88,40 88)", "LINESTRING(180 88,-140 88)"),
        # A long edge along a parallel bends away from the geodesic.
        ("LINESTRING(0 80,60 80)", "POINT(30 83)"),
        ("LINESTRING(0 60,10 60)", "LINESTRING(4 60.001,6 61)"),
        # Far apart, and close with long edges.
        ("POLYGON((0 0,30 0,30 30,0 0))", "POLYGON((100 40,130 60,90 70,100 40))"),
        ("LINESTRING(-60 10,60 10)", "LINESTRING(-60 10.3,60 10.1)"),
    ],
)
def test_hard_pairs_are_as_far_as_brute_force_says(left: str, right: str) -> None:
    a, b = shapely.from_wkt(left), shapely.from_wkt(right)
    if "-140" in right:
        # The oracle draws edges in the plane, so it is given the jump undone.
        expected = zoomed(a, shapely.from_wkt("LINESTRING(180 88,220 88)"))
    elif "-170" in right:
        expected = zoomed(a, shapely.from_wkt("LINESTRING(170 89,190 89.2)"))
    else:
        expected = zoomed(a, b)
    assert distance_m(a, b)[0] == pytest.approx(expected, rel=1e-6)
    assert distance_m(b, a)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("POLYGON((0 0,4 0,4 4,0 0))", "POINT(3 1)"),
        ("POLYGON((0 0,4 0,4 4,0 0))", "LINESTRING(-1 -1,5 5)"),
        ("POLYGON((170 0,180 0,180 4,170 0))", "POINT(-180 2)"),
        ("POLYGON((170 0,-170 0,-170 9,170 9,170 0))", "POINT(180 5)"),
        ("POLYGON((0 80,90 80,180 80,-90 80,0 80))", "POINT(33 90)"),
        ("POINT(10 90)", "POINT(-50 90)"),
    ],
)
def test_what_meets_on_the_globe_is_at_zero(left: str, right: str) -> None:
    a, b = shapely.from_wkt(left), shapely.from_wkt(right)
    assert distance_m(a, b)[0] == pytest.approx(0, abs=1e-6)


def test_missing_and_empty_have_no_distance() -> None:
    point = shapely.Point(0, 0)
    left = np.array([None, point, shapely.Polygon(), point])
    right = np.array([point, None, point, shapely.LineString()])
    assert np.isnan(distance_m(left, right)).all()
    assert not within_distance(left, right, 1e9).any()


def test_mixed_and_nested_collections_are_as_near_as_their_nearest_part() -> None:
    far, near = shapely.Point(50, 80), shapely.LineString([(1, 80), (1, 81)])
    nested = shapely.GeometryCollection([far, shapely.GeometryCollection([near])])
    point = shapely.Point(0, 80)
    assert distance_m(nested, point)[0] == distance_m(near, point)[0]


def test_within_distance_is_a_comparison() -> None:
    points = shapely.points([0.0, 0.001, 0.1], 80.0)
    near = within_distance(points, shapely.Point(0, 80), 300)
    assert near.tolist() == [True, True, False]


@pytest.mark.parametrize("lat", [0, 60, 85, 89.9, 90, -89.95, -45])
@pytest.mark.parametrize("lon", [0, 179.99, -180])
@pytest.mark.parametrize("reach_m", [0, 10, 5_000, 300_000, 4e6])
def test_a_window_holds_the_circle(lat: float, lon: float, reach_m: float) -> None:
    boxes = degrees_window(lon, lat, reach_m)
    assert all(west <= east for west, _, east, _ in boxes)
    for turn in range(0, 360, 7):
        end = WGS84.Direct(lat, lon, turn, reach_m)
        assert any(
            west - 1e-9 <= end["lon2"] <= east + 1e-9
            and south - 1e-9 <= end["lat2"] <= north + 1e-9
            for west, south, east, north in boxes
        ), turn


def test_a_window_is_not_the_world_where_it_need_not_be() -> None:
    ((west, south, east, north),) = degrees_window(10, 80, 1000)
    assert east - west < 0.12
    assert north - south < 0.02
    (box,) = expand_box((0, 60, 1, 61), 0)
    assert box == pytest.approx((0, 60, 1, 61), abs=1e-11)


def _jagged(lon: float, lat: float, reach: float, pole: float | None = None) -> Any:
    """A ring of 3,000 vertices about a place, or around a pole."""
    random = np.random.default_rng(4)
    turns = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
    rough = 1 + 0.2 * np.sin(23 * turns) + random.normal(0, 0.01, len(turns))
    if pole is not None:
        ring = np.column_stack([np.degrees(turns) - 180, pole - reach * rough])
    else:
        round_ = np.column_stack([2 * np.cos(turns), np.sin(turns)])
        ring = [lon, lat] + reach * rough[:, None] * round_
    return wrap(shapely.Polygon(ring)).geometries[0]


@pytest.mark.parametrize(
    "large",
    [
        _jagged(10, 0, 3),
        _jagged(30, 75, 4),
        _jagged(179, -17, 2),
        _jagged(0, 0, 8, pole=90.0),
        _jagged(10, 0, 3).boundary,
    ],
)
def test_of_a_large_geometry_what_is_near_is_enough(
    large: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(9)
    places = random.uniform((-180, -85), (180, 85), (20, 2))
    centre = shapely.get_coordinates(large)[:1]
    beside = np.clip(centre + random.normal(0, 1, (20, 2)), (-180, -89), (180, 89))
    points = shapely.points(np.concatenate([places, beside]))
    lines = shapely.linestrings(
        np.stack([beside, beside + np.array([0.1, 0.2])], axis=1)
    )
    small = np.concatenate([points, lines])
    found = distance_m(large, small)
    monkeypatch.setattr(near, "_LARGE", 1 << 40)
    expected = distance_m(large, small)
    assert (expected > 0).sum() > 30
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-9)
