import pyproj
import pytest

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import (
    CRS84_IRI,
    OWN_CRS_BASE,
    crs_from_iri,
    crs_from_pyproj,
    define_crs,
)

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# The CRS of an ice chart's .prj: polar stereographic at the pole, without a code.
ICE_CHART = (
    'PROJCS["Stereographic",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Polar_Stereographic"],PARAMETER["latitude_of_origin",90],'
    'PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],'
    'PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("4326", "yx"),
        ("4258", "yx"),
        ("3413", "xy"),
        ("3031", "xy"),
        ("3995", "xy"),
        ("32661", "yx"),
        ("5041", "xy"),
        ("32631", "xy"),
        ("3857", "xy"),
        ("3035", "yx"),
        ("31467", "yx"),
        ("2193", "yx"),
    ],
)
def test_axis_order_is_the_authoritys(code: str, order: str) -> None:
    assert crs_from_iri(EPSG + code).axis_order == order


@pytest.mark.parametrize(
    "code",
    ["4326", "3413", "3031", "32661", "5041", "32761", "5042", "3035", "32631", "2193"],
)
def test_axis_order_is_where_proj_swaps(code: str) -> None:
    crs = crs_from_iri(EPSG + code)
    area = crs.pyproj.area_of_use
    assert area is not None
    lon, lat = area.west / 3 + area.east * 2 / 3, (area.south + area.north * 2) / 3
    xy = pyproj.Transformer.from_crs("OGC:CRS84", crs.pyproj, always_xy=True)
    authority = pyproj.Transformer.from_crs("OGC:CRS84", crs.pyproj, always_xy=False)
    x, y = xy.transform(lon, lat)
    assert abs(x - y) > 1e-3
    expected = (x, y) if crs.axis_order == "xy" else (y, x)
    assert authority.transform(lon, lat) == pytest.approx(expected)


@pytest.mark.parametrize(
    "iri",
    [
        EPSG + "32631",
        "https://www.opengis.net/def/crs/EPSG/0/32631",
        "http://www.opengis.net/def/crs/EPSG/9.9.1/32631",
        "urn:ogc:def:crs:EPSG::32631",
        "urn:ogc:def:crs:EPSG:9.9.1:32631",
    ],
)
def test_every_spelling_of_a_crs_is_one_crs(iri: str) -> None:
    assert crs_from_iri(iri) == crs_from_iri(EPSG + "32631")
    assert crs_from_iri(iri).iri == EPSG + "32631"


@pytest.mark.parametrize("name", ["CRS84", "CRS83", "CRS27"])
def test_the_crss_of_ogc_are_longitude_latitude(name: str) -> None:
    crs = crs_from_iri(f"http://www.opengis.net/def/crs/OGC/1.3/{name}")
    assert crs.axis_order == "xy"
    assert crs.is_geographic


@pytest.mark.parametrize(
    "iri",
    [
        EPSG + "999999",
        EPSG,
        "EPSG:4326",
        "",
        "http://example.org/crs/1",
        "http://www.opengis.net/def/crs/NOBODY/0/1",
    ],
)
def test_an_unknown_crs_is_refused_by_name(iri: str) -> None:
    with pytest.raises(OntologyError, match=f"<{iri}>"):
        crs_from_iri(iri)


def test_a_crs_with_a_code_is_named_by_it() -> None:
    assert crs_from_pyproj(pyproj.CRS("EPSG:3413")).iri == EPSG + "3413"
    assert crs_from_pyproj(pyproj.CRS("OGC:CRS84")).iri == CRS84_IRI


def test_a_crs_without_a_code_is_kept_exactly_and_found_again() -> None:
    crs = crs_from_pyproj(pyproj.CRS(ICE_CHART))
    assert crs.iri.startswith(OWN_CRS_BASE)
    assert define_crs(crs.iri, crs.definition) == crs.definition
    again = crs_from_iri(crs.iri)
    assert again == crs
    assert again.definition == crs.definition
    assert again.pyproj == pyproj.CRS(ICE_CHART)
    assert again.unit_factor == 1.0


def test_a_definition_may_be_spelled_otherwise_and_is_kept_as_named() -> None:
    crs = crs_from_pyproj(pyproj.CRS(ICE_CHART))
    pretty = crs.pyproj.to_wkt("WKT2_2019", pretty=True)
    assert pretty != crs.definition
    assert define_crs(crs.iri, pretty) == crs.definition


def test_a_crs_without_a_code_needs_its_definition() -> None:
    chart = pyproj.CRS("+proj=stere +lat_0=90 +lon_0=17.25 +k=1 +datum=WGS84")
    iri = crs_from_pyproj(chart).iri
    with pytest.raises(OntologyError, match="definition is not at hand"):
        crs_from_iri(iri)
    utm = crs_from_iri(EPSG + "32631").definition
    with pytest.raises(OntologyError, match=r"that of <.*32631>"):
        define_crs(iri, utm)
    with pytest.raises(OntologyError, match="not a CRS definition"):
        define_crs(iri, "PROJCRS[")
    with pytest.raises(OntologyError, match="definition is not at hand"):
        crs_from_iri(iri)
