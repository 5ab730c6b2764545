import numpy as np
import pytest
import shapely
from shapely.testing import assert_geometries_equal

from engines.errors import NoSuchGeometry
from engines.geodesy import Wrapped, wrap
from tests.geometries import CROSSED


def wrapped(wkt: str) -> Wrapped:
    result = wrap(np.array([shapely.from_wkt(wkt)]))
    geometry = result.geometries[0]
    assert geometry.is_valid
    west, south, east, north = geometry.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    return result


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        (
            "POLYGON((170 0,-170 0,-170 10,170 10,170 0))",
            (
                "MULTIPOLYGON(((170 0,180 0,180 10,170 10,170 0)),"
                "((-180 0,-170 0,-170 10,-180 10,-180 0)))"
            ),
        ),
        (
            "POLYGON((170 0,170 10,-170 10,-170 0,170 0))",
            (
                "MULTIPOLYGON(((170 0,180 0,180 10,170 10,170 0)),"
                "((-180 0,-170 0,-170 10,-180 10,-180 0)))"
            ),
        ),
        (
            "POLYGON((170 0,190 0,190 10,170 10,170 0))",
            (
                "MULTIPOLYGON(((170 0,180 0,180 10,170 10,170 0)),"
                "((-180 0,-170 0,-170 10,-180 10,-180 0)))"
            ),
        ),
        (
            "LINESTRING(170 0,-170 10)",
            "MULTILINESTRING((170 0,180 5),(-180 5,-170 10))",
        ),
        # The edge of a tile lies on the antimeridian, from either side.
        (
            "POLYGON((170 0,-180 0,-180 10,170 10,170 0))",
            "POLYGON((170 0,180 0,180 10,170 10,170 0))",
        ),
        (
            "POLYGON((180 0,-170 0,-170 10,180 10,180 0))",
            "POLYGON((-180 0,-170 0,-170 10,-180 10,-180 0))",
        ),
        (
            (
                "POLYGON((160 0,-160 0,-160 20,160 20,160 0),"
                "(175 5,175 10,-175 10,-175 5,175 5))"
            ),
            (
                "MULTIPOLYGON(((160 0,180 0,180 5,175 5,175 10,180 10,180 20,160 20,"
                "160 0)),((-180 0,-160 0,-160 20,-180 20,-180 10,-175 10,-175 5,-180 5,"
                "-180 0)))"
            ),
        ),
        ("POINT(190 5)", "POINT(-170 5)"),
        ("MULTIPOINT((190 5),(10 5))", "MULTIPOINT((-170 5),(10 5))"),
    ],
)
def test_what_crosses_is_cut_at_180(wkt: str, expected: str) -> None:
    result = wrapped(wkt)
    assert shapely.equals(result.geometries[0], shapely.from_wkt(expected))
    assert not result.contains_pole[0]


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON((170 0,-170 0,-170 10,170 10,170 0))",
        "LINESTRING(170 0,-170 10)",
        "MULTIPOLYGON(((170 0,-170 0,-170 10,170 10,170 0)),((0 0,1 0,1 1,0 0)))",
    ],
)
def test_what_crosses_says_so(wkt: str) -> None:
    assert wrapped(wkt).crosses_antimeridian[0]


@pytest.mark.parametrize("lat", [80.0, -80.0])
@pytest.mark.parametrize(
    "longitudes",
    [
        [0, 90, 180, -90],
        [0, -90, 180, 90],
        [10, 100, -170, -80],
        [-179, 60, -60],
    ],
)
def test_a_ring_around_a_pole_becomes_the_cap(
    lat: float, longitudes: list[float]
) -> None:
    ring = [(lon, lat) for lon in [*longitudes, longitudes[0]]]
    result = wrapped(shapely.Polygon(ring).wkt)
    cap = shapely.box(-180, min(lat, lat * 2), 180, max(lat, lat * 2))
    world = shapely.box(-180, -90, 180, 90)
    assert result.contains_pole[0]
    assert shapely.equals(result.geometries[0], shapely.intersection(cap, world))


def test_a_ring_with_a_hole_over_the_pole_does_not_contain_it() -> None:
    result = wrapped(
        "POLYGON((0 70,90 70,180 70,-90 70,0 70),(0 85,-90 85,180 85,90 85,0 85))"
    )
    assert not result.contains_pole[0]
    assert shapely.equals(result.geometries[0], shapely.box(-180, 70, 180, 85))


def test_a_corner_at_the_pole_spans_the_longitudes_of_its_neighbors() -> None:
    result = wrapped("POLYGON((170 80,-170 80,0 90,170 80))")
    expected = shapely.union(
        shapely.box(170, 80, 180, 90), shapely.box(-180, 80, -170, 90)
    )
    assert shapely.equals(result.geometries[0], expected)


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))",
        "POLYGON((0 0,10 0,10 10,0 10,0 0))",
        "POLYGON((-90 0,90 0,90 10,-90 10,-90 0))",
        "POINT(180 0)",
        "POINT Z (1 2 3)",
        "POLYGON EMPTY",
        "LINESTRING(-180 0,180 0)",
    ],
)
def test_what_does_not_cross_stays_the_same_object(wkt: str) -> None:
    geometry = shapely.from_wkt(wkt)
    result = wrap(np.array([geometry, None]))
    assert result.geometries[0] is geometry
    assert result.geometries[1] is None
    assert not result.crosses_antimeridian.any()


def test_vertices_beyond_the_antimeridian_keep_every_bit() -> None:
    rng = np.random.default_rng(5)
    east, west = rng.uniform(179, 180, 4), rng.uniform(-180, -179, 4)
    lats = np.sort(rng.uniform(0, 9, 4))
    ring = [*zip(east, lats, strict=True), *zip(west, lats[::-1], strict=True)]
    result = wrap(np.array([shapely.Polygon(ring)]))
    kept = set(map(tuple, shapely.get_coordinates(result.geometries[0]).tolist()))
    assert {(float(x), float(y)) for x, y in ring} <= kept


def test_wrapping_twice_is_wrapping_once() -> None:
    ring = [(lon, 60 + lon / 90) for lon in range(170, 190)]
    band = shapely.LineString([((lon + 180) % 360 - 180, lat) for lon, lat in ring])
    once = wrap(np.array([band.buffer(0) if band.is_ring else band])).geometries
    assert_geometries_equal(wrap(once).geometries, once)


def test_heights_are_kept() -> None:
    result = wrapped("LINESTRING Z (170 0 1, -170 0 3)")
    heights = shapely.get_coordinates(result.geometries[0], include_z=True)[:, 2]
    assert heights.tolist() == [1, 2, 2, 3]


def test_a_line_that_is_a_point_is_cut_like_any_other() -> None:
    lines = "MULTILINESTRING ((0 0, 0 0, 0 0), (1E5 80, 100 0, 1E5 80))"
    found = wrap(np.array([shapely.from_wkt(lines)])).geometries[0]
    assert not any(part.is_empty for part in shapely.get_parts(found))


def test_an_outline_that_crosses_itself_around_a_pole_is_refused_by_name() -> None:
    shapes = shapely.from_wkt(["POINT (1 2)", CROSSED])
    with pytest.raises(NoSuchGeometry, match=r"crosses itself .* location conflict"):
        wrap(shapes)
