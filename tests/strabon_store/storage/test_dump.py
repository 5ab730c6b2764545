"""What was loaded comes out again, in every format, whole or not at all."""

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from strabon_store.algebra.terms import IRI
from strabon_store.errors import DumpFailed
from strabon_store.store import Store

GRAPH = IRI("urn:g")
DATA = r"""
@prefix : <urn:> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :p 1 , 042 , 1.50 , "1.50"^^xsd:decimal , true ,
  "2026-11-27T01:02:03Z"^^xsd:dateTime .
:a :q "say \"hi\"\n\\ é 🜁\t\r" , "is"@da-DK , "x"^^:own , "no number"^^xsd:integer .
_:b :r [ :s () ] .
:g { :a :p 1 . _:b :p :a }
_:h { :a :p "in a blank graph" }
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "data.trig").write_text(DATA, encoding="utf-8")
    with Store.open(tmp_path / "store") as store:
        store.load([tmp_path / "data.trig"])
        yield store


def canonical(quads: Iterator[ox.Quad]) -> ox.Dataset:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def original() -> ox.Dataset:
    return canonical(ox.parse(DATA, ox.RdfFormat.TRIG))


@pytest.mark.parametrize("ending", ["nq", "trig", "jsonld"])
@pytest.mark.parametrize("compressed", ["", ".gz", ".bz2", ".xz"])
def test_a_dump_is_the_dataset(
    store: Store, tmp_path: Path, ending: str, compressed: str
) -> None:
    path = tmp_path / f"dump.{ending}{compressed}"
    report = store.dump(path)
    assert (report.path, report.triples) == (path, 14)
    with _OPENERS[compressed](path, "rb") as stream:
        found = ox.parse(stream.read(), ox.RdfFormat.from_extension(ending))
    assert canonical(found) == original()


_OPENERS: dict[str, Callable[..., Any]] = {
    "": open,
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


def test_a_dump_loads_into_an_equal_store(store: Store, tmp_path: Path) -> None:
    store.dump(tmp_path / "dump.nq")
    with Store.open(tmp_path / "other") as other:
        other.load([tmp_path / "dump.nq"])
        other.dump(tmp_path / "again.nq")
    assert canonical(ox.parse(path=tmp_path / "again.nq")) == original()


@pytest.mark.parametrize("ending", ["nt", "ttl", "rdf"])
def test_a_graph_alone(store: Store, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"dump.{ending}"
    assert store.dump(path, graph=GRAPH).triples == 2
    triples = {str(quad.triple) for quad in ox.parse(path=path)}
    assert len(triples) == 2
    assert (
        str(next(ox.parse("<urn:a> <urn:p> 1 .", ox.RdfFormat.TURTLE)).triple)
        in triples
    )


def test_a_graph_keeps_its_name_where_the_format_has_names(
    store: Store, tmp_path: Path
) -> None:
    store.dump(tmp_path / "dump.nq", graph=GRAPH)
    graphs = {quad.graph_name for quad in ox.parse(path=tmp_path / "dump.nq")}
    assert graphs == {ox.NamedNode("urn:g")}


@pytest.mark.parametrize(
    ("name", "graph", "message"),
    [
        (
            "dump.ttl",
            None,
            r"Turtle has no graphs, .* has 2 named .*--graph",
        ),
        ("dump.doc", None, r"must end in one of \.ttl, .*--format"),
        ("dump.nq", IRI("urn:nowhere"), "no graph <urn:nowhere>"),
        ("dump.nq", IRI("urn:a"), "no graph <urn:a>"),
        ("data.trig/dump.nq", None, "cannot write the dump"),
    ],
)
def test_what_cannot_be_dumped(
    store: Store, tmp_path: Path, name: str, graph: IRI | None, message: str
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DumpFailed, match=message):
        store.dump(tmp_path / name, graph=graph)
    assert sorted(tmp_path.iterdir()) == before


def test_an_old_file_stays_when_a_dump_breaks_off(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "dump.nq"
    path.write_text("old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.dump(path, progress=interrupt)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.glob(".*")] == []


def test_an_empty_store(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        assert store.dump(tmp_path / "dump.ttl").triples == 0
    assert (tmp_path / "dump.ttl").exists()
