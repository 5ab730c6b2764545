"""What a store holds, as a dataset to compare with others."""

import pyoxigraph as ox

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.solutions import Row, Solutions
from strabon_store.store import Store

_EVERYTHING = "SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


def read_store(store: Store) -> ox.Dataset:
    """All statements of a store."""
    answer = store.query(_EVERYTHING)
    assert isinstance(answer, Solutions)
    return ox.Dataset(map(_quad, answer))


def _quad(row: Row) -> ox.Quad:
    subject, predicate, value, graph = (
        None if t is None else to_oxigraph(t) for t in row
    )
    assert isinstance(subject, ox.NamedNode | ox.BlankNode)
    assert isinstance(predicate, ox.NamedNode)
    assert value is not None
    assert not isinstance(graph, ox.Literal)
    return ox.Quad(subject, predicate, value, graph)


def to_oxigraph(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    match term:
        case IRI(value):
            return ox.NamedNode(value)
        case BlankNode(label):
            return ox.BlankNode(label)
        case Literal(lexical, _, str(language)):
            return ox.Literal(lexical, language=language)
        case Literal(lexical, datatype):
            return ox.Literal(lexical, datatype=ox.NamedNode(datatype))


def canonical(dataset: ox.Dataset) -> set[str]:
    """The statements, the same for isomorphic datasets (RDFC-1.0)."""
    copy = ox.Dataset(dataset)
    copy.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in copy}
