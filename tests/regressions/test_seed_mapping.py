"""Faults of GeoTriples, each once and for all.

Letters are those of the list of faults; c, and these on Spark, are cases of
`tests/geotriples/test_run_spark.py`.
"""

from pathlib import Path
from typing import Any, Final

import geopandas
import pyoxigraph as ox
import pyproj
import pytest
import shapely

from geotriples.errors import InvalidMapping
from geotriples.run_local import run
from tests.geotriples.rml import triples_map
from tests.geotriples.vector_files import POLAR

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
NASTY: Final = 'say "hi"\nand \\ back\r\t, Ærø <&> 雪'


def _run(folder: Path, text: str) -> list[ox.Quad]:
    (folder / "m.ttl").write_text(text, "utf-8")
    run(folder / "m.ttl", folder / "o.nq")
    return list(ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS))


@pytest.mark.parametrize("ending", [".shp", ".gpkg"])
def test_a_quotes_and_line_feeds_of_attributes_make_valid_rdf(
    tmp_path: Path, ending: str
) -> None:
    frame = geopandas.GeoDataFrame(
        {"name": [NASTY]}, geometry=[shapely.Point(1, 2)], crs="OGC:CRS84"
    )
    frame.to_file(tmp_path / f"f{ending}", encoding="UTF-8")
    quads = _run(
        tmp_path,
        triples_map(
            f"f{ending}",
            '[ rml:template "http://x.org/{name}" ]',
            '[ rml:reference "name" ]',
            formulation="pyrml:Shapefile" if ending == ".shp" else "pyrml:GeoPackage",
        ),
    )
    assert [_text(one.object) for one in quads] == [NASTY]


# -- b: ice charts are in metres around the pole, in a CRS that has no code -----------

ICE: Final = (
    # ExtremeEarth's own coordinates, which GeoTriples-Spark called EPSG:4326.
    shapely.box(-489_524, -1_426_091, -300_000, -1_300_000),
    # Across the antimeridian.
    shapely.box(-50_000, 900_000, 60_000, 1_000_000),
)
MAP: Final = triples_map(
    "ice.shp",
    '[ rml:template "http://x.org/{id}" ]',
    """[ rml:functionExecution [
        rml:function geof:transform ;
        rml:input [ rml:parameter pyrml:geometry ;
                    rml:inputValueMap [ rml:reference "geometry" ] ],
                  [ rml:parameter pyrml:crs ;
                    rml:inputValue "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
                  ] ] ]""",
    '[ rml:reference "geometry" ]',
    formulation="pyrml:Shapefile",
)


def _ice_chart(folder: Path) -> None:
    frame = geopandas.GeoDataFrame({"id": [1, 2], "CT": [91, 55]}, geometry=list(ICE))
    frame.set_crs(POLAR).to_file(folder / "ice.shp")
    (folder / "ice.prj").write_text(POLAR)


def _text(term: object) -> str:
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return term.value


def _by_predicate(quads: list[ox.Quad], name: str) -> dict[str, str]:
    return {
        _text(one.subject): _text(one.object)
        for one in quads
        if one.predicate.value == f"http://example.com/{name}"
    }


def test_b_a_polar_shapefile_is_at_its_place_in_lon_lat(tmp_path: Path) -> None:
    _ice_chart(tmp_path)
    found = _by_predicate(_run(tmp_path, MAP), "p0")
    to_polar = pyproj.Transformer.from_crs("OGC:CRS84", POLAR, always_xy=True)
    for number, expected in enumerate(ICE, 1):
        shape = shapely.from_wkt(found[f"http://x.org/{number}"].rpartition("> ")[2])
        west, south, east, north = shape.bounds
        assert -180 <= west <= east <= 180
        assert 75 < south < north < 90
        back = _moved(shape, to_polar)
        # Each vertex is where it was; a cut at 180 degrees adds some on the edges.
        vertices = shapely.MultiPoint(shapely.get_coordinates(expected))
        for point in vertices.geoms:
            assert back.boundary.distance(point) < 0.01


def _moved(shape: Any, transformer: pyproj.Transformer) -> Any:
    move: Any = transformer.transform
    return shapely.transform(shape, move, interleaved=False)


def test_b_the_crs_of_a_literal_is_the_files_own(tmp_path: Path) -> None:
    _ice_chart(tmp_path)
    quads = _run(tmp_path, MAP)
    native = _by_predicate(quads, "p1")
    iris = {literal.partition("> ")[0].strip("<") for literal in native.values()}
    (iri,) = iris
    assert iri not in {CRS84, "http://www.opengis.net/def/crs/EPSG/0/4326"}
    (definition,) = [_text(one.object) for one in quads if _text(one.subject) == iri]
    assert pyproj.CRS.from_wkt(definition).equals(
        pyproj.CRS.from_wkt(POLAR), ignore_axis_order=True
    )
    for number, expected in enumerate(ICE, 1):
        text = native[f"http://x.org/{number}"].rpartition("> ")[2]
        assert shapely.from_wkt(text).equals(expected)


def test_b_without_a_prj_nothing_is_guessed(tmp_path: Path) -> None:
    _ice_chart(tmp_path)
    (tmp_path / "ice.prj").unlink()
    with pytest.raises(InvalidMapping, match=r"ice\.prj is missing"):
        _run(tmp_path, MAP)
    told = MAP.replace(
        'rml:path "ice.shp"', f"rml:path 'ice.shp' ; pyrml:crs '{POLAR}'"
    )
    assert told != MAP
    found = _by_predicate(_run(tmp_path, told), "p0")
    _ice_chart(tmp_path)
    assert found == _by_predicate(_run(tmp_path, MAP), "p0")


def test_i_commas_of_wkt_in_csv_are_no_delimiters(tmp_path: Path) -> None:
    wkt = "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.2 0.1, 0.3 0.1, 0.3 0.2, 0.2 0.1))"
    (tmp_path / "w.csv").write_text(f'id,wkt,after\n1,"{wkt}",x\n')
    quads = _run(
        tmp_path,
        triples_map(
            "w.csv",
            '[ rml:template "http://x.org/{id}" ]',
            '[ rml:reference "wkt" ; rml:datatype geo:wktLiteral ]',
            '[ rml:reference "after" ]',
        ),
    )
    assert _by_predicate(quads, "p0") == {"http://x.org/1": wkt}
    assert _by_predicate(quads, "p1") == {"http://x.org/1": "x"}
