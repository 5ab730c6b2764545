"""stSPARQL's triple patterns with a valid time: `?s ?p ?o ?t` (docs/adr/0019).

A triple that is valid for a time stands in a graph that the time names; a statement in
the graph that it is a triple of, as a rule the default graph, says which time that is.
"""

from dataclasses import dataclass
from typing import Final

from ontologies.errors import OntologyError
from ontologies.geosparql.periods import (
    HAS_VALID_TIME,
    check_valid_time,
    graph_of_valid_time,
)
from ontologies.namespaces import RDF
from strabon_store.algebra.nodes import BGP, Graph, Join, Pattern, TriplePattern
from strabon_store.algebra.terms import IRI, Literal, Var
from strabon_store.frontend.context import Context
from strabon_store.frontend.syntax import Child
from strabon_store.frontend.translate_terms import translate_term

STATES_VALID_TIME: Final = IRI(HAS_VALID_TIME)
_RDF_TYPE: Final = IRI(RDF.term("type"))


@dataclass(frozen=True, slots=True)
class Timed:
    """A triple pattern with a valid time.

    Attributes:
        triple: The triple pattern.
        time: The time.
        place: Where the time stands in the text.
    """

    triple: TriplePattern
    time: Literal | Var
    place: Child


def valid_time(child: Child, context: Context) -> Literal | Var:
    """What stands behind the object of a triple.

    Raises:
        QuerySyntaxError: It is no time.
    """
    term = translate_term(child, context)
    match term:
        case Var():
            return term
        case Literal(lexical, datatype):
            try:
                check_valid_time(lexical, datatype)
            except OntologyError as error:
                raise context.error(child, str(error)) from error
            return term
        case _:
            raise context.error(
                child,
                "a triple ends with its object, or in stSPARQL with a valid time: a "
                "variable, a strdf:period or an xsd:dateTime; is there a '.' or ';' "
                "missing before it?",
            )


def graph_of(time: Literal, graph: IRI | None = None) -> IRI:
    """The graph of all triples of a graph with a valid time."""
    within = None if graph is None else graph.value
    return IRI(graph_of_valid_time(time.lexical, time.datatype, within))


def timed_pattern(timed: Timed, context: Context) -> Pattern:
    """What a triple pattern with a valid time means."""
    triple = BGP((timed.triple,))
    if isinstance(timed.time, Literal) and not context.is_in_graph:
        return Graph(graph_of(timed.time), triple)
    graph = context.fresh("_:.valid")
    states = TriplePattern(graph, STATES_VALID_TIME, timed.time)
    return Join(Graph(graph, triple), BGP((states,)))


def timed_template(timed: Timed, context: Context) -> tuple[TriplePattern, ...]:
    """What a triple with a valid time constructs: itself, and a statement about it.

    A graph that is constructed has no other graphs beside it in which to stand.
    """
    statement = context.fresh("_:.statement")
    triple = timed.triple
    return (
        triple,
        TriplePattern(statement, _RDF_TYPE, IRI(RDF.term("Statement"))),
        TriplePattern(statement, IRI(RDF.term("subject")), triple.subject),
        TriplePattern(statement, IRI(RDF.term("predicate")), triple.predicate),
        TriplePattern(statement, IRI(RDF.term("object")), triple.object),
        TriplePattern(statement, STATES_VALID_TIME, timed.time),
    )
