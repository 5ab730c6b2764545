"""Groups over whole sources are counted where the rows are, with a store's answers."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from api.virtual import VirtualEngines
from tests.end_to_end.virtual import Asked, asked
from tests.geotriples.rml import PREFIXES

MAPPING = f"""{PREFIXES}
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
ex:samples rml:source [ a rml:RelativePathSource ; rml:path "samples.parquet" ] ;
    rml:referenceFormulation pyrml:Parquet .
ex:other rml:source [ a rml:RelativePathSource ; rml:path "other.csv" ] ;
    rml:referenceFormulation rml:CSV .
ex:sample rml:logicalSource ex:samples ;
  rml:subjectMap [ rml:template "http://example.com/sample/{{id}}" ;
    rml:class ex:Sample ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:kind ;
      rml:objectMap [ rml:template "http://example.com/kind/{{kind}}" ] ] ,
    [ rml:predicate ex:rank ; rml:objectMap [ rml:reference "rank" ] ] ,
    [ rml:predicate ex:depth ; rml:objectMap [ rml:reference "depth" ] ] ,
    [ rml:predicate ex:single ; rml:objectMap [ rml:reference "single" ] ] ,
    [ rml:predicate ex:odd ; rml:objectMap [ rml:reference "odd" ] ] ,
    [ rml:predicate ex:tag ; rml:objectMap [ rml:reference "kind" ;
      rml:language "en" ] ] ,
    [ rml:predicate ex:none ; rml:objectMap [ rml:reference "none" ] ] ,
    [ rml:predicate ex:many ; rml:objectMap [ rml:reference "many" ] ] .
ex:row rml:logicalSource ex:other ;
  rml:subjectMap [ rml:template "http://example.com/other/{{k}}" ;
    rml:class ex:Other ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:number ;
      rml:objectMap [ rml:reference "n" ; rml:datatype xsd:integer ] ] .
"""
ROWS = 50
SAMPLES = pa.table(
    {
        "id": pa.array(range(ROWS), pa.int32()),
        "kind": [None if i % 7 == 3 else f"k {i % 3}" for i in range(ROWS)],
        "rank": pa.array([None if i % 5 == 4 else i % 4 - 1 for i in range(ROWS)]),
        "depth": [None if i % 6 == 5 else i / 8 - 2 for i in range(ROWS)],
        "single": pa.array([i / 10 for i in range(ROWS)], pa.float32()),
        "odd": [float("nan") if i == 9 else i / 4 for i in range(ROWS)],
        "none": pa.nulls(ROWS, pa.int64()),
        "many": [[i, i % 2] for i in range(ROWS)],
    }
)
# A subject comes twice, with two values and with the same.
OTHER = "k,n\na,1\na,2\nb,1\nb,1\nc,\n"

COUNTED = (
    "SELECT (COUNT(*) AS ?n) { ?s a ex:Sample }",
    "SELECT (COUNT(?s) AS ?n) (COUNT(DISTINCT ?s) AS ?m) { ?s ex:rank ?r }",
    "SELECT ?k (COUNT(*) AS ?n) { ?s ex:kind ?k } GROUP BY ?k ORDER BY DESC(?n) ?k",
    "SELECT ?k (COUNT(?r) AS ?n) { ?s ex:kind ?k ; ex:rank ?r } GROUP BY ?k",
    "SELECT ?r (COUNT(*) AS ?n) { ?s ex:kind ?k ; ex:rank ?r } GROUP BY ?r ?k",
    "SELECT (COUNT(DISTINCT ?k) AS ?n) { ?s ex:kind ?k ; ex:depth ?d }",
    "SELECT (SUM(?r) AS ?t) (AVG(?r) AS ?m) { ?s ex:rank ?r }",
    "SELECT (SUM(?d) AS ?t) (AVG(?d) AS ?m) { ?s ex:depth ?d ; ex:rank ?r }",
    "SELECT (MIN(?d) AS ?a) (MAX(?d) AS ?b) { ?s ex:depth ?d ; ex:rank ?r }",
    (
        "SELECT ?k (MIN(?r) AS ?a) (MAX(?d) AS ?b) { ?s ex:kind ?k ; ex:depth ?d ;"
        " ex:rank ?r } GROUP BY ?k HAVING (MAX(?d) > 3.5)"
    ),
    "SELECT (MAX(?x) AS ?m) { ?s ex:single ?x }",
    "SELECT ?s ?m { { SELECT (MAX(?d) AS ?m) { ?x ex:depth ?d } } ?s ex:depth ?m }",
    "SELECT (SUM(?o) AS ?t) { ?s ex:odd ?o }",
    # What no row makes has no groups, and none of one group.
    "SELECT ?o (COUNT(*) AS ?n) (MAX(?o) AS ?m) { ?s ex:none ?o } GROUP BY ?o",
    "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?o) AS ?m) { ?s ex:none ?o }",
    "ASK { { SELECT (COUNT(*) AS ?n) { ?s ex:kind ?k } } FILTER(?n > 40) }",
)
NOT_COUNTED = (
    # A subject of several rows, and values of which a row has several.
    "SELECT (COUNT(*) AS ?n) { ?s a ex:Other }",
    "SELECT ?r (COUNT(*) AS ?n) { ?s a ex:Other ; ex:number ?r } GROUP BY ?r",
    "SELECT (COUNT(*) AS ?n) { ?s ex:many ?m }",
    # Tags, whose case tells nothing; what is not a number; conditions; two subjects.
    "SELECT ?t (COUNT(*) AS ?n) { ?s ex:tag ?t } GROUP BY ?t",
    "SELECT (SUM(?k) AS ?n) { ?s ex:kind ?k }",
    "SELECT (COUNT(*) AS ?n) { ?s ex:rank ?r FILTER(?r > 1) }",
    "SELECT (COUNT(*) AS ?n) { ?s ex:rank ?r . ?o ex:rank ?r }",
    "SELECT (COUNT(*) AS ?n) { ?s ex:rank 1 }",
    "SELECT (SUM(DISTINCT ?r) AS ?n) { ?s ex:kind ?k ; ex:rank ?r }",
    "SELECT (SUM(?r + 1) AS ?n) { ?s ex:kind ?k ; ex:rank ?r }",
    "SELECT (GROUP_CONCAT(?k) AS ?n) { ?s ex:kind ?k ; ex:rank 7 }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ex:rank ?r } }",
    # A sum of nothing, and one that is not to be compared.
    "SELECT (SUM(?o) AS ?n) { ?s ex:none ?o }",
    "SELECT (MIN(?o) AS ?m) { ?s ex:odd ?o }",
)


@pytest.fixture(scope="module")
def mapped(
    virtual_engines: VirtualEngines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("groups")
    pq.write_table(SAMPLES, folder / "samples.parquet")
    (folder / "other.csv").write_text(OTHER, encoding="utf-8")
    with asked(folder, MAPPING, virtual_engines) as three:
        yield three


def _is_counted(mapped: Asked, text: str) -> bool:
    return any("counted by the source's engine" in one for one in mapped.reads(text))


@pytest.mark.parametrize("text", COUNTED)
def test_what_rows_can_tell_is_counted_where_they_are(mapped: Asked, text: str) -> None:
    mapped.check(text)
    assert _is_counted(mapped, text)


@pytest.mark.parametrize("text", NOT_COUNTED)
def test_what_rows_cannot_tell_is_read(mapped: Asked, text: str) -> None:
    mapped.check(text, by_oracle="ex:odd" not in text)
    assert not _is_counted(mapped, text)


def test_sources_are_counted_one_by_one(mapped: Asked) -> None:
    text = "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c"
    mapped.check(text)
    # The second has a subject of two rows, so both are read.
    assert len([one for one in mapped.reads(text) if "counted" not in one]) == 2


def test_many_groups_are_read(tmp_path: Path, virtual_engines: VirtualEngines) -> None:
    many = pa.table({"id": range(1500), "v": range(1500)})
    pq.write_table(many, tmp_path / "samples.parquet")
    mapping = f"""{PREFIXES}
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
ex:m rml:logicalSource [ rml:referenceFormulation pyrml:Parquet ;
    rml:source [ a rml:RelativePathSource ; rml:path "samples.parquet" ] ] ;
  rml:subjectMap [ rml:template "http://example.com/{{id}}" ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:v ; rml:objectMap [ rml:reference "v" ] ] .
"""
    with asked(tmp_path, mapping, virtual_engines) as three:
        text = "SELECT ?v (COUNT(*) AS ?n) { ?s ex:v ?v } GROUP BY ?v"
        three.check(text)
        assert not _is_counted(three, text)
        text = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?v } GROUP BY ?p"
        three.check(text)
        assert _is_counted(three, text)


def test_statements_that_no_row_makes_are_counted_too(
    tmp_path: Path, virtual_engines: VirtualEngines
) -> None:
    """A CRS without a code is defined in the graph."""
    crs = "+proj=laea +lat_0=10 +lon_0=20 +datum=WGS84 +units=m"
    points = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.Point(1, 2)], crs=crs)
    points.to_parquet(tmp_path / "points.parquet")
    mapping = f"""{PREFIXES}
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
ex:m rml:logicalSource [ rml:referenceFormulation pyrml:GeoParquet ;
    rml:source [ a rml:RelativePathSource ; rml:path "points.parquet" ] ] ;
  rml:subjectMap [ rml:template "http://example.com/{{id}}" ] ;
  rml:predicateObjectMap
    [ rml:predicate geo:asWKT ; rml:objectMap [ rml:reference "geometry" ] ] .
"""
    with asked(tmp_path, mapping, virtual_engines) as three:
        for text, is_counted in (
            ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", False),
            ("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p", False),
            ("SELECT (COUNT(*) AS ?n) { ?s geo:asWKT ?o }", True),
        ):
            three.check(text)
            assert _is_counted(three, text) == is_counted
