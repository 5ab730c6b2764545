"""A function that there is none of is refused where it stands, and near ones named."""

from collections.abc import Iterator

import pytest

from strabon_store.errors import UnknownFunction
from strabon_store.store import Store

PREFIXES = (
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX strdf: <http://strdf.di.uoa.gr/ontology#>\n"
    "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("functions") / "store") as store:
        yield store


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("geof:nosuch(1)", "there is no function <http://www.opengis.net/def/f"),
        ("geof:sfWithn(?x, ?y)", "did you mean geof:sfWithin?"),
        ("geo:sfWithin(?x, ?y)", "did you mean geof:sfWithin?"),
        ("<urn:sfwithin>(?x, ?y)", "did you mean geof:sfWithin?"),
        ("strdf:beforeX(?x, ?y)", "did you mean strdf:before?"),
        ("xsd:integerX(1)", "did you mean xsd:integer?"),
        ("<urn:f>()", "there is no function <urn:f>"),
        ("geof:distance(?x, ?y)", "geof:distance takes 3 arguments, 2 given"),
        ("geof:asGML(?x, 1, 2)", "geof:asGML takes 1 or 2 arguments, 3 given"),
        ("strdf:before(?x)", "before> takes 2 arguments, 1 given"),
        ("strdf:left(?x)", "left> does not take so many arguments"),
        ("xsd:integer(1, 2)", "integer> takes 1 argument, 2 given"),
        ("xsd:integer(DISTINCT 1)", "there is no aggregate <http://www.w3"),
    ],
)
def test_it_is_named_where_it_stands(store: Store, call: str, said: str) -> None:
    text = f"{PREFIXES}ASK {{ ?s ?x ?y\n  FILTER(?x = 1 || {call}) }}"
    with pytest.raises(UnknownFunction) as caught:
        store.query(text)
    assert str(caught.value).startswith("line 6, column 20: ")
    assert said in str(caught.value)
    assert (caught.value.line, caught.value.column) == (6, 20)


def test_an_update_says_so_too(store: Store) -> None:
    text = f"{PREFIXES}DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o FILTER(geof:no(?o)) }}"
    with pytest.raises(UnknownFunction, match="line 5, column 45: there is no"):
        store.update(text)
