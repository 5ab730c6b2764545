"""Spark gives what the local engine gives, however the work is split.

One session serves all tests: it takes longer to start than most of them.
"""

import gc
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
from sqlglot import exp

from engines.errors import SparkFailed
from engines.lake import LAYOUT
from engines.spark.jobs import watched
from engines.spark.session import SparkSettings, spark_session
from engines.spark.tables import table
from geotriples import run_local, run_spark
from geotriples.errors import (
    FunctionFailure,
    InvalidData,
    InvalidMapping,
    MappingError,
    OutputError,
    SourceError,
)
from geotriples.mapping.grammar import ABSOLUTE_IRI
from geotriples.spark.parts import PartFormat
from geotriples.spark.spelling import function_definitions
from geotriples.spark.tasks import LocalEngine
from tests.conformance.rml_suite import BASE, read_suite
from tests.geotriples.rml import quads, triples_map
from tests.geotriples.spark_cases import (
    CASES,
    NASTY,
    graphs,
    joins,
    json_values,
    natural_types,
    polar_polygons,
    rows_of_their_own,
    strings,
    write_csv,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from geotriples.reports import RunReport

# pyspark leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SUITE = read_suite("rml-core")


@pytest.fixture(scope="module", autouse=True)
def session() -> "Iterator[SparkSession]":
    # What is compiled only once is not worth a good compiler.
    java = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}
    with spark_session(SparkSettings("local[2]", heap_gib=2, conf=java)) as session:
        yield session
    gc.collect()


def _both(mapping: Path, partitions: int) -> tuple[bytes, bytes]:
    local, spark = (mapping.with_name(f"{name}.nq") for name in ("local", "spark"))
    expected = run_local.run(mapping, local)
    report = run_spark.run(mapping, spark, partitions=partitions)
    assert (report.triples, report.rows) == (expected.triples, expected.rows)
    assert (report.sha256, report.rejected) == (expected.sha256, 0)
    return local.read_bytes(), spark.read_bytes()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_spark_writes_what_the_local_engine_writes(
    tmp_path: Path, case: Callable[[Path], Path]
) -> None:
    expected, found = _both(case(tmp_path), 3)
    assert expected
    assert found == expected


@pytest.mark.parametrize("partitions", [1, 8])
@pytest.mark.parametrize(
    "case",
    [natural_types, strings, rows_of_their_own],
    ids=lambda case: case.__name__,
)
def test_the_number_of_partitions_changes_nothing(
    tmp_path: Path, case: Callable[[Path], Path], partitions: int
) -> None:
    """Fault c of GeoTriples, whose IRIs were other ones each time."""
    expected, found = _both(case(tmp_path), partitions)
    assert found == expected


@pytest.mark.parametrize("case", SUITE.cases)
def test_rml_core_on_spark(case: str, suites: Path, tmp_path: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    row = SUITE.cases[case]
    mapping = SUITE.folder / case / row["mapping"]
    base = row.get("base_iri", BASE)
    outputs = tmp_path / "local.nq", tmp_path / "spark.nq"
    told = []
    runs: tuple[Callable[..., RunReport], ...] = (run_local.run, run_spark.run)
    for run, output in zip(runs, outputs, strict=True):
        try:
            run(mapping, output, base=base)
            told.append(output.read_bytes())
        except MappingError as error:
            told.append(f"{type(error)}: {error}".encode())
            assert not output.exists()
    assert told[0] == told[1]


def test_a_function_of_sparks_sql_is_the_primitive_of_the_local_engine(
    session: "SparkSession",
) -> None:
    texts = [*NASTY, *map(chr, (*range(1, 256), 0xD7FF, 0xE000, 0x10FFFF)), "x:y", "v1"]
    # An IRI of many escapes: Java's expressions could call themselves for each.
    texts += ["http://x.org/" + "%C3" * 20_000, "http://x.org/%C", "%41:x", "x://h:%31"]
    calls = ["iri_safe(x)", "uri_safe(x)", "absolute(x, 'http://b/')", "escape(x)"]
    calls += ["blank_label(x)"]
    quoted = exp.Literal.string(ABSOLUTE_IRI).sql("duckdb")
    for statement in function_definitions():
        session.sql(statement)
    rows = session.createDataFrame([(one,) for one in [*texts, None]], "x string")
    found = [
        tuple(row) for row in rows.selectExpr(*(f"rdf_{c}" for c in calls)).collect()
    ]
    column = pa.table({"x": pa.array([*texts, None], pa.string())})
    with LocalEngine() as engine:
        engine.connection.register("texts", column)
        there = engine.connection.table("texts")
        expected = there.project(", ".join(f"rdf_{c}" for c in calls)).fetchall()
        judged = there.project(f"regexp_matches(x, {quoted})").fetchall()
    assert found == expected
    iris = rows.selectExpr("rdf_is_absolute_iri(x)").collect()
    assert [tuple(row) for row in iris] == judged


def test_partitions_that_either_engine_finished_are_taken(tmp_path: Path) -> None:
    mapping, output = joins(tmp_path), tmp_path / "o.nq"
    local = run_local.run(mapping, output, resume=True)
    whole = run_spark.run(mapping, output, resume=True)
    kept = sorted((tmp_path / "o.nq.partitions").glob("*.parquet"))
    assert whole.reused == len(kept) > 1
    assert (whole.sha256, whole.rows) == (local.sha256, 0)
    kept[0].unlink()
    again = run_spark.run(mapping, output, resume=True, partitions=3)
    assert (again.sha256, again.reused) == (local.sha256, len(kept) - 1)
    assert run_local.run(mapping, output, resume=True).reused == len(kept)


def test_parts_hold_every_quad_once(tmp_path: Path) -> None:
    mapping = graphs(tmp_path)
    run_local.run(mapping, tmp_path / "local.nq")
    for _ in range(2):
        report = run_spark.run(mapping, tmp_path / "parts", partitions=3)
        assert (tmp_path / "parts" / "_SUCCESS").is_file()
        files = sorted((tmp_path / "parts").glob("part-*.nq"))
        lines = [line for file in files for line in file.read_text().splitlines()]
        assert len(lines) == report.triples
        assert sorted(lines) == (tmp_path / "local.nq").read_text().splitlines()
    assert len(list((tmp_path / "parts").iterdir())) == len(files) + 1


def test_parts_can_be_tables_or_compressed(tmp_path: Path) -> None:
    mapping = json_values(tmp_path)
    run_local.run(mapping, tmp_path / "local.nq")
    expected = (tmp_path / "local.nq").read_text().splitlines()
    for kind in (PartFormat.PARQUET, PartFormat.N_QUADS_ZSTD):
        run_spark.run(mapping, tmp_path / kind.name, part_format=kind)
    names = sorted((tmp_path / "PARQUET").glob("part-*.parquet"))
    tables = [pq.read_table(name).column("line").to_pylist() for name in names]
    assert sorted(chain.from_iterable(tables)) == expected
    lines: list[str] = []
    for name in (tmp_path / "N_QUADS_ZSTD").glob("part-*.nq.zst"):
        with pa.input_stream(str(name), compression="zstd") as stream:
            lines += stream.read().decode().splitlines()
    assert sorted(lines) == expected


def test_a_lake_holds_what_the_local_engine_puts_there(tmp_path: Path) -> None:
    mapping = strings(tmp_path)
    for engine, name in ((run_local.run, "local.lake"), (run_spark.run, "a b.lake")):
        engine(mapping, tmp_path / name)
    names = ", ".join(LAYOUT.names)
    with duckdb.connect() as connection:
        local, spark = (
            set(
                connection.sql(
                    f"SELECT {names}, predicate_key "  # noqa: S608 - a path of the test
                    f"FROM read_parquet('{tmp_path}/{name}/*/*.parquet')"
                ).fetchall()
            )
            for name in ("local.lake", "a b.lake")
        )
    assert local == spark
    assert (tmp_path / "a b.lake" / "_SUCCESS").exists()


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    mapping = graphs(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        run_spark.run(mapping, tmp_path / "mine")
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_turtle_holds_the_same_triples(tmp_path: Path) -> None:
    mapping = json_values(tmp_path)
    run_local.run(mapping, tmp_path / "local.nq")
    run_spark.run(mapping, tmp_path / "spark.ttl", partitions=2)
    turtle = ox.parse(path=tmp_path / "spark.ttl", format=ox.RdfFormat.TURTLE)
    assert {str(one) for one in turtle} == quads(tmp_path / "local.nq")


def test_values_that_make_no_term_are_told_as_by_the_local_engine(
    tmp_path: Path,
) -> None:
    rows = [[str(i), f"x{i % 2 * ' '}:{i}"] for i in range(300)]
    write_csv(tmp_path / "d.csv", ["id", "v"], rows)
    mapping = tmp_path / "m.ttl"
    iri = '[ rml:reference "v" ; rml:termType rml:UnsafeIRI ]'
    mapping.write_text(triples_map("d.csv", '[ rml:template "{id}" ]', iri))
    messages = []
    for engine in (run_local, run_spark):
        with pytest.raises(InvalidData) as caught:
            engine.run(mapping, tmp_path / "o.nq")
        messages.append(str(caught.value))
        assert not (tmp_path / "o.nq").exists()
    with pytest.raises(InvalidData) as caught:
        run_spark.run(mapping, tmp_path / "o.nq", resume=True)
    assert messages == [str(caught.value)] * 2
    report = run_spark.run(mapping, tmp_path / "o.nq", on_invalid="reject")
    assert (report.triples, report.rejected) == (150, 150)


def test_an_error_in_a_task_arrives_as_what_it_is(tmp_path: Path) -> None:
    mapping = polar_polygons(tmp_path)
    text = mapping.read_text().replace("EPSG/0/3995", "EPSG/0/999999")
    mapping.write_text(text)
    with pytest.raises(FunctionFailure, match="999999") as caught:
        run_spark.run(mapping, tmp_path / "o.nq", partitions=2)
    assert caught.value.function.endswith("/transform")
    assert not (tmp_path / "o.nq").exists()


def test_a_source_that_breaks_in_the_middle_is_named(tmp_path: Path) -> None:
    mapping = strings(tmp_path)
    rows = "".join(f'"{i}","v"\n' for i in range(200_000))
    (tmp_path / "d.csv").write_text(f'"id","v"\n{rows}1,2,3\n')
    with pytest.raises(SourceError) as caught:
        run_spark.run(mapping, tmp_path / "parts", partitions=2)
    assert str(caught.value.path).endswith("d.csv")
    assert "Row #200002" in caught.value.reason
    assert not list((tmp_path / "parts").glob("*part*"))


def test_a_mapping_with_problems_starts_no_job(tmp_path: Path) -> None:
    mapping = graphs(tmp_path)
    mapping.write_text(mapping.read_text().replace("{g}", "{missing}"))
    with pytest.raises(InvalidMapping, match="missing"):
        run_spark.run(mapping, tmp_path / "o.nq")


def test_progress_is_told_and_can_end_a_run(
    tmp_path: Path, session: "SparkSession"
) -> None:
    told: list[tuple[str, float]] = []
    run_spark.run(
        graphs(tmp_path), tmp_path / "o.nq", progress=lambda *one: told.append(one)
    )
    assert told[-1] == ("map", 1.0)

    def stop(stage: str, fraction: float) -> None:
        raise KeyboardInterrupt(stage, fraction)

    slow = table(session, pa.schema([("n", pa.int64())]), (1, 2), _forever)
    with pytest.raises(KeyboardInterrupt), watched(session, "slow", stop):
        slow.count()


def _forever(_: int) -> Iterator[pa.RecordBatch]:
    import time  # noqa: PLC0415 - in a task

    while True:
        time.sleep(0.05)
        yield pa.record_batch({"n": pa.array([1], pa.int64())})


def test_what_spark_itself_cannot_do_says_why(session: "SparkSession") -> None:
    with pytest.raises(SparkFailed, match="DIVIDE_BY_ZERO"), watched(session, "x"):
        session.sql("SELECT 1 / id FROM range(3)").collect()
