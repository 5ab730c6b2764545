"""Sources that select rows themselves, asked in place: what they select is enough."""

from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from api.virtual import VirtualEngines
from tests.database_servers import PASSWORD, Server, postgresql_script
from tests.end_to_end.virtual import Asked, asked
from tests.geotriples.rml import PREFIXES
from tests.geotriples.vector_files import POLAR

BODY = """
  rml:subjectMap [ rml:template "http://example.com/floe/{fid_}" ;
    rml:class ex:Floe ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:stage ; rml:objectMap [ rml:reference "stage" ] ] ,
    [ rml:predicate ex:partial ; rml:objectMap [ rml:reference "partial" ] ] ,
    [ rml:predicate ex:share ; rml:objectMap [ rml:reference "share" ] ] ,
    [ rml:predicate ex:of ;
      rml:objectMap [ rml:template "http://example.com/stage/{stage}" ] ] ,
    [ rml:predicate geo:asWKT ; rml:objectMap [ rml:reference "geometry" ] ] .
"""
MAPPING = f"""{PREFIXES}
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "FILE" ] ;
    rml:referenceFormulation pyrml:KIND ] ;
{BODY}"""
POSTGIS = f"""{PREFIXES}
@prefix rr: <http://www.w3.org/ns/r2rml#> .
ex:map rr:logicalTable [ rr:tableName "floes" ] ;
  rr:subjectMap [ rr:template "http://example.com/floe/{{fid_}}" ; rr:class ex:Floe ] ;
  rr:predicateObjectMap
    [ rr:predicate ex:stage ; rr:objectMap [ rr:column "stage" ] ] ,
    [ rr:predicate ex:partial ; rr:objectMap [ rr:column "partial" ] ] ,
    [ rr:predicate ex:share ; rr:objectMap [ rr:column "share" ] ] ,
    [ rr:predicate ex:of ;
      rr:objectMap [ rr:template "http://example.com/stage/{{stage}}" ] ] ,
    [ rr:predicate geo:asWKT ; rr:objectMap [ rr:column "geometry" ] ] .
"""
NEAR = "'POLYGON((0 70, 30 70, 30 75, 0 75, 0 70))'^^geo:wktLiteral"
EAST = "'POLYGON((150 62, 180 62, 180 89, 150 89, 150 62))'^^geo:wktLiteral"
WEST = "'POLYGON((-180 62, -179 62, -179 89, -180 89, -180 62))'^^geo:wktLiteral"
QUERIES = (
    "SELECT ?s ?p { ?s ?p ?o FILTER(?p != geo:asWKT) }",
    "SELECT ?s ?x { ?s ex:stage 'old \\'ice\\'' ; ex:share ?x FILTER(?x >= 0.8) }",
    "SELECT ?s ?n { ?s ex:partial ?n FILTER(?n > 40 && ?n < 45) }",
    "SELECT ?s { ?s ex:of <http://example.com/stage/young> ; ex:partial 12 }",
)
SPATIAL = (
    f"SELECT ?s {{ ?s geo:asWKT ?g FILTER(geof:sfWithin(?g, {EAST})) }}",
    f"SELECT ?s {{ ?s geo:asWKT ?g FILTER(geof:sfIntersects({WEST}, ?g)) }}",
)


def floes() -> geopandas.GeoDataFrame:
    """Sixty floes around the pole; some cross the antimeridian, one has the pole."""
    numbers = np.arange(60)
    angles, radius = numbers * 0.7, 200_000 + numbers * 40_000.0
    x, y = np.cos(angles) * radius, np.sin(angles) * radius
    boxes = shapely.box(x - 60_000, y - 60_000, x + 60_000, y + 60_000)
    boxes[0] = shapely.box(-50_000, -50_000, 50_000, 50_000)
    stages = ["young", "old 'ice'", "first year"]
    return geopandas.GeoDataFrame(
        {
            "fid_": numbers,
            "stage": [stages[n % 3] for n in numbers],
            "partial": numbers.astype("int32"),
            "share": numbers / 60,
        },
        geometry=boxes,
        crs="EPSG:3413",
    )


def in_degrees() -> geopandas.GeoDataFrame:
    """The same in longitude and latitude, two of them over the antimeridian."""
    frame = floes().iloc[1:]
    points = frame.geometry.centroid.to_crs("OGC:CRS84")
    boxes = shapely.box(points.x - 4, points.y - 1, points.x + 4, points.y + 1)
    # One reaches beyond 180 degrees, one goes around the other way.
    boxes[:2] = shapely.box([178, -179.5], [70, 74], [182, 179.5], [71, 75])
    return frame.set_geometry(boxes, crs="OGC:CRS84")


def _parquet(folder: Path, frame: geopandas.GeoDataFrame) -> str:
    frame.to_parquet(folder / "f.parquet", write_covering_bbox=True, row_group_size=10)
    return MAPPING.replace("FILE", "f.parquet").replace("KIND", "GeoParquet")


def _shapefile(folder: Path, frame: geopandas.GeoDataFrame) -> str:
    frame.to_file(folder / "f.shp")
    return MAPPING.replace("FILE", "f.shp").replace("KIND", "Shapefile")


FILES: dict[str, tuple[Callable[[Path, geopandas.GeoDataFrame], str], str | None]] = {
    "parquet": (_parquet, None),
    "polar shapefile": (_shapefile, POLAR),
}


@pytest.fixture(scope="module", params=[*FILES, "postgis"])
def source(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    virtual_engines: VirtualEngines,
) -> Iterator[Asked]:
    """The floes in a source of each kind."""
    folder = tmp_path_factory.mktemp("floes")
    if request.param == "postgis":
        server: Server = request.getfixturevalue("postgresql")
        _fill(server.port, in_degrees())
        url = f"postgresql://me:{PASSWORD}@127.0.0.1:{server.port}/test"
        with asked(folder, POSTGIS, virtual_engines, url) as three:
            yield three
        return
    write, crs = FILES[request.param]
    frame = in_degrees() if crs is None else floes().set_crs(crs, allow_override=True)
    with asked(folder, write(folder, frame), virtual_engines) as three:
        yield three


def _fill(port: int, frame: geopandas.GeoDataFrame) -> None:
    rows = ",\n".join(
        f"({row.fid_}, {_text(row.stage)},"
        f" {row.partial}, {row.share!r}, ST_GeomFromText('{row.geometry.wkt}', 4326))"
        for row in frame.itertuples()
    )
    postgresql_script(
        port,
        "CREATE TABLE floes (fid_ int PRIMARY KEY, stage text, partial smallint,"
        " share float8, geometry geometry(Polygon, 4326));\n"
        "CREATE INDEX ON floes USING gist (geometry);\n"
        f"INSERT INTO floes VALUES {rows};\nGRANT SELECT ON floes TO me",
    )


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_over_the_rdf(source: Asked, query: str) -> None:
    source.check(query)


def test_sources_select_rows_themselves(source: Asked) -> None:
    (one,) = source.reads("SELECT * { <http://example.com/floe/7> ex:stage ?t }")
    assert "one of http://example.com/floe/7" in one
    assert one.endswith("by the source: fid_   (rows 1)")
    (some,) = source.reads("SELECT * { ?s ex:partial ?n FILTER(?n >= 50) }")
    assert some.endswith("by the source: partial   (rows 10)")
    stages, shares = source.reads(
        "SELECT * { ?s ex:share ?x ; ex:stage 'young' ; ex:partial ?n }"
    )
    assert "1 statement, one of young" in stages
    assert "2 statements, one of" in shares
    near = f"SELECT * {{ ?s geo:asWKT ?g FILTER(geof:sfIntersects(?g, {NEAR})) }}"
    (found,) = source.reads(near)
    assert "meets the box 0 70 30 75" in found
    assert int(found.rpartition("(rows ")[2].rstrip(")")) < 40


@pytest.mark.parametrize("query", SPATIAL)
def test_geometries_are_found_wherever_they_lie(source: Asked, query: str) -> None:
    answer = source.check(query, by_oracle=False)
    assert not isinstance(answer, bool)
    assert answer.rows
