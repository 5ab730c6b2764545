"""What a run writes: formats, compressions, several files at once, and quarantine."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidData, InvalidMapping, OutputError
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES, quads

GRAPHS = f"""{PREFIXES}
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "data.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ;
    rml:graphMap [ rml:template "http://x.org/g/{{g}}" ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:v ;
    rml:objectMap [ rml:reference "v" ; rml:language "en" ] ] ,
    [ rml:predicate ex:b ;
      rml:objectMap [ rml:template "{{id}}" ; rml:termType rml:BlankNode ] ] .
"""
FORMATS = {
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".n3": ox.RdfFormat.N3,
}
UNPACK: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: pa.input_stream(pa.py_buffer(data), "zstd").read(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [f'{i},"say ""{i}"", ü",{i % 3}' for i in range(50)]
    text = "\n".join(["id,v,g", *rows, *rows[:5]])
    (tmp_path / "data.csv").write_text(text, encoding="utf-8")
    (tmp_path / "graphs.ttl").write_text(GRAPHS, encoding="utf-8")
    triples = GRAPHS.replace('rml:graphMap [ rml:template "http://x.org/g/{g}" ]', "")
    (tmp_path / "triples.ttl").write_text(triples, encoding="utf-8")
    return tmp_path


def _dataset(data: bytes, rdf_format: ox.RdfFormat) -> set[str]:
    return {str(one) for one in ox.parse(data, rdf_format)}


@pytest.mark.parametrize("packed", UNPACK)
@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_and_compression_says_the_same(
    folder: Path, ending: str, packed: str
) -> None:
    has_graphs = FORMATS[ending].supports_datasets
    mapping = folder / ("graphs.ttl" if has_graphs else "triples.ttl")
    run(mapping, folder / "plain.nq")
    report = run(mapping, folder / f"out{ending}{packed}")
    data = (folder / f"out{ending}{packed}").read_bytes()
    found = _dataset(UNPACK[packed](data), FORMATS[ending])
    assert found == quads(folder / "plain.nq")
    assert report.triples == len(found) == 100
    run(mapping, folder / f"again{ending}{packed}")
    assert (folder / f"again{ending}{packed}").read_bytes() == data


def test_rdf_json_is_what_the_note_says(folder: Path) -> None:
    run(folder / "triples.ttl", folder / "out.rj")
    document = json.loads((folder / "out.rj").read_bytes())
    assert document["http://x.org/7"] == {
        "http://example.com/v": [
            {"type": "literal", "value": 'say "7", ü', "lang": "en"}
        ],
        "http://example.com/b": [{"type": "bnode", "value": "_:v7"}],
    }


@pytest.mark.parametrize("ending", [".nt", ".ttl", ".rdf", ".rj"])
def test_a_format_without_graphs_is_refused_before_anything_is_read(
    folder: Path, ending: str
) -> None:
    with pytest.raises(OutputError, match="cannot hold named graphs"):
        run(folder / "graphs.ttl", folder / f"out{ending}")
    assert not (folder / f"out{ending}").exists()


def test_a_graph_stands_together_in_trig(folder: Path) -> None:
    run(folder / "graphs.ttl", folder / "out.trig")
    text = (folder / "out.trig").read_text("utf-8")
    assert text.count("<http://x.org/g/1>") == 1


INVALID = f"""{PREFIXES}
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "data.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:v ;
    rml:objectMap [ rml:reference "v" ; rml:languageMap [ rml:reference "g" ] ] ] .
"""


def test_what_fails_goes_to_quarantine_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [f"{i},text,{'en' if i % 10 else 'not a tag'}" for i in range(2000)]
    (tmp_path / "data.csv").write_text("\n".join(["id,v,g", *rows]), encoding="utf-8")
    (tmp_path / "m.ttl").write_text(INVALID, encoding="utf-8")
    quarantine = tmp_path / "bad.ndjson"
    report = run(tmp_path / "m.ttl", tmp_path / "o.nq", quarantine=quarantine)
    lines = [json.loads(one) for one in quarantine.read_text("utf-8").splitlines()]
    assert report.triples == 1800
    assert report.rejected == len(lines) == 200
    assert len(report.examples) == 100
    assert sorted(one["row"] for one in lines) == list(range(1, 2001, 10))
    assert lines[0]["source"] == "data.csv"
    assert lines[0]["value"] == "not a tag"
    assert lines[0]["reason"] == "not a language tag"
    assert lines[0]["node"].startswith("<http://example.com/map>")


def test_without_quarantine_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("id,v,g\n1,x,no tag\n", encoding="utf-8")
    (tmp_path / "m.ttl").write_text(INVALID, encoding="utf-8")
    with pytest.raises(InvalidData, match=r"data\.csv row 1, .*: 'no tag' is not a"):
        run(tmp_path / "m.ttl", tmp_path / "o.nq")
    assert {one.name for one in tmp_path.iterdir()} == {"data.csv", "m.ttl"}


TARGETS = f"""{PREFIXES}
@prefix formats: <http://www.w3.org/ns/formats/> .
ex:map rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "data.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ;
    rml:logicalTarget [ TARGET ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:v ;
    rml:objectMap [ rml:reference "v" ] ] .
"""


def _with_target(folder: Path, target: str, data: str = "id,v\n1,x\n") -> Path:
    (folder / "data.csv").write_text(data, encoding="utf-8")
    path = folder / "m.ttl"
    path.write_text(TARGETS.replace("TARGET", target), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ('rml:target [ rml:path "../o.nq" ]', "leads out of"),
        ('rml:target [ rml:path "o.nq" ; rml:root ex:elsewhere ]', "rml:root <http"),
        (
            'rml:target [ rml:path "o" ] ; rml:serialization formats:Prolog',
            "unknown rml:serialization",
        ),
        ('rml:target [ rml:path "o" ] ; rml:compression rml:arj', "unknown rml:compr"),
        ('rml:target [ rml:path "o" ] ; rml:encoding rml:UTF-9', "unknown rml:encod"),
        ('rml:target [ rml:path "o" ] ; rml:mode rml:Read', "cannot be written to"),
        (
            'rml:target [ rml:path "o" ] ; rml:mode rml:Append; rml:compression rml:xz',
            "appends, which only",
        ),
        ("rml:serialization formats:Turtle", "needs exactly one rml:target"),
    ],
)
def test_a_target_that_cannot_be_written_is_a_problem_of_the_mapping(
    tmp_path: Path, target: str, message: str
) -> None:
    mapping = _with_target(tmp_path, target)
    with pytest.raises(InvalidMapping, match=message):
        run(mapping, tmp_path / "default.nq")
    assert {one.name for one in tmp_path.iterdir()} == {"data.csv", "m.ttl"}


def test_a_target_that_appends_is_a_set_as_well(tmp_path: Path) -> None:
    target = 'rml:target [ rml:path "all.nq" ] ; rml:mode rml:Append'
    for data in ("id,v\n1,x\n", "id,v\n2,y\n", "id,v\n1,x\n2,y\n"):
        report = run(_with_target(tmp_path, target, data), tmp_path / "default.nq")
    assert len(quads(tmp_path / "all.nq")) == 2
    assert (tmp_path / "all.nq").read_text().count("\n") == 2
    assert [one.quads for one in report.targets] == [0]


def test_where_every_statement_has_a_target_no_output_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = run(_with_target(tmp_path, 'rml:target [ rml:path "o.nq" ]'), None)
    assert [one.path for one in report.targets] == [tmp_path / "o.nq"]
    assert len(quads(tmp_path / "o.nq")) == 1


def test_a_target_cannot_be_the_output(tmp_path: Path) -> None:
    mapping = _with_target(tmp_path, 'rml:target [ rml:path "o.nq" ]')
    with pytest.raises(OutputError, match="and a logical target"):
        run(mapping, tmp_path / "o.nq")


def test_all_files_of_a_run_appear_or_none(tmp_path: Path) -> None:
    target = 'rml:target [ rml:path "o.nq" ] ] , [ rml:target [ rml:path "sub/p.nq" ]'
    mapping = _with_target(tmp_path, target)
    with pytest.raises(OutputError, match="a folder that does not exist"):
        run(mapping, tmp_path / "default.nq")
    assert {one.name for one in tmp_path.iterdir()} == {"data.csv", "m.ttl"}
