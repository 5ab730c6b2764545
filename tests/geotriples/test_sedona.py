"""What Sedona reads and says as we do, and what it does not, so that it is not asked.

One session serves all tests.
"""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from engines.spark.session import SparkSettings, spark_session
from geotriples import run_local, run_spark
from geotriples.mapping.model import FileAccess, LogicalSource
from geotriples.sources.parquet import ParquetSource, open_geoparquet
from geotriples.sources.workspace import Workspace
from geotriples.spark import frames
from geotriples.spark.sedona import read_by_sedona
from ontologies.namespaces import PYRML
from tests.geotriples.rml import triples_map
from tests.geotriples.spark_cases import polar_polygons, sea_ice

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# pyspark leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SHAPES = [
    shapely.from_wkt(text)
    for text in (
        *("POINT (-0.1 1e-320)", "POINT EMPTY", "POINT Z (1 2 3)"),
        *("LINESTRING (0 0, 1e-7 1e20)", "LINESTRING Z (0 0 1, 1 1 2)"),
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 3 2, 3 3, 2 3, 2 2))",
        *("POLYGON EMPTY", "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"),
        *("MULTIPOINT ((1 2), EMPTY)", "MULTILINESTRING ((0 0, 1 1))"),
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 9 5, 9 9, 5 5)))",
        "GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POINT (1 2)), POINT EMPTY)",
    )
]


@pytest.fixture(scope="module")
def session() -> "Iterator[SparkSession]":
    java = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}
    with spark_session(SparkSettings("local[2]", heap_gib=1, conf=java)) as session:
        yield session
    gc.collect()


def _source(path: Path) -> ParquetSource:
    access = FileAccess(str(path))
    formulation = PYRML.term("GeoParquet")
    source = LogicalSource("", formulation, access)
    return open_geoparquet(path, source, Workspace())


def _by_sedona(
    session: "SparkSession", path: Path, references: dict[str, str]
) -> "DataFrame | None":
    source = _source(path)
    schema = source.read(references).schema
    return read_by_sedona(session, source, references, schema)


def _write(path: Path, shapes: Sequence[shapely.Geometry | None]) -> None:
    count = len(shapes)
    frame = gpd.GeoDataFrame(
        {
            "id": range(count),
            "a `b`.c": [f"ü {i}\n" if i % 3 else None for i in range(count)],
            "v": [i / 7 for i in range(count)],
            "small": pa.array(range(count), pa.int8()).to_pandas(),
            "at": gpd.pd.Timestamp("2026-01-01"),
        },
        geometry=shapes,
        crs=3413,
    )
    frame.to_parquet(path, row_group_size=4)


def test_sedona_reads_what_our_own_reader_reads(
    session: "SparkSession", tmp_path: Path
) -> None:
    path = tmp_path / "a b.parquet"
    _write(path, [*SHAPES, None])
    references = {"g": "geometry", "i": "id", "s": "a `b`.c", "v": "v", "t": "small"}
    rows = _by_sedona(session, path, references)
    assert rows is not None
    found = sorted(map(tuple, rows.collect()), key=lambda row: row[1])
    table = _source(path).read(references).read_all()
    expected = [tuple(row.values()) for row in table.to_pylist()]
    assert [row[1:] for row in found] == [row[1:] for row in expected]
    made = [None if row[0] is None else bytes(row[0]) for row in found]
    assert [_exact(one) for one in made] == [_exact(row[0]) for row in expected]


def _exact(wkb: bytes | None) -> tuple[str, bool] | None:
    shape = shapely.from_wkb(wkb)
    return None if shape is None else (shape.wkt, shape.has_z)


def test_types_of_geometries_are_those_of_the_local_engine(
    session: "SparkSession", tmp_path: Path
) -> None:
    del session
    _write(tmp_path / "g.parquet", SHAPES)
    kind = (
        "[ rml:termType rml:IRI ; rml:functionExecution [ "
        "rml:function geof:geometryType ; rml:input [ rml:parameter pyrml:geometry ; "
        'rml:inputValueMap [ rml:reference "geometry" ] ] ] ]'
    )
    subject = '[ rml:template "{id}" ]'
    text = triples_map("g.parquet", subject, kind, formulation="pyrml:GeoParquet")
    (tmp_path / "m.ttl").write_text(text, encoding="utf-8")
    run_local.run(tmp_path / "m.ttl", tmp_path / "local.nq")
    run_spark.run(tmp_path / "m.ttl", tmp_path / "spark.nq", partitions=2)
    expected = (tmp_path / "local.nq").read_bytes()
    assert expected.count(b"\n") == len(SHAPES)
    assert (tmp_path / "spark.nq").read_bytes() == expected


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_mapping_of_geoparquet_is_read_by_sedona(
    session: "SparkSession",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    partitions: int,
) -> None:
    del session
    told: list[bool] = []

    def reading(*arguments: object) -> object:
        rows = read_by_sedona(*arguments)  # type: ignore[arg-type]
        told.append(rows is not None)
        return rows

    monkeypatch.setattr(frames, "read_by_sedona", reading)
    mapping = polar_polygons(tmp_path)
    expected = run_local.run(mapping, tmp_path / "local.nq")
    report = run_spark.run(mapping, tmp_path / "spark.nq", partitions=partitions)
    assert told
    assert all(told)
    assert (report.sha256, report.rows) == (expected.sha256, expected.rows)
    if partitions == 1:
        # It has times, which Spark does not read as we do.
        told.clear()
        run_spark.run(sea_ice(tmp_path), tmp_path / "ice.nq")
        assert told
        assert not any(told)


def test_what_may_be_read_otherwise_is_not_read(
    session: "SparkSession", tmp_path: Path
) -> None:
    path = tmp_path / "g.parquet"
    _write(path, SHAPES)
    assert _by_sedona(session, path, {"g": "geometry"}) is not None
    for references in ({"i": "id"}, {"g": "geometry", "t": "at"}):
        assert _by_sedona(session, path, references) is None
    for name in ("_hidden.parquet", "a[1].parquet"):
        path.rename(tmp_path / name)
        assert _by_sedona(session, tmp_path / name, {"g": "geometry"}) is None
        (tmp_path / name).rename(path)
    table = pq.read_table(path)
    geo = table.schema.metadata[b"geo"].replace(b'"Point"', b'"Point M"')
    pq.write_table(table.replace_schema_metadata({b"geo": geo}), path)
    assert _by_sedona(session, path, {"g": "geometry"}) is None


def test_what_sedona_says_otherwise_is_a_reason_not_to_ask_it(
    session: "SparkSession", tmp_path: Path
) -> None:
    """Where one of these fails, Sedona can do more for us: see ADR 21."""
    frame = gpd.GeoDataFrame(
        {"big": [1e15, 0.5], "text": ["", " b"]},
        geometry=gpd.points_from_xy([1, 2], [1, 2]),
        crs=3413,
    )
    frame.to_file(tmp_path / "f.shp")
    rows = session.read.format("shapefile").load(str(tmp_path / "f.shp")).collect()
    assert rows[0]["big"] is None
    assert [row["text"] for row in rows] == ["", " b"]
    text = session.sql("SELECT ST_AsText(ST_Point(1.1400280622065161e-12D, 3e19D))")
    assert text.collect()[0][0] == "POINT (0.00000000000114 30000000000000000000)"
    measured = shapely.to_wkb(shapely.from_wkt("POINT M (1 2 3)")).hex()
    flat = session.sql(f"SELECT ST_AsBinary(ST_GeomFromWKB(unhex('{measured}')))")
    assert not shapely.from_wkb(bytes(flat.collect()[0][0])).has_m
