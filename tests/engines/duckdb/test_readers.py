import json
from pathlib import Path

import duckdb
import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from engines.duckdb import connect
from engines.duckdb.readers import geometry_columns, read_source
from engines.errors import SourceUnreadable
from ontologies.geosparql.crs import CRS84_IRI, OWN_CRS_BASE

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return connect()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'n,wkt\n1,"POINT (1 2)"\n2,\n'),
        ("a.tsv", "n\twkt\n1\tPOINT (1 2)\n2\t\n"),
        ("a.json", '[{"n": 1, "wkt": "POINT (1 2)"}, {"n": 2, "wkt": null}]'),
        ("a.ndjson", '{"n": 1, "wkt": "POINT (1 2)"}\n{"n": 2}\n'),
        ("A.CSV", 'n,wkt\n1,"POINT (1 2)"\n2,\n'),
    ],
)
def test_text_files_are_relations(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    source = read_source(connection, tmp_path / name)
    assert source.relation.fetchall() == [(1, "POINT (1 2)"), (2, None)]
    assert not source.crs


def test_text_can_stay_text(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("code\n007\n")
    source = read_source(connection, tmp_path / "a.csv", all_text=True)
    assert source.relation.fetchall() == [("007",)]


@pytest.mark.parametrize(
    ("crs", "iri"),
    [
        ("EPSG:3413", EPSG + "3413"),
        ("EPSG:4326", EPSG + "4326"),
        ("OGC:CRS84", CRS84_IRI),
        ("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84", OWN_CRS_BASE),
    ],
)
def test_geoparquet_comes_as_wkb_beside_its_crs(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, crs: str, iri: str
) -> None:
    path = tmp_path / "a.parquet"
    shapes = [shapely.Point(1, 2), None, shapely.box(0, 0, 1, 1)]
    gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=crs).to_parquet(path)
    source = read_source(connection, path)
    assert source.crs["geometry"].iri.startswith(iri)
    rows = source.relation.fetchall()
    assert [shapely.from_wkb(wkb) for _, wkb in rows] == shapes


def write_geo(path: Path, column: dict[str, object]) -> None:
    """A GeoParquet file with these words about its only geometry column."""
    geo = {"version": "1.1.0", "primary_column": "g", "columns": {"g": column}}
    table = pa.table({"g": [shapely.to_wkb(shapely.Point(1, 2))]})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)


def test_a_column_that_names_no_crs_is_in_crs84(tmp_path: Path) -> None:
    write_geo(tmp_path / "a.parquet", {"encoding": "WKB", "geometry_types": []})
    assert geometry_columns(tmp_path / "a.parquet")["g"].iri == CRS84_IRI


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ({"encoding": "WKB", "crs": None}, "the CRS of column g is unknown"),
        ({"encoding": "WKB", "crs": {"type": "nonsense"}}, "the CRS of column g"),
        ({"encoding": "point"}, "encoded as point"),
    ],
)
def test_a_crs_is_never_guessed(
    tmp_path: Path, column: dict[str, object], reason: str
) -> None:
    write_geo(tmp_path / "a.parquet", column)
    with pytest.raises(SourceUnreadable, match=reason):
        geometry_columns(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", None, "no such file"),
        ("a.csv", b"", "empty"),
        ("a.parquet", b"PAR1 and no more", "."),
        ("a.json", b'[{"a": 1}, {"a":', "JSON"),
        ("a.ndjson", b'{"a": 1}\n{"a":', "JSON"),
        ("a.shp", b"x", r"must end in one of \.csv"),
    ],
)
def test_a_bad_file_is_named(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    name: str,
    content: bytes | None,
    reason: str,
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match=reason) as caught:
        read_source(connection, path)
    assert caught.value.path == path
