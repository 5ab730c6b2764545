"""Outputs in the lake layout: the quads of N-Quads, for whoever reads Parquet."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from engines.errors import SourceUnreadable
from engines.lake import LAYOUT, SUCCESS, read_lake
from geotriples.errors import OutputError
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES
from tests.geotriples.spark_cases import strings

GRAPHS = f"""{PREFIXES}
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
ex:rows rml:logicalSource [ rml:source [ a rml:FilePath ; rml:path "d.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "{{id}}" ; rml:termType rml:BlankNode ;
    rml:graphMap [ rml:template "http://x.org/g{{g}}" ] ] ;
  rml:predicateObjectMap [ rml:predicateMap [ rml:template "http://x.org/p{{g}}" ] ;
    rml:objectMap [ rml:reference "v" ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:says ;
    rml:objectMap [ rml:reference "v" ; rml:languageMap [ rml:reference "l" ] ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:next ;
    rml:objectMap [ rml:template "{{v}}" ; rml:termType rml:BlankNode ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:count ; rml:graph rml:defaultGraph ;
    rml:objectMap [ rml:reference "id" ; rml:datatype xsd:integer ] ] .
"""


def _graphs(folder: Path) -> Path:
    rows = "1,a,x,en\n2,b,y,de-AT\n3,a,,en\n2,b,y,de-AT\n"
    (folder / "d.csv").write_text(f"id,g,v,l\n{rows}", encoding="utf-8")
    (folder / "m.ttl").write_text(GRAPHS, encoding="utf-8")
    return folder / "m.ttl"


def _canonical(quads: Iterator[ox.Quad]) -> set[str]:
    found = ox.Dataset(quads)
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in found}


def _quads_of(path: Path) -> set[str]:
    return _canonical(ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS))


def _node(text: str) -> ox.NamedNode | ox.BlankNode:
    label = text.removeprefix("_:")
    return ox.NamedNode(text) if label == text else ox.BlankNode(label)


def _object(row: dict[str, str]) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    match row["object_kind"]:
        case "iri":
            return ox.NamedNode(row["object"])
        case "blank":
            return ox.BlankNode(row["object"])
        case _ if row["language"]:
            return ox.Literal(row["object"], language=row["language"])
        case _:
            return ox.Literal(row["object"], datatype=ox.NamedNode(row["datatype"]))


def by_duckdb(lake: Path) -> set[str]:
    """The quads as another reader finds them, by the layout's description."""
    names = ", ".join(LAYOUT.names)
    query = f"SELECT {names} FROM read_parquet('{lake}/*/*.parquet')"  # noqa: S608
    with duckdb.connect() as connection:
        rows = connection.sql(query).to_arrow_table().to_pylist()
    quads = [
        ox.Quad(
            _node(row["subject"]),
            ox.NamedNode(row["predicate"]),
            _object(row),
            _node(row["graph"]) if row["graph"] else ox.DefaultGraph(),
        )
        for row in rows
    ]
    assert len(set(quads)) == len(quads)
    return _canonical(iter(quads))


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("case", [strings, _graphs])
def test_a_lake_holds_the_quads_of_the_file(tmp_path: Path, case: object) -> None:
    assert callable(case)
    mapping = case(tmp_path)
    report = run(mapping, tmp_path / "o.lake")
    expected = run(mapping, tmp_path / "o.nq")
    assert report.triples == expected.triples
    assert by_duckdb(tmp_path / "o.lake") == _quads_of(tmp_path / "o.nq")


def test_running_again_writes_the_same_bytes(tmp_path: Path) -> None:
    mapping = _graphs(tmp_path)
    lake = tmp_path / "o.lake"
    run(mapping, lake)
    before = _digests(lake)
    assert len(before) == 6
    run(mapping, lake)
    assert _digests(lake) == before
    assert {one.name for one in tmp_path.iterdir()} == {"d.csv", "m.ttl", "o.lake"}


def test_a_run_that_fails_leaves_the_lake_as_it_was(tmp_path: Path) -> None:
    mapping = _graphs(tmp_path)
    lake = tmp_path / "o.lake"
    run(mapping, lake)
    before = _digests(lake)
    with (tmp_path / "d.csv").open("a") as file:
        file.write("1,2\n")
    result = CliRunner().invoke(app, ["map", "run", str(mapping), "-o", str(lake)])
    assert result.exit_code == 1
    assert _digests(lake) == before
    assert {one.name for one in tmp_path.iterdir()} == {"d.csv", "m.ttl", "o.lake"}


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    mapping = _graphs(tmp_path)
    (tmp_path / "o.lake").mkdir()
    (tmp_path / "o.lake" / "mine").touch()
    with pytest.raises(OutputError, match="no lake that a run has completed"):
        run(mapping, tmp_path / "o.lake")
    with pytest.raises(OutputError, match="folder that does not exist"):
        run(mapping, tmp_path / "none" / "o.lake")


def test_a_store_reads_a_lake_as_it_reads_the_file(tmp_path: Path) -> None:
    mapping = _graphs(tmp_path)
    run(mapping, tmp_path / "o.lake")
    run(mapping, tmp_path / "o.nq")
    found = {}
    for kind in ("lake", "nq"):
        store, dump = str(tmp_path / f"{kind}.store"), tmp_path / f"{kind}.dump.nq"
        for command in (
            ["load", str(tmp_path / f"o.{kind}"), "--location", store, "--quiet"],
            ["dump", str(dump), "--location", store, "--quiet"],
        ):
            result = CliRunner().invoke(app, command)
            assert result.exit_code == 0, result.output
        found[kind] = _quads_of(dump)
    assert found["lake"] == found["nq"] == _quads_of(tmp_path / "o.nq")


def test_what_is_no_lake_is_told(tmp_path: Path) -> None:
    lake = tmp_path / "o.lake"
    (lake / "predicate_key=p").mkdir(parents=True)
    with pytest.raises(SourceUnreadable, match="is no lake, or not complete"):
        list(read_lake(lake))
    (lake / SUCCESS).touch()
    pq.write_table(pa.table({"a": [1]}), lake / "predicate_key=p" / "x.parquet")
    with pytest.raises(SourceUnreadable, match="is not of the lake layout"):
        list(read_lake(lake))
    store = tmp_path / "store"
    command = ["load", str(lake), "x.nq", "--location", str(store)]
    other = CliRunner().invoke(app, command)
    assert other.exit_code == 2
    assert "load it by itself" in " ".join(other.output.split())
    assert not store.exists()
