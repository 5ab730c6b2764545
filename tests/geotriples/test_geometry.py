"""Geometries reach RDF in the right place, in the CRS that the mapping asks for."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
import shapely
from pyproj import CRS, Transformer

from geotriples.errors import FunctionFailure, InvalidMapping
from geotriples.run_local import run
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import parse_wkt_literal
from tests.geotriples.polygons import polygon_row, write_polygons
from tests.geotriples.rml import triples_map

WKT_LITERAL = "http://www.opengis.net/ont/geosparql#wktLiteral"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
AS_WKT2 = "https://w3id.org/pytheas/ontology/crs#asWKT2"
ICE_CHART = CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84 +units=m")
SUBJECT = '[ rml:template "{id}" ]'
NATURAL = '[ rml:reference "geometry" ]'


def _transformed(iri: str, value: str = NATURAL) -> str:
    return (
        "[ rml:functionExecution [ rml:function geof:transform ; rml:input "
        f"[ rml:parameter pyrml:geometry ; rml:inputValueMap {value} ] , "
        f"[ rml:parameter pyrml:crs ; rml:inputValue <{iri}> ] ] ]"
    )


def _literals(
    folder: Path, crs: CRS | None, shapes: Sequence[shapely.Geometry | None], term: str
) -> dict[int, str]:
    """The geometry literal of each row, by the row's number."""
    rows = [
        polygon_row(i, shapely.Point())
        | {"geometry": None if shape is None else shapely.to_wkb(shape)}
        for i, shape in enumerate(shapes)
    ]
    write_polygons(folder / "p.parquet", rows, crs)
    mapping = folder / "m.ttl"
    mapping.write_text(
        triples_map("p.parquet", SUBJECT, term, formulation="pyrml:GeoParquet")
    )
    run(mapping, folder / "o.nq", base="http://x.org/")
    found = {}
    for one in ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS):
        if one.predicate.value == AS_WKT2:
            continue
        assert isinstance(one.subject, ox.NamedNode)
        assert isinstance(one.object, ox.Literal)
        assert one.object.datatype.value == WKT_LITERAL
        found[int(one.subject.value.rpartition("/")[2], 16)] = one.object.value
    return found


def test_polar_stereographic_polygons_land_where_pyproj_puts_them(
    tmp_path: Path,
) -> None:
    crs = CRS("EPSG:3413")
    corners = np.random.default_rng(0).uniform(-2e6, 2e6, (200, 2))
    # Away from the pole and the antimeridian, where a ring would have to be cut.
    corners = corners[(np.hypot(*corners.T) > 2e5) & (corners[:, 1] < 0)]
    boxes = [shapely.box(x, y, x + 800, y + 800) for x, y in corners]
    found = _literals(tmp_path, crs, boxes, _transformed(CRS84_IRI))
    to_lon_lat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    for row, box in enumerate(boxes):
        geometry = parse_wkt_literal(found[row])
        assert geometry.crs_iri == CRS84_IRI
        expected = np.column_stack(
            to_lon_lat.transform(*shapely.get_coordinates(box).T)
        )
        got = shapely.get_coordinates(geometry.shapely)
        assert np.allclose(got, expected, rtol=0, atol=1e-9)


def test_a_crs_without_a_code_is_transformed_by_its_definition(tmp_path: Path) -> None:
    crs = ICE_CHART
    point = shapely.Point(-489524, -1426091)
    found = _literals(tmp_path, crs, [point], _transformed(CRS84_IRI))
    got = parse_wkt_literal(found[0]).shapely
    assert isinstance(got, shapely.Point)
    lon, lat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform(
        point.x, point.y
    )
    assert (got.x, got.y) == pytest.approx((lon, lat), abs=1e-9)
    assert 75 < lat < 80


def test_the_natural_mapping_keeps_the_crs_and_every_digit(tmp_path: Path) -> None:
    point = shapely.Point(-489524.123456789, -1426091.1)
    found = _literals(tmp_path, CRS("EPSG:3413"), [point], NATURAL)
    assert found[0] == f"<{EPSG}3413> POINT (-489524.123456789 -1426091.1)"


def _definitions(folder: Path) -> list[tuple[str, str]]:
    return [
        (one.subject.value, one.object.value)
        for one in ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
        if one.predicate.value == AS_WKT2
        and isinstance(one.subject, ox.NamedNode)
        and isinstance(one.object, ox.Literal)
    ]


def test_literals_in_a_crs_without_a_code_bring_its_definition(tmp_path: Path) -> None:
    shapes = [shapely.Point(-489524, -1426091), shapely.Point(0, 0)]
    found = _literals(tmp_path, ICE_CHART, shapes, NATURAL)
    ((iri, definition),) = _definitions(tmp_path)
    assert found[0] == f"<{iri}> POINT (-489524 -1426091)"
    assert CRS(definition) == ICE_CHART
    first = (tmp_path / "o.nq").read_bytes()
    _literals(tmp_path, ICE_CHART, shapes[::-1], NATURAL)
    assert _definitions(tmp_path) == [(iri, definition)]
    _literals(tmp_path, ICE_CHART, shapes, NATURAL)
    assert (tmp_path / "o.nq").read_bytes() == first


@pytest.mark.parametrize(
    ("crs", "term"),
    [(ICE_CHART, _transformed(CRS84_IRI)), (CRS("EPSG:3413"), NATURAL)],
)
def test_where_all_crss_have_codes_nothing_is_defined(
    tmp_path: Path, crs: CRS, term: str
) -> None:
    _literals(tmp_path, crs, [shapely.Point(0, -1e6)], term)
    assert _definitions(tmp_path) == []


def test_a_literal_may_be_transformed_to_the_crs_of_its_source(tmp_path: Path) -> None:
    _literals(tmp_path, ICE_CHART, [shapely.Point(0, 0)], NATURAL)
    ((iri, _),) = _definitions(tmp_path)
    found = _literals(tmp_path, ICE_CHART, [shapely.Point(7, 9)], _transformed(iri))
    assert found[0] == f"<{iri}> POINT (7 9)"
    assert [each for each, _ in _definitions(tmp_path)] == [iri]


def test_the_natural_mapping_follows_the_axis_order_of_the_authority(
    tmp_path: Path,
) -> None:
    found = _literals(tmp_path, CRS("EPSG:4326"), [shapely.Point(5, 51)], NATURAL)
    assert found[0] == f"<{EPSG}4326> POINT (51 5)"


def test_a_target_in_metres_is_a_target_too(tmp_path: Path) -> None:
    shapes = [shapely.Point(3, 51)]
    found = _literals(tmp_path, CRS("OGC:CRS84"), shapes, _transformed(f"{EPSG}32631"))
    assert re.fullmatch(rf"<{EPSG}32631> POINT \(500000 5649824\.\d{{1,4}}\)", found[0])


def test_a_polygon_over_the_antimeridian_becomes_two(tmp_path: Path) -> None:
    # In EPSG:3413, whose y axis is at 135 degrees east, it runs along y = -x > 0.
    box = shapely.box(-640_000, 580_000, -600_000, 620_000)
    found = _literals(tmp_path, CRS("EPSG:3413"), [box], _transformed(CRS84_IRI))
    geometry = parse_wkt_literal(found[0]).shapely
    assert isinstance(geometry, shapely.MultiPolygon)
    assert shapely.is_valid(geometry)
    assert all(one.bounds[2] - one.bounds[0] < 5 for one in geometry.geoms)


def test_the_cap_over_the_pole_reaches_it(tmp_path: Path) -> None:
    cap = shapely.Point(0, 0).buffer(300_000)
    found = _literals(tmp_path, CRS("EPSG:3413"), [cap], _transformed(CRS84_IRI))
    geometry = parse_wkt_literal(found[0]).shapely
    assert shapely.is_valid(geometry)
    assert geometry.bounds[3] == 90
    assert (geometry.bounds[0], geometry.bounds[2]) == (-180, 180)


def test_a_missing_geometry_makes_no_literal(tmp_path: Path) -> None:
    shapes = [shapely.Point(1, 2), None, shapely.Point(3, 4)]
    for term in (NATURAL, _transformed(CRS84_IRI)):
        assert set(_literals(tmp_path, CRS("EPSG:32631"), shapes, term)) == {0, 2}


def test_an_unknown_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match="has no CRS"):
        _literals(tmp_path, None, [shapely.Point(1, 2)], NATURAL)


def test_a_target_that_is_no_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FunctionFailure, match="EPSG"):
        _literals(
            tmp_path,
            CRS("EPSG:3413"),
            [shapely.Point(1, 2)],
            _transformed(f"{EPSG}999999"),
        )
    assert not (tmp_path / "o.nq").exists()


def test_coordinates_without_an_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FunctionFailure, match="cannot be expressed"):
        _literals(
            tmp_path,
            CRS("OGC:CRS84"),
            [shapely.Point(0, 100)],
            _transformed(f"{EPSG}32631"),
        )


def test_a_literal_in_a_csv_can_be_transformed(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f'id,wkt\n1,"<{EPSG}4326> POINT (51 5)"\n')
    term = _transformed(CRS84_IRI, '[ rml:reference "wkt" ]')
    mapping = tmp_path / "m.ttl"
    mapping.write_text(triples_map("d.csv", SUBJECT, term))
    run(mapping, tmp_path / "o.nq")
    (quad,) = ox.parse(path=tmp_path / "o.nq", format=ox.RdfFormat.N_QUADS)
    assert quad.object.value == f"<{CRS84_IRI}> POINT (5 51)"


def test_many_threads_transform_many_rows(tmp_path: Path) -> None:
    shapes = [shapely.Point(i, -1_000_000) for i in range(30_000)]
    found = _literals(tmp_path, CRS("EPSG:3413"), shapes, _transformed(CRS84_IRI))
    assert len(found) == len(shapes)
