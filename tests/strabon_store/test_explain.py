"""What a query became, what was expected of it, and what it took."""

import json
from collections.abc import Iterator

import pytest

from strabon_store.errors import QuerySyntaxError, QueryTimeout
from strabon_store.explaining import ExplainedNode, Explanation
from strabon_store.store import Store

JOIN = "SELECT ?a ?v { ?a <urn:next> ?b . ?b <urn:value> ?v FILTER (?v >= 90) }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("explain")
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    lines = (
        f"<urn:s{i}> <urn:next> <urn:s{i + 1}> .\n"
        f'<urn:s{i}> <urn:value> "{i}"^^{integer} .\n'
        for i in range(100)
    )
    (folder / "data.nt").write_text("".join(lines))
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.nt"])
        yield opened


def walk(node: ExplainedNode) -> Iterator[ExplainedNode]:
    yield node
    for source in node.sources:
        yield from walk(source)


def test_nothing_is_run_unless_asked(store: Store) -> None:
    found = store.explain(JOIN)
    assert "bgp" in found.algebra
    assert "SELECT" in found.sql
    assert found.tables
    assert {"parse", "translate", "passes", "lower", "generate"} == set(found.seconds)
    for tree in (found.nodes, found.operators):
        assert any(node.estimated_rows is not None for node in walk(tree))
        assert all(node.rows is None for node in walk(tree))


def test_an_analyzed_query_tells_rows_and_time_of_each_node(store: Store) -> None:
    found = store.explain(JOIN, analyze=True)
    assert found.rows == 10 == found.nodes.rows == found.operators.rows
    assert all(node.rows is not None for node in walk(found.nodes))
    assert all((node.seconds or 0) > 0 for node in walk(found.nodes))
    assert all(node.seconds is not None for node in walk(found.operators))
    assert {"execute", "decode"} <= set(found.seconds)
    assert store.queries() == ()


def test_the_trees_name_what_is_read(store: Store) -> None:
    found = store.explain("SELECT * { <urn:s1> <urn:next> ?b }", analyze=True)
    table = found.tables[0].split()[0]
    assert any(table in node.label for node in walk(found.operators))
    assert any(node.label.startswith("Scan") for node in walk(found.nodes))


def test_an_explanation_is_text_and_json(store: Store) -> None:
    found = store.explain(JOIN, analyze=True)
    text = str(found)
    for word in ("-- algebra", "-- operators", "estimated", "rows 10", " ms"):
        assert word in text
    document = json.loads(json.dumps(found.as_json()))
    assert document["nodes"]["rows"] == 10
    assert document["operators"]["sources"]


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?s ?p ?o }",
        "CONSTRUCT { ?o <urn:p> ?s } { ?s ?p ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s <urn:next>+ ?o }",
        "SELECT * { { ?s ?p ?o } UNION { VALUES ?s { <urn:x> } } }",
        "SELECT * {}",
        "SELECT DISTINCT ?o { ?s ?p ?o } ORDER BY ?o LIMIT 3",
    ],
)
def test_every_form_of_query_is_explained(store: Store, text: str) -> None:
    found = store.explain(text, analyze=True)
    assert isinstance(found, Explanation)
    assert found.rows is not None


def test_what_cannot_be_explained_says_why(store: Store) -> None:
    with pytest.raises(QuerySyntaxError):
        store.explain("SELECT")
    cross = " . ".join(f"?a{i} ?p{i} ?b{i}" for i in range(8))
    with pytest.raises(QueryTimeout):
        store.explain(f"SELECT * {{ {cross} }}", 0.5, analyze=True)
