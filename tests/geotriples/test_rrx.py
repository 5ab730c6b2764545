"""GeoTriples' own functions, in its own mappings and in RML's."""

from pathlib import Path

import pyoxigraph as ox
import pytest
import shapely
from pyproj import Geod

from geotriples.errors import InvalidMapping
from geotriples.functions.rrx import FUNCTIONS
from geotriples.run_local import run
from ontologies.namespaces import GEO, RDF, XSD
from tests.geotriples.rml import triples_map

RRX = """
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
"""
SVALBARD = "POLYGON ((10 77, 20 77, 20 80, 10 80, 10 77))"
POINT = "POINT Z (15 78 3)"


def _call(function: str, *references: str) -> str:
    maps = " ".join(f'[ rml:reference "{one}" ]' for one in references)
    return f"[ rrx:function rrxf:{function} ; rrx:argumentMap ( {maps} ) ]"


def _objects(folder: Path, *object_maps: str) -> list[ox.Literal]:
    (folder / "d.csv").write_text(
        f'id,a,p,n,m,s\n1,"{SVALBARD}","{POINT}",2.5,1,Longyearbyen\n'
    )
    mapping = triples_map("d.csv", '[ rml:template "http://x.org/{id}" ]', *object_maps)
    (folder / "m.ttl").write_text(RRX + mapping)
    run(folder / "m.ttl", folder / "o.nq")
    found: dict[int, ox.Literal] = {}
    for quad in ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS):
        assert isinstance(quad.object, ox.Literal)
        found[int(quad.predicate.value.rpartition("p")[2])] = quad.object
    return [found[place] for place in range(len(object_maps))]


CASES: dict[str, tuple[tuple[str, ...], str]] = {
    "asWKT": (("p",), POINT),
    "hasSerialization": (("p",), POINT),
    "isSimple": (("a",), "true"),
    "isEmpty": (("a",), "false"),
    "is3D": (("p",), "true"),
    "dimension": (("a",), "2"),
    "coordinateDimension": (("p",), "3"),
    "spatialDimension": (("a",), "2"),
    "centroidx": (("a",), "15"),
    "centroidy": (("a",), "78.5"),
    "contains": (("a", "p"), "true"),
    "within": (("p", "a"), "true"),
    "intersects": (("a", "p"), "true"),
    "disjoint": (("a", "p"), "false"),
    "equals": (("a", "a"), "true"),
    "touches": (("a", "p"), "false"),
    "crosses": (("a", "p"), "false"),
    "overlaps": (("a", "a"), "false"),
    "distance": (("a", "p"), "0"),
    "add": (("n", "m"), "3.5"),
    "subtract": (("n", "m"), "1.5"),
    "greaterThan": (("n", "m"), "true"),
    "equi": (("n", "m"), "false"),
    "asCAPITAL": (("s",), "LONGYEARBYEN"),
    "asLOWER": (("s",), "longyearbyen"),
    "SubString": (("s", "m"), "ongyearbyen"),
}


def test_every_function_has_its_answer(tmp_path: Path) -> None:
    local = {iri.rpartition("/")[2] for iri in FUNCTIONS}
    assert local == {*CASES, "asGML", "area", "length"}
    names = list(CASES)
    found = _objects(tmp_path, *(_call(name, *CASES[name][0]) for name in names))
    answers = {name: one.value for name, one in zip(names, found, strict=True)}
    assert answers == {name: answer for name, (_, answer) in CASES.items()}


def test_measures_are_geodesic_and_typed(tmp_path: Path) -> None:
    area, length, wkt, gml = _objects(
        tmp_path,
        _call("area", "a"),
        _call("length", "a"),
        _call("asWKT", "a"),
        _call("asGML", "a"),
    )
    measured = Geod(ellps="WGS84").geometry_area_perimeter(shapely.from_wkt(SVALBARD))
    assert float(area.value) == pytest.approx(abs(measured[0]), rel=1e-9)
    assert float(length.value) == pytest.approx(measured[1], rel=1e-9)
    assert area.datatype.value == XSD.term("decimal")
    assert wkt.datatype.value == GEO.term("wktLiteral")
    assert gml.datatype.value == GEO.term("gmlLiteral")


R2RML = f"""{RRX}
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix ogc: <http://www.opengis.net/ont/geosparql#> .
<#Geometry> rml:logicalSource [ rml:source "d.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:class ogc:Geometry ; rr:template "http://x.org/Geometry/{{id}}" ] ;
  rr:predicateObjectMap [ rr:predicate ogc:asWKT ; rr:objectMap [
    rr:datatype ogc:wktLiteral ;
    rrx:function rrxf:asWKT ; rrx:argumentMap ( [ rml:reference "a" ] ) ] ] ;
  rr:predicateObjectMap [ rr:predicate ogc:dimension ; rr:objectMap [
    rrx:transformation [ rrx:function rrxf:dimension ;
      rrx:argumentMap [ rml:reference "a" ] ] ] ] .
"""


def test_mappings_of_geotriples_run_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f'id,a\n1,"{SVALBARD}"\n')
    (tmp_path / "m.ttl").write_text(R2RML)
    run(tmp_path / "m.ttl", tmp_path / "o.nt")
    subject = "<http://x.org/Geometry/1>"
    assert (tmp_path / "o.nt").read_text().splitlines() == [
        f'{subject} <{GEO.term("asWKT")}> "{SVALBARD}"^^<{GEO.term("wktLiteral")}> .',
        f'{subject} <{GEO.term("dimension")}> "2"^^<{XSD.term("integer")}> .',
        f"{subject} <{RDF.term('type')}> <{GEO.term('Geometry')}> .",
    ]


def test_a_join_by_another_function_is_refused_by_name(tmp_path: Path) -> None:
    joined = (
        "[ rml:parentTriplesMap ex:map ; rml:joinCondition [ "
        'rrx:function rrxf:distance ; rml:child "a" ; rml:parent "a" ] ]'
    )
    with pytest.raises(InvalidMapping, match=r"joins by <.*distance> are not"):
        _objects(tmp_path, joined)
