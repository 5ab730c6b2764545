"""A mapping into a store says what the same mapping says as text."""

from functools import partial
from pathlib import Path

import pyoxigraph as ox
import pytest

from api.mapping import map_into
from geotriples import run_local
from geotriples.errors import InvalidData
from strabon_store.store import Store
from tests.geotriples.rml import PREFIXES

MAPPING = f"""{PREFIXES}
ex:source rml:source [ a rml:RelativePathSource ; rml:path "data.csv" ] ;
    rml:referenceFormulation rml:CSV .
ex:map rml:logicalSource ex:source ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ; rml:class ex:Thing ;
    rml:graphMap [ rml:template "http://x.org/g/{{g}}" ] , [ rml:constant
    rml:defaultGraph ] ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:text ; rml:objectMap [ rml:reference "v" ] ] ,
    [ rml:predicate ex:number ;
      rml:objectMap [ rml:reference "id" ; rml:datatype xsd:integer ] ] ,
    [ rml:predicate ex:tagged ; rml:objectMap [ rml:reference "v" ;
      rml:languageMap [ rml:reference "lang" ] ] ] ,
    [ rml:predicate ex:typed ; rml:objectMap [ rml:reference "v" ;
      rml:datatypeMap [ rml:template "http://x.org/type/{{g}}" ] ] ] ,
    [ rml:predicate ex:wkt ; rml:objectMap [ rml:reference "wkt" ;
      rml:datatype geo:wktLiteral ] ] ,
    [ rml:predicate ex:same ; rml:objectMap [ rml:template "http://x.org/{{g}}" ] ] ,
    [ rml:predicate ex:other ; rml:objectMap [ rml:parentTriplesMap ex:parent ;
      rml:joinCondition [ rml:child "g" ; rml:parent "id" ] ] ] .
ex:parent rml:logicalSource ex:source ;
  rml:subjectMap [ rml:template "http://x.org/parent/{{id}}" ] .
"""
BLANK = """
ex:blank rml:logicalSource ex:source ;
  rml:subjectMap [ rml:reference "g" ; rml:termType rml:BlankNode ] ;
  rml:predicateObjectMap
    [ rml:predicate ex:v ; rml:objectMap [ rml:reference "v" ] ] .
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        f'{i},"say ""{i % 7}""\\n\ttab ü",{i % 3},{"EN-gb" if i % 2 else "de"},'
        f"POINT({i % 90} {i % 45})"
        for i in range(500)
    ]
    (tmp_path / "data.csv").write_text("\n".join(["id,v,g,lang,wkt", *rows]), "utf-8")
    (tmp_path / "m.ttl").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def _dumped(location: Path, to: Path) -> ox.Dataset:
    with Store.open(location, read_only=True) as store:
        store.dump(to)
    return _canonical(to)


def _canonical(path: Path) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@pytest.mark.parametrize("blank", ["", BLANK])
def test_a_store_that_is_filled_says_what_the_text_says(
    folder: Path, blank: str
) -> None:
    (folder / "m.ttl").write_text(MAPPING + blank, encoding="utf-8")
    run = partial(run_local.run, folder / "m.ttl")
    text = run(folder / "text.nq")
    report = map_into(folder / "store", partial(run, None))
    assert report.load.triples_total == text.triples
    assert report.run.rows == text.rows == 500
    assert _dumped(folder / "store", folder / "dump.nq") == _canonical(
        folder / "text.nq"
    )
    with Store.open(folder / "store") as store:
        assert store.verify().problems == ()


def test_a_second_run_changes_nothing(folder: Path) -> None:
    (folder / "m.ttl").write_text(MAPPING + BLANK, encoding="utf-8")
    run = partial(run_local.run, folder / "m.ttl", None)
    first = map_into(folder / "store", run)
    again = map_into(folder / "store", run)
    assert first.load.triples_added == first.load.triples_total
    assert again.load.triples_added == 0
    assert again.load.triples_total == first.load.triples_total


def test_a_run_that_fails_leaves_the_store_as_it_was(folder: Path) -> None:
    run = partial(run_local.run, folder / "m.ttl", None)
    before = map_into(folder / "store", run).load.triples_total
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("\n500,new,1,no tag,POINT(1 1)\n")
    with pytest.raises(InvalidData, match="not a language tag"):
        map_into(folder / "store", run)
    with Store.open(folder / "store", read_only=True) as store:
        assert store.statistics().triples == before
    with pytest.raises(InvalidData):
        map_into(folder / "other", run)
    assert not (folder / "other").exists()
