"""The polygon table as a file: GeoParquet that others read, whole or not there."""

import json
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from engines.duckdb import connect
from ml.errors import UnreadablePolygons
from ml.maps import Generalization
from ml.polygons import SCHEMA, PolygonTable, read_polygons, write_polygons
from ml.vectorize.polygonize import polygonize
from tests.ml.class_maps import POLAR, class_map, smooth_classes


@pytest.fixture(scope="module")
def polygons() -> PolygonTable:
    return polygonize(class_map(smooth_classes((60, 60))), Generalization(0.0, 1.0))


def test_what_is_written_is_read_again(polygons: PolygonTable, tmp_path: Path) -> None:
    path = tmp_path / "polygons.parquet"
    write_polygons(path, polygons)
    restored = read_polygons(path)
    assert restored.table.equals(polygons.table)
    assert restored.crs == POLAR
    assert restored.metadata == {"crs_source": "file"}
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_polygons_give_the_same_bytes(
    polygons: PolygonTable, tmp_path: Path
) -> None:
    for name in ("a.parquet", "b.parquet"):
        write_polygons(tmp_path / name, polygons)
    assert (tmp_path / "a.parquet").read_bytes() == (
        tmp_path / "b.parquet"
    ).read_bytes()


def test_the_file_metadata_is_geoparquet_1_1(
    polygons: PolygonTable, tmp_path: Path
) -> None:
    path = tmp_path / "polygons.parquet"
    write_polygons(path, polygons)
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["Polygon"]
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 3413}
    assert column["bbox"] == list(shapely.total_bounds(polygons.geometries))


def test_geopandas_reads_it(polygons: PolygonTable, tmp_path: Path) -> None:
    path = tmp_path / "polygons.parquet"
    write_polygons(path, polygons)
    frame = geopandas.read_parquet(path)
    assert frame.crs == POLAR
    assert frame.geometry.area.sum() == pytest.approx(3600 * 1600, rel=1e-9)
    assert frame.columns.tolist() == SCHEMA.names


def test_duckdb_reads_it(polygons: PolygonTable, tmp_path: Path) -> None:
    path = tmp_path / "polygons.parquet"
    write_polygons(path, polygons)
    query = "SELECT count(*), sum(ST_Area(geometry)) FROM read_parquet(?)"
    with connect() as connection:
        count, area = connection.execute(query, [str(path)]).fetchall()[0]
    assert count == len(polygons.table)
    assert area == pytest.approx(3600 * 1600, rel=1e-9)


def test_a_table_that_lacks_a_column_is_not_written(
    polygons: PolygonTable, tmp_path: Path
) -> None:
    path = tmp_path / "polygons.parquet"
    write_polygons(path, polygons)
    before = path.read_bytes()
    partial = PolygonTable(polygons.table.drop_columns(["id"]), polygons.crs, {})
    with pytest.raises(ValueError, match="field names"):
        write_polygons(path, partial)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_files_are_refused(tmp_path: Path) -> None:
    text, plain = tmp_path / "text.parquet", tmp_path / "plain.parquet"
    text.write_text("no parquet")
    pq.write_table(pa.table({"id": ["1"]}), plain)
    with pytest.raises(UnreadablePolygons, match="cannot be read as Parquet"):
        read_polygons(text)
    with pytest.raises(UnreadablePolygons, match="lacks the columns geometry, class"):
        read_polygons(plain)
    pq.write_table(SCHEMA.empty_table(), plain)
    with pytest.raises(UnreadablePolygons, match="but no GeoParquet"):
        read_polygons(plain)
