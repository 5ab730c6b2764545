"""Rows that join by a topological relation: those that geopandas joins."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from api.cli.main import app
from geotriples.errors import InvalidMapping
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES, quads

RELATIONS: Final = {
    "contains": "contains",
    "intersects": "intersects",
    "within": "within",
    "touches": "touches",
    "crosses": "crosses",
    "overlaps": "overlaps",
    "equals": "geom_equals",
    "disjoint": "disjoint",
}
ARGUMENTS: Final = (
    'rrx:argumentMap ( [ rml:reference "geometry" ] [ rml:reference "geometry" ] )'
)
SIDES: Final = 'rml:child "geometry" ; rml:parent "geometry"'


def _shapes(seed: int, count: int) -> list[shapely.Geometry]:
    """Points, lines and boxes of all sizes, on a grid: some touch or are equal."""
    random = np.random.default_rng(seed)
    shapes: list[shapely.Geometry] = [shapely.Point(), shapely.box(-180, -90, 180, 90)]
    for kind in random.integers(0, 4, count):
        x, y = random.integers(-20, 20, 2).tolist()
        side = 2.0 ** int(random.integers(-8, 5))
        match int(kind):
            case 0:
                shapes.append(shapely.Point(x, y))
            case 1:
                shapes.append(shapely.LineString([(x, y), (x + side, y + side)]))
            case _:
                shapes.append(shapely.box(x, y, x + side, y + side))
    return shapes


def _frame(path: Path, seed: int, count: int, crs: int) -> gpd.GeoDataFrame:
    shapes = _shapes(seed, count)
    ids = list(range(len(shapes)))
    frame = gpd.GeoDataFrame({"id": ids}, geometry=shapes, crs=4326).to_crs(crs)
    frame.to_parquet(path)
    return frame


def _mapping(folder: Path, relation: str, condition: str = SIDES) -> Path:
    (folder / "m.ttl").write_text(
        f"""{PREFIXES}
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
ex:a rml:logicalSource [ rml:source [ a rml:FilePath ; rml:path "a.parquet" ] ;
    rml:referenceFormulation pyrml:GeoParquet ] ;
  rml:subjectMap [ rml:template "http://x.org/a/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:joins ; rml:objectMap [
    rml:parentTriplesMap ex:b ;
    rml:joinCondition [ rrx:function rrxf:{relation} ; {condition} ] ] ] .
ex:b rml:logicalSource [ rml:source [ a rml:FilePath ; rml:path "b.parquet" ] ;
    rml:referenceFormulation pyrml:GeoParquet ] ;
  rml:subjectMap [ rml:template "http://x.org/b/{{id}}" ] .
""",
        encoding="utf-8",
    )
    return folder / "m.ttl"


def _pairs(path: Path) -> set[tuple[int, int]]:
    found = [one.split() for one in quads(path)]
    return {(_number(subject), _number(value)) for subject, _, value, *_ in found}


def _number(iri: str) -> int:
    return int(iri.strip("<>").rpartition("/")[2])


def _expected(
    left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, relation: str
) -> Iterator[tuple[int, int]]:
    # geopandas asks whether the right one, row by row, is so related to the left one.
    name = {"contains": "within", "within": "contains"}.get(relation, relation)
    for number, shape in zip(left["id"], left.geometry, strict=True):
        related = getattr(right.geometry, RELATIONS[name])(shape)
        for other in right["id"][related]:
            yield number, int(other)


@pytest.mark.parametrize("relation", sorted(RELATIONS))
def test_rows_join_as_geopandas_joins_them(tmp_path: Path, relation: str) -> None:
    left = _frame(tmp_path / "a.parquet", 1, 60, 4326)
    right = _frame(tmp_path / "b.parquet", 2, 60, 4326)
    run(_mapping(tmp_path, relation, ARGUMENTS), tmp_path / "o.nq")
    expected = set(_expected(left, right, relation))
    assert expected
    assert _pairs(tmp_path / "o.nq") == expected


def test_geometries_in_a_polar_crs_join_in_its_plane(tmp_path: Path) -> None:
    """Around the pole longitudes say nothing of what is near."""
    pole = gpd.GeoDataFrame(
        {"id": [0]}, geometry=[shapely.box(-5e5, -5e5, 5e5, 5e5)], crs=3413
    )
    points = gpd.GeoDataFrame(
        {"id": [0, 1, 2]},
        geometry=[shapely.Point(0, 0), shapely.Point(4e5, -4e5), shapely.Point(6e5, 0)],
        crs=3413,
    )
    pole.to_parquet(tmp_path / "a.parquet")
    points.to_parquet(tmp_path / "b.parquet")
    run(_mapping(tmp_path, "contains"), tmp_path / "o.nq")
    assert _pairs(tmp_path / "o.nq") == {(0, 0), (0, 1)}


def test_sources_of_two_crss_join(tmp_path: Path) -> None:
    boxes = gpd.GeoDataFrame(
        {"id": [0, 1]},
        geometry=[shapely.box(10, 50, 11, 51), shapely.box(20, 50, 21, 51)],
        crs=4326,
    )
    points = gpd.GeoDataFrame(
        {"id": [0, 1]},
        geometry=[shapely.Point(10.5, 50.5), shapely.Point(15, 50)],
        crs=4326,
    ).to_crs(3035)
    boxes.to_parquet(tmp_path / "a.parquet")
    points.to_parquet(tmp_path / "b.parquet")
    run(_mapping(tmp_path, "contains"), tmp_path / "o.nq")
    assert _pairs(tmp_path / "o.nq") == {(0, 0)}


def test_most_pairs_are_not_compared(tmp_path: Path) -> None:
    """A product of 700 rows each would take a while."""
    random = np.random.default_rng(5)
    for name in ("a", "b"):
        corners = random.uniform(-60, 60, (700, 2))
        shapes = shapely.box(*corners.T, *(corners + 0.9).T)
        frame = gpd.GeoDataFrame({"id": range(700)}, geometry=shapes, crs=4326)
        frame.to_parquet(tmp_path / f"{name}.parquet")
    left, right = (gpd.read_parquet(tmp_path / f"{n}.parquet") for n in ("a", "b"))
    run(_mapping(tmp_path, "intersects"), tmp_path / "o.nq")
    joined = left.sjoin(right, predicate="intersects")
    expected = set(zip(joined["id_left"], joined["id_right"], strict=True))
    assert _pairs(tmp_path / "o.nq") == expected


def test_r2rml_has_functions_and_joins(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.sqlite") as connection:
        connection.executescript(
            "CREATE TABLE ice (id INTEGER PRIMARY KEY, shape TEXT);"
            "CREATE TABLE ship (id INTEGER PRIMARY KEY, place TEXT);"
            "INSERT INTO ice VALUES (1, 'POLYGON((0 0,9 0,9 9,0 9,0 0))');"
            "INSERT INTO ship VALUES (1, 'POINT(5 5)'), (2, 'POINT(10 5)');"
        )
    connection.close()
    (tmp_path / "m.ttl").write_text(
        """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix ex: <http://x.org/> .
<#ice> rr:logicalTable [ rr:tableName "ice" ] ;
  rr:subjectMap [ rr:template "http://x.org/ice/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:dimension ; rr:objectMap [
    rrx:function rrxf:dimension ; rrx:argumentMap ( [ rr:column "shape" ] ) ] ] ;
  rr:predicateObjectMap [ rr:predicate ex:holds ; rr:objectMap [
    rr:parentTriplesMap <#ship> ; rr:joinCondition [ rrx:function rrxf:contains ;
      rr:child "shape" ; rr:parent "place" ] ] ] .
<#ship> rr:logicalTable [ rr:tableName "ship" ] ;
  rr:subjectMap [ rr:template "http://x.org/ship/{id}" ] .
"""
    )
    command = ["map", "run", str(tmp_path / "m.ttl"), "-o", str(tmp_path / "o.nq")]
    options = ["--database", str(tmp_path / "d.sqlite"), "--quiet"]
    result = CliRunner().invoke(app, [*command, *options])
    assert result.exit_code == 0, result.output
    integer = '"2"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert quads(tmp_path / "o.nq") == {
        "<http://x.org/ice/1> <http://x.org/holds> <http://x.org/ship/1>",
        f"<http://x.org/ice/1> <http://x.org/dimension> {integer}",
    }


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ('rrx:argumentMap ( [ rml:reference "geometry" ] )', "has 1 arguments"),
        ('rml:child "geometry"', "needs either rml:parent or rml:parentMap"),
    ],
)
def test_a_join_that_lacks_a_side_is_a_problem(
    tmp_path: Path, condition: str, reason: str
) -> None:
    for seed, name in enumerate(("a", "b")):
        _frame(tmp_path / f"{name}.parquet", seed, 2, 4326)
    with pytest.raises(InvalidMapping, match=reason):
        run(_mapping(tmp_path, "touches", condition), tmp_path / "o.nq")
