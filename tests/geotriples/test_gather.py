"""Lists and containers of mappings, beyond what the suite asks for."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidData, InvalidMapping
from geotriples.run_local import run
from tests.geotriples.rml import triples_map

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
LISTS = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
JSON = 'rml:JSONPath ; rml:iterator "$[*]"'
A_BAG = 'rml:gather ( [ rml:reference "$.a" ] ) ; rml:gatherAs rdf:Bag'
SUBJECT = '[ rml:template "http://x.org/{$.id}" ]'


def _store(folder: Path, data: str, mapping: str, **options: object) -> ox.Store:
    (folder / "d.json").write_text(data)
    (folder / "m.ttl").write_text(LISTS + mapping)
    run(folder / "m.ttl", folder / "o.nq", **options)  # type: ignore[arg-type]
    store = ox.Store()
    store.load(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
    return store


def _one(store: ox.Store, subject: ox.NamedNode | ox.BlankNode, local: str) -> Term:
    """The only object, so a cell with two rests is found."""
    [quad] = store.quads_for_pattern(subject, ox.NamedNode(RDF + local), None, None)
    return quad.object


def _members(store: ox.Store, head: Term) -> list[str]:
    found = []
    while head != ox.NamedNode(RDF + "nil"):
        assert isinstance(head, ox.NamedNode | ox.BlankNode)
        first = _one(store, head, "first")
        assert not isinstance(first, ox.Triple)
        found.append(first.value)
        head = _one(store, head, "rest")
    return found


def _objects(store: ox.Store, predicate: str) -> list[Term]:
    node = ox.NamedNode(f"http://example.com/{predicate}")
    return [one.object for one in store.quads_for_pattern(None, node, None, None)]


def test_a_named_list_grows_across_rows_in_their_order(tmp_path: Path) -> None:
    order = [i * 7_919 % 30_011 for i in range(30_000)]
    (tmp_path / "d.csv").write_text("v\n" + "\n".join(map(str, order)))
    gather = (
        "[ rml:constant <http://x.org/list> ; rml:gatherAs rdf:List ; "
        'rml:gather ( [ rml:reference "v" ] ) ]'
    )
    mapping = triples_map("d.csv", "[ rml:constant ex:s ]", gather)
    store = _store(tmp_path, "[]", mapping)
    [head] = _objects(store, "p0")
    assert _members(store, head) == [str(one) for one in order]


def test_members_may_be_of_several_kinds(tmp_path: Path) -> None:
    gather = (
        '[ rml:gatherAs rdf:List ; rml:gather ( [ rml:reference "$.a" ] '
        '[ rml:template "http://y.org/{$.a}" ] [ rml:constant "b"@en ] '
        '[ rml:gatherAs rdf:Seq ; rml:gather ( [ rml:reference "$.none[*]" ] ) ] ) ]'
    )
    mapping = triples_map("d.json", SUBJECT, gather, formulation=JSON)
    data = '[{"id": 1, "a": 2}, {"none": [1]}]'
    store = _store(tmp_path, data, mapping)
    [head] = _objects(store, "p0")
    assert _members(store, head) == ["2", "http://y.org/2", "b"]


def test_a_product_takes_every_combination(tmp_path: Path) -> None:
    gather = (
        "[ rml:gatherAs rdf:List ; rml:strategy rml:cartesianProduct ; rml:gather "
        '( [ rml:reference "$.a[*]" ] [ rml:reference "$.b[*]" ] ) ]'
    )
    mapping = triples_map("d.json", SUBJECT, gather, formulation=JSON)
    data = '[{"id": 1, "a": [1, 1], "b": [3, 4]}, {"id": 2, "a": [1], "b": []}]'
    store = _store(tmp_path, data, mapping)
    found = sorted(_members(store, head) for head in _objects(store, "p0"))
    assert found == [["1", "3"], ["1", "3"], ["1", "4"], ["1", "4"]]


def test_a_member_that_is_no_term_is_told(tmp_path: Path) -> None:
    gather = (
        "[ rml:gatherAs rdf:Bag ; rml:gather "
        '( [ rml:reference "$.a[*]" ; rml:termType rml:UnsafeIRI ] ) ]'
    )
    mapping = triples_map("d.json", SUBJECT, gather, formulation=JSON)
    data = '[{"id": 1, "a": ["http://y.org/", "no iri <>"]}]'
    with pytest.raises(
        InvalidData, match=r"gather 1: .*no iri <>.*not an absolute IRI"
    ):
        _store(tmp_path, data, mapping)
    store = _store(tmp_path, data, mapping, on_invalid="reject")
    [bag] = _objects(store, "p0")
    assert isinstance(bag, ox.BlankNode)
    assert _one(store, bag, "_1") == ox.NamedNode("http://y.org/")


@pytest.mark.parametrize(
    ("gather", "message"),
    [
        ("[ rml:gather ( ) ; rml:gatherAs rdf:List ]", "gathers nothing"),
        ('[ rml:gather ( [ rml:reference "$.a" ] ) ]', "exactly one rml:gatherAs"),
        (
            '[ rml:gather ( [ rml:reference "$.a" ] ) ; rml:gatherAs rdf:Statement ]',
            "cannot gather as",
        ),
        (
            f"[ {A_BAG} ; rml:termType rml:Literal ]",
            "cannot be a literal",
        ),
        (
            '[ rml:gather ( [ rml:reference "$[" ] ) ; rml:gatherAs rdf:Bag ]',
            r"gather 1: '\$\[' is not JSONPath",
        ),
    ],
)
def test_a_gather_map_that_makes_no_sense_is_a_problem(
    tmp_path: Path, gather: str, message: str
) -> None:
    mapping = triples_map("d.json", SUBJECT, gather, formulation=JSON)
    with pytest.raises(InvalidMapping, match=message):
        _store(tmp_path, "[]", mapping)
