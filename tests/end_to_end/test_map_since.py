"""A store follows the sources of a mapping: what changed is changed, and no more."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from engines.term_columns import StatementBatch, TermKind, Terms
from strabon_store.algebra.terms import IRI
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.geotriples.rml import PREFIXES

MAPPING = f"""{PREFIXES}
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
ex:rows rml:logicalSource [ rml:source [ a rml:FilePath ; rml:path "d.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:name ;
    rml:objectMap [ rml:reference "v" ; rml:language "en" ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:node ; rml:graph ex:graph ;
    rml:objectMap [ rml:template "{{v}}" ; rml:termType rml:BlankNode ] ] ;
  rml:predicateObjectMap [ rml:predicate geo:asWKT ;
    rml:objectMap [ rml:template "POINT ({{id}} {{id}})" ; rml:termType rml:Literal ;
      rml:datatype geo:wktLiteral ] ] .
"""


def _call(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.ttl").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "own.nt").write_text("<urn:a> <urn:p> <urn:b> .\n")
    _write(tmp_path, (1, "a"), (2, "b"), (3, "c"))
    return tmp_path


def _write(folder: Path, *rows: tuple[int, str]) -> None:
    lines = "".join(f"{number},{text}\n" for number, text in rows)
    (folder / "d.csv").write_text(f"id,v\n{lines}")


def _run(folder: Path, *more: str, code: int = 0) -> str:
    places = ("--into", str(folder / "store"), "--since", str(folder / "m.lake"))
    options = (*places, "--json", "--quiet", *more)
    return _call("map", "run", str(folder / "m.ttl"), *options, code=code)


def _changes(text: str) -> tuple[int, int]:
    report = json.loads(text)
    return report["deleted"], report["inserted"]


def _dump(folder: Path, store: str) -> set[str]:
    path = folder / f"{store}.nq"
    _call("dump", str(path), "--location", str(folder / store), "--quiet")
    return set(path.read_text().splitlines())


def test_a_store_has_what_a_new_one_would_have(folder: Path) -> None:
    assert _changes(_run(folder)) == (0, 9)
    _call("load", str(folder / "own.nt"), "--location", str(folder / "store"))
    assert _changes(_run(folder)) == (0, 0)
    _write(folder, (1, "a"), (3, "z"), (4, "d"))
    # One row went, one came, one has another name and another node.
    assert _changes(_run(folder)) == (3 + 2, 3 + 2)
    _call("map", "run", str(folder / "m.ttl"), "--into", str(folder / "new"))
    _call("load", str(folder / "own.nt"), "--location", str(folder / "new"))
    assert _dump(folder, "store") == _dump(folder, "new")
    _call("verify", "--location", str(folder / "store"))


def test_a_run_that_fails_changes_neither_store_nor_lake(folder: Path) -> None:
    _run(folder)
    before = _dump(folder, "store")
    lake = {path: path.read_bytes() for path in (folder / "m.lake").glob("*/*")}
    with (folder / "d.csv").open("a") as file:
        file.write("5\n")
    _run(folder, code=1)
    assert _dump(folder, "store") == before
    assert lake == {path: path.read_bytes() for path in (folder / "m.lake").glob("*/*")}


def test_a_patch_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    def iris(*names: str) -> StatementBatch:
        terms = tuple(Terms(TermKind.IRI, f"urn:{one}") for one in names)
        return StatementBatch(1, terms, ((0, 1, 2, None),))

    def broken() -> Iterator[StatementBatch]:
        yield iris("c", "p", "d")
        raise OSError("the disk is gone")

    with Store.open(tmp_path / "store") as store:
        store.load_batches([iris("a", "p", "b")])
        with pytest.raises(OSError, match="the disk is gone"):
            store.apply_patch([iris("a", "p", "b")], broken())
        found = store.query("SELECT ?s ?o { ?s ?p ?o }")
        assert isinstance(found, Solutions)
        assert [row[0] for row in found.rows] == [IRI("urn:a")]


def test_since_of_a_store_is_a_lake(folder: Path) -> None:
    command = ("map", "run", str(folder / "m.ttl"), "--into", str(folder / "store"))
    told = _call(*command, "--since", str(folder / "m.nq"), code=2)
    assert "--since names a .lake" in " ".join(told.split())
