from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import owlrl
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontologies.geosparql.axioms import AXIOMS_FILE
from ontologies.namespaces import GEO, RDF, RDFS, SF
from ontologies.rdfs import AXIOMS, Entailment
from ontologies.vocabulary import vocabulary_file
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.store import Store
from tests.solutions import read_all

Triple: TypeAlias = tuple[str, str, str]

EX: Final = "http://example.org/"
TYPE: Final = RDF.term("type")
PREFIXES: Final = f"PREFIX : <{EX}> PREFIX rdf: <{RDF}> PREFIX rdfs: <{RDFS}>\n"
SCHEMA: Final = (
    f"@prefix : <{EX}> . @prefix rdf: <{RDF}> . @prefix rdfs: <{RDFS}> .\n"
    ":Lead rdfs:subClassOf :Water . :Water rdfs:subClassOf :Surface .\n"
    ":crossedBy rdfs:domain :Lead ; rdfs:range :Ship .\n"
    ":piercedBy rdfs:subPropertyOf :crossedBy .\n"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def _load(store: Store, folder: Path, text: str) -> None:
    path = folder / "data.trig"
    path.write_text(text, "utf-8")
    store.load([path])


def _ask(
    store: Store, text: str, entailment: Entailment | None = Entailment.RDFS
) -> set[str]:
    result = store.query(PREFIXES + text, entailment=entailment)
    assert not isinstance(result, bool)
    rows = [row[0] for row in read_all(result).rows]
    assert len(rows) == len(set(rows))
    return {
        term.value.removeprefix(EX) if isinstance(term, IRI) else str(term)
        for term in rows
    }


def test_what_follows_is_answered_when_it_is_asked_for(
    store: Store, tmp_path: Path
) -> None:
    _load(store, tmp_path, SCHEMA + ":l :piercedBy :Lance .")
    query = "SELECT ?x { ?x a :Surface }"
    assert _ask(store, query) == {"l"}
    assert _ask(store, query, None) == set()
    assert _ask(store, "SELECT ?x { ?x a :Ship }") == {"Lance"}
    assert _ask(store, "SELECT ?p { :l ?p :Lance }") == {"piercedBy", "crossedBy"}


def test_the_closure_follows_the_store(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path, SCHEMA)
    query = "SELECT ?x { ?x a :Surface }"
    assert _ask(store, query) == set()
    _load(store, tmp_path, f"@prefix : <{EX}> . :l a :Lead .")
    assert _ask(store, query) == {"l"}


def test_a_reader_keeps_its_closure_when_the_store_changes(
    store: Store, tmp_path: Path
) -> None:
    _load(store, tmp_path, SCHEMA + ":l a :Lead .")
    query = PREFIXES + "SELECT ?x { ?x a :Surface }"
    early = store.query(query, entailment=Entailment.RDFS)
    assert not isinstance(early, bool)
    _load(store, tmp_path, f"@prefix : <{EX}> . :m a :Lead .")
    assert _ask(store, "SELECT ?x { ?x a :Surface }") == {"l", "m"}
    assert read_all(early).rows == ((IRI(f"{EX}l"),),)


def test_each_graph_has_a_closure_of_its_own(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path, SCHEMA + ":l a :Lead . :g { :m a :Lead }")
    assert _ask(store, "SELECT ?x { ?x a :Water }") == {"l"}
    assert _ask(store, "SELECT ?x { GRAPH :g { ?x a :Water } }") == set()
    known = "SELECT ?g { GRAPH ?g { rdf:type a rdf:Property } }"
    assert _ask(store, known) == {"g"}


def _ask_of(store: Store, clauses: str, pattern: str = "{ ?x a :Water }") -> set[str]:
    return _ask(store, f"SELECT ?x {clauses} {pattern}")


@pytest.fixture
def graphs(store: Store, tmp_path: Path) -> Store:
    """A schema in a graph of its own, and seven graphs with an instance each."""
    schema = SCHEMA.replace(":Lead rdfs", ":schema { :Lead rdfs", 1) + "}"
    data = " ".join(f":g{n} {{ :x{n} a :Lead }}" for n in range(7))
    _load(store, tmp_path, f"{schema} {data}")
    return store


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ("FROM :schema FROM :g1", {"x1"}),
        ("FROM :g1 FROM :schema FROM :g2", {"x1", "x2"}),
        ("FROM :g1 FROM :g2", set()),
        ("FROM :g1 FROM :g1", set()),
        ("FROM :schema", set()),
        ("FROM :schema FROM :nowhere", set()),
        ("", set()),
    ],
)
def test_a_merge_of_graphs_entails_more_than_they_do(
    graphs: Store, clauses: str, expected: set[str]
) -> None:
    assert _ask_of(graphs, clauses) == expected


def test_a_merge_has_the_named_graphs_of_its_dataset_and_no_others(
    graphs: Store,
) -> None:
    within = "{ GRAPH ?g { ?x a :Lead } }"
    merged = "FROM :schema FROM :g1"
    assert _ask_of(graphs, f"{merged} FROM NAMED :g3", within) == {"x3"}
    assert _ask_of(graphs, merged, within) == set()
    assert len(_ask_of(graphs, "", within)) == 7
    dataset = Dataset((IRI(f"{EX}schema"), IRI(f"{EX}g3")))
    text = f"{PREFIXES} ASK {{ :x3 a :Surface }}"
    answer = graphs.query(text, dataset=dataset, entailment=Entailment.RDFS)
    assert answer is True


def test_a_merge_follows_the_store(graphs: Store) -> None:
    merged = "FROM :schema FROM :g1"
    assert _ask_of(graphs, merged) == {"x1"}
    graphs.update(f"{PREFIXES} INSERT DATA {{ GRAPH :g1 {{ :y a :Lead }} }}")
    assert _ask_of(graphs, merged) == {"x1", "y"}


def test_more_merges_than_are_kept(graphs: Store) -> None:
    for n in (*range(7), 0, 6):
        assert _ask_of(graphs, f"FROM :schema FROM :g{n}") == {f"x{n}"}


def test_a_store_that_is_only_read_entails_as_much(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        _load(store, tmp_path, SCHEMA + ":l a :Lead .")
    location = tmp_path / "store"
    with Store.open(location, read_only=True, entailment=Entailment.RDFS) as store:
        assert _ask(store, "SELECT ?x { ?x a :Surface }", None) == {"l"}
        # Terms of RDFS that nobody loaded can be asked for, and come out.
        assert "Ship" in _ask(store, "SELECT ?x { ?x a rdfs:Class }")
        lists = _ask(store, "SELECT ?x { ?x rdfs:domain rdf:List }")
        assert lists == {RDF.term("first"), RDF.term("rest")}


def test_literals_are_no_subjects(store: Store, tmp_path: Path) -> None:
    _load(store, tmp_path, SCHEMA + ':l :crossedBy "HMS Investigator" .')
    assert _ask(store, "SELECT ?x { ?x a :Ship }") == set()
    assert _ask(store, "SELECT ?x { ?x a rdfs:Literal }") == set()
    names = _ask(store, "SELECT ?x { :l :crossedBy ?x }")
    assert names == {str(Literal("HMS Investigator"))}


def test_membership_properties_are_those_of_the_data(
    store: Store, tmp_path: Path
) -> None:
    _load(store, tmp_path, SCHEMA + ":fleet rdf:_2 :Lance .")
    assert _ask(store, "SELECT ?x { :fleet rdfs:member ?x }") == {"Lance"}
    members = "SELECT ?p { ?p a rdfs:ContainerMembershipProperty }"
    assert _ask(store, members) == {RDF.term("_2")}


def test_a_blank_property_passes_on_what_it_means(store: Store, tmp_path: Path) -> None:
    schema = ":p rdfs:subPropertyOf _:q . _:q rdfs:domain :Lead . :l :p :m ."
    _load(store, tmp_path, SCHEMA + schema)
    assert _ask(store, "SELECT ?x { ?x a :Lead }") == {"l"}
    assert _ask(store, "SELECT ?p { :l ?p :m }") == {"p"}


# The rules of RDF 1.1 Semantics 9.2.1 by the letter


def _schema(name: str) -> str:
    return RDFS.term(name)


def _follows(triples: set[Triple]) -> set[Triple]:
    """What one application of every rule gives."""
    domain, kind = _schema("domain"), _schema("range")
    sub_property, sub_class = _schema("subPropertyOf"), _schema("subClassOf")
    rules: tuple[Callable[[Triple, Triple], Triple | None], ...] = (
        lambda a, b: (b[0], TYPE, a[2]) if a[1:2] + a[:1] == (domain, b[1]) else None,
        lambda a, b: (b[2], TYPE, a[2]) if a[1:2] + a[:1] == (kind, b[1]) else None,
        lambda a, b: (
            (b[0], a[2], b[2]) if a[1:2] + a[:1] == (sub_property, b[1]) else None
        ),
        lambda a, b: (
            (b[0], TYPE, a[2])
            if (a[1], b[1], b[2]) == (sub_class, TYPE, a[0])
            else None
        ),
        lambda a, b: (
            (a[0], a[1], b[2])
            if a[1] == b[1] and a[1] in {sub_property, sub_class} and a[2] == b[0]
            else None
        ),
    )
    found = {
        new for a in triples for b in triples for rule in rules if (new := rule(a, b))
    }
    for s, p, o in triples:
        found |= {(each, TYPE, _schema("Resource")) for each in (s, p, o)}
        found.add((p, TYPE, RDF.term("Property")))
        if p == TYPE:
            found |= {
                (s, made, value or s)
                for kind_, made, value in (
                    (RDF.term("Property"), sub_property, None),
                    (_schema("Class"), sub_class, None),
                    (_schema("Class"), sub_class, _schema("Resource")),
                    (_schema("Datatype"), sub_class, _schema("Literal")),
                )
                if o == kind_
            }
    return found


def _closure(triples: set[Triple]) -> set[Triple]:
    while new := _follows(triples) - triples:
        triples = triples | new
    return triples


NODES: Final = tuple(f"{EX}{name}" for name in "abc")
LINKS: Final = (
    *(f"{EX}{name}" for name in "abp"),
    TYPE,
    *map(_schema, ("domain", "range", "subPropertyOf", "subClassOf")),
)
OBJECTS: Final = (*NODES, _schema("Class"), _schema("subClassOf"), RDF.term("Property"))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    graphs=st.lists(
        st.sets(
            st.tuples(*map(st.sampled_from, (NODES, LINKS, OBJECTS))),
            min_size=1,
            max_size=6,
        ),
        min_size=8,
        max_size=8,
    )
)
def test_the_closure_is_that_of_the_rules(
    graphs: list[set[Triple]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    path = folder / "graphs.nq"
    path.write_text(
        "\n".join(
            f"<{s}> <{p}> <{o}> <{EX}g{n}> ."
            for n, graph in enumerate(graphs)
            for s, p, o in graph
        )
    )
    with Store.open(folder / "store", entailment=Entailment.RDFS) as store:
        store.load([path])
        for n, graph in enumerate(graphs):
            result = store.query(f"SELECT * {{ GRAPH <{EX}g{n}> {{ ?s ?p ?o }} }}")
            assert not isinstance(result, bool)
            answer = read_all(result)
            order = [answer.variables.index(name) for name in "spo"]
            found = {tuple(_iri(row[i]) for i in order) for row in answer.rows}
            assert found == _closure(set(AXIOMS) | graph)


def _iri(term: object) -> str:
    assert isinstance(term, IRI)
    return term.value


SEA: Final = (
    f"@prefix : <{EX}> . @prefix geo: <{GEO}> . @prefix sf: <{SF}> .\n"
    "@prefix gml: <http://www.opengis.net/ont/gml#> .\n"
    ":floe geo:hasDefaultGeometry :outline . :outline a sf:Triangle ;\n"
    '  geo:asWKT "POLYGON ((0 0, 1 0, 0 1, 0 0))"^^geo:wktLiteral .\n'
    ":lead geo:hasCentroid :middle . :middle a gml:Point .\n"
    ":g1 { :plain :says 1 } :g2 { :crack geo:sfWithin :floe }\n"
)


def test_geometries_are_known_without_their_ontologies(
    store: Store, tmp_path: Path
) -> None:
    _load(store, tmp_path, SEA)
    assert _ask(store, f"SELECT ?x {{ ?x a <{SF}Surface> }}") == {"outline"}
    assert _ask(store, f"SELECT ?x {{ ?x a <{GEO}Geometry> }}") == {"outline", "middle"}
    assert _ask(store, f"SELECT ?x {{ ?x a <{GEO}Feature> }}") == {"floe", "lead"}
    assert _ask(store, f"SELECT ?x {{ ?x a <{GEO}Geometry> }}", None) == set()


def test_axioms_of_geosparql_are_in_graphs_that_use_them(
    store: Store, tmp_path: Path
) -> None:
    _load(store, tmp_path, SEA)
    graphs = f"SELECT ?g {{ GRAPH ?g {{ <{GEO}Feature> a rdfs:Class }} }}"
    assert _ask(store, graphs) == {"g2"}
    objects = f"SELECT ?x {{ GRAPH :g2 {{ ?x a <{GEO}SpatialObject> }} }}"
    assert _ask(store, objects) == {"crack", "floe"}


def test_a_store_can_be_without_the_axioms_of_geosparql(tmp_path: Path) -> None:
    with Store.open(tmp_path / "bare", geosparql_axioms=False) as store:
        _load(store, tmp_path, SEA)
        assert _ask(store, f"SELECT ?x {{ ?x a <{GEO}Geometry> }}") == set()
        assert _ask(store, f"SELECT ?x {{ ?x a <{SF}Triangle> }}") == {"outline"}


def test_what_follows_is_what_owlrl_finds(store: Store, tmp_path: Path) -> None:
    """A closure by rdflib and owlrl over the same data and the same axioms."""
    _load(store, tmp_path, SEA)
    graph = rdflib.Graph()
    text = SEA.partition(":g1")[0]
    graph.parse(data=text, format="turtle")
    graph.parse(data=vocabulary_file(AXIOMS_FILE).read_bytes(), format="turtle")
    owlrl.DeductiveClosure(owlrl.RDFS_Semantics).expand(graph)
    query = "SELECT ?s ?p ?o { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(:))) }"
    result = store.query(PREFIXES + query, entailment=Entailment.RDFS)
    assert not isinstance(result, bool)
    ours = {tuple(map(_text, row)) for row in read_all(result).rows}
    theirs = {
        tuple(map(str, triple)) for triple in graph if str(triple[0]).startswith(EX)
    }
    # owlrl knows datatypes, which is OWL's; and that all is the same as itself.
    same = "http://www.w3.org/2002/07/owl#sameAs"
    assert ours == {triple for triple in theirs if triple[1] != same}


def _text(term: object) -> str:
    if isinstance(term, IRI):
        return term.value
    assert isinstance(term, Literal)
    return term.lexical
