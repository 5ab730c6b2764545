"""`pytheas ml samples`: ice charts to labels, eggs, and maps to charts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from affine import Affine
from pyproj import CRS
from typer.testing import CliRunner, Result

from api.cli.main import app
from ml.maps import Generalization, Grid
from ml.polygons import write_polygons
from ml.rasters import Raster, read_raster, write_cog
from ml.samples.sigrid3.chart import read_chart
from ml.vectorize.polygonize import polygonize
from tests.ml.class_maps import class_map, smooth_classes
from tests.ml.samples.ice_charts import ROWS, write_service_chart


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["ml", "samples", *map(str, arguments)])


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    grid = Grid(Affine(2000, 0, -130_000, 0, -2000, 30_000), CRS("EPSG:3413"), 30, 130)
    array = smooth_classes((30, 130))[None].astype("uint8")
    write_cog(tmp_path / "scene.tif", Raster(array, grid))
    return tmp_path / "scene.tif"


def test_a_chart_becomes_labels(tmp_path: Path, raster: Path) -> None:
    # The second row has a code of no table, the first one too many parts.
    rows = (("I", "60", *ROWS[0][2:]), ("I", "14", *ROWS[1][2:]), *ROWS[2:])
    chart = write_service_chart(tmp_path / "chart.shp", rows)
    output = tmp_path / "out" / "labels.tif"
    refused = _run("chart", chart, "--grid", raster, "-o", output)
    assert refused.exit_code == 1
    assert "row 2, column CT: '14'" in refused.stderr
    assert not output.parent.exists()
    done = _run(
        *("chart", chart, "--grid", raster, "-o", output),
        *("--skip-bad", "--json", "--quiet"),
    )
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert [Path(file).exists() for file in document["files"]] == [True] * 3
    assert [one["row"] for one in document["polygons"]] == [1, 3, 4, 5, 6]
    assert [one["row"] for one in document["refused"]] == [2]
    assert "sum to 9 tenths" in document["contradictions"][0]["reason"]
    labels = read_raster(output)
    assert labels.grid == read_raster(raster).grid
    counted = sum(one["pixels"] for one in document["polygons"])
    with_row = read_raster(Path(document["files"][1])).array_BHW > 0
    assert with_row.sum() == counted > 0


def test_people_read_counts_and_complaints(tmp_path: Path, raster: Path) -> None:
    rows = (("I", "60", *ROWS[0][2:]), ("I", "14", *ROWS[1][2:]), *ROWS[2:])
    chart = write_service_chart(tmp_path / "chart.shp", rows)
    output = tmp_path / "labels.tif"
    done = _run("chart", chart, "--grid", raster, "-o", output, "--skip-bad")
    assert "stage: open water" in done.stdout
    assert "left out: row 2, column CT" in done.stderr
    assert "row 1: the partial concentrations" in done.stderr


def test_an_egg_is_shown_and_drawn(tmp_path: Path) -> None:
    chart = write_service_chart(tmp_path / "chart.shp")
    done = _run("egg", chart, 1, "-o", tmp_path / "egg.svg")
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["9+"],
        ["7", "2"],
        ["7•", "7"],
        ["6", "5"],
    ]
    assert "<ellipse" in (tmp_path / "egg.svg").read_text(encoding="utf-8")
    codes = json.loads(_run("egg", chart, 1, "--json").stdout)["codes"]
    assert (codes["CT"], codes["SA"], codes["FP"]) == ("91", "95", "06")


def test_a_map_becomes_a_chart(tmp_path: Path) -> None:
    polygons = polygonize(class_map(smooth_classes((30, 30), 1)), Generalization())
    iri = "https://w3id.org/pytheas/code/stage/95"
    position = polygons.table.schema.get_field_index("class_iri")
    column = [iri] * len(polygons.table)
    table = polygons.table.set_column(position, "class_iri", [column])
    write_polygons(tmp_path / "map.parquet", replace(polygons, table=table))
    chart = tmp_path / "chart.shp"
    done = _run("sigrid3", tmp_path / "map.parquet", "-o", chart, "--ice-objects")
    assert done.exit_code == 0, done.output
    assert [one.egg.parts[0].stage for one in read_chart(chart).polygons] == ["95"]
    wheat = tmp_path / "wheat.parquet"
    write_polygons(wheat, polygons)
    refused = _run("sigrid3", wheat, "-o", tmp_path / "wheat.shp")
    assert "is no class of ice" in refused.stderr
    assert not (tmp_path / "wheat.shp").exists()


def test_a_data_set_becomes_shards(tmp_path: Path, data: Path) -> None:
    output = tmp_path / "shards"
    done = _run(
        *("shards", "worldcereal-2023", "--data", data, "-o", output),
        *("--shard-mib", 1, "--json", "--quiet"),
    )
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["samples"] == 385
    assert len(document["shards"]) == 3
    assert len(document["classes"]) == 10
    again = _run("verify", output)
    assert again.exit_code == 0
    assert "385 series of 2023_FRA_LPIS_POLY_110 in 3 shards" in again.stdout
    taken = _run("shards", "worldcereal-2023", "--data", data, "-o", output)
    assert taken.exit_code == 1
    assert "not empty" in taken.stderr
    (output / "shard-000000.tar").write_bytes(b"")
    assert "shard-000000.tar: is not what" in _run("verify", output).stderr


def test_a_data_set_that_is_none_is_named(tmp_path: Path) -> None:
    for source, message in (
        ("atlantis", "there is no 'atlantis'"),
        ("central-asia", "name it with --data"),
    ):
        done = _run("shards", source, "-o", tmp_path / "out")
        assert done.exit_code == 1
        assert message in done.stderr
