import numpy as np
import pyproj
import pytest
import shapely

from engines.errors import TransformFailed
from engines.geodesy import transform
from ontologies.geosparql.crs import CRS84_IRI, Crs, crs_from_iri, crs_from_pyproj

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = crs_from_iri(CRS84_IRI)


@pytest.mark.parametrize(
    ("code", "lon", "lat"),
    [
        ("4326", 5.0, 51.0),
        ("3413", -45.0, 75.0),
        ("3413", 135.0, 89.999),
        ("3031", 10.0, -80.0),
        ("32631", 3.5, 51.0),
        ("3035", 10.0, 52.0),
        ("2193", 173.0, -41.0),
    ],
)
def test_a_transform_is_pyprojs_in_east_north_order(
    code: str, lon: float, lat: float
) -> None:
    target = crs_from_iri(EPSG + code)
    places = np.array([shapely.Point(lon, lat), None, shapely.Polygon()])
    moved = transform(places, CRS84, target)
    expected = pyproj.Transformer.from_crs(
        "OGC:CRS84", f"EPSG:{code}", always_xy=True
    ).transform(lon, lat)
    assert shapely.get_coordinates(moved[0])[0] == pytest.approx(expected, abs=1e-9)
    assert moved[1] is None
    assert moved[2].is_empty
    back = transform(moved, target, CRS84)
    assert shapely.get_coordinates(back[0])[0] == pytest.approx((lon, lat), abs=1e-9)


def test_latitude_longitude_order_is_a_matter_of_literals_only() -> None:
    point = np.array([shapely.Point(5, 51)])
    assert transform(point, CRS84, crs_from_iri(EPSG + "4326"))[0] == point[0]


def test_a_chart_in_its_own_polar_crs_lands_where_it_is() -> None:
    chart = crs_from_pyproj(
        pyproj.CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84 +units=m")
    )
    place = np.array([shapely.Point(-489524, -1426091)])
    lon, lat = shapely.get_coordinates(transform(place, chart, CRS84))[0]
    assert lon == pytest.approx(-18.944, abs=1e-2)
    assert lat == pytest.approx(76.5, abs=0.2)


def test_heights_go_along_and_flat_neighbors_stay_flat() -> None:
    geoms = shapely.from_wkt(
        ["POINT Z (5 51 7)", "POINT (5 51)", "POINT ZM (5 51 7 1)", "POINT M (5 51 1)"]
    )
    moved = transform(geoms, CRS84, crs_from_iri(EPSG + "32631"))
    assert shapely.has_z(moved).tolist() == [True, False, True, False]
    assert not shapely.has_m(moved).any()
    assert shapely.get_z(moved)[[0, 2]] == pytest.approx([7, 7])
    assert np.ptp(shapely.get_x(moved)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("wkt", "source", "target"),
    [
        ("POINT (0 95)", CRS84, crs_from_iri(EPSG + "32631")),
        ("LINESTRING (0 0, 1e9 1e9)", crs_from_iri(EPSG + "3035"), CRS84),
    ],
)
def test_what_has_no_image_names_its_row(wkt: str, source: Crs, target: Crs) -> None:
    geoms = np.array([shapely.Point(1, 1), None, shapely.from_wkt(wkt)])
    with pytest.raises(TransformFailed, match="geometry 2") as caught:
        transform(geoms, source, target)
    assert caught.value.row == 2
    assert source.iri in str(caught.value)
