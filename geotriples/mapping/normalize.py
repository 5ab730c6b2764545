"""One form from here on: classes are predicate-object maps, defaults are filled in.

After `normalize`
  - no subject map has classes, or graphs unless it gathers, and each predicate-object
    map names all of its graphs;
  - every term map has a term type (RML Core, default term types);
  - the default graph is the absence of a graph map, and is explicit by `DEFAULT_GRAPH`
    where a map names other graphs as well.
"""

from dataclasses import replace
from typing import Final

from geotriples.mapping.model import (
    Constant,
    Expression,
    Field,
    FunctionExecution,
    Gather,
    Input,
    Iri,
    JoinCondition,
    Literal,
    LogicalSource,
    LogicalView,
    Mapping,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    SubjectMap,
    TermMap,
    TermType,
    TriplesMap,
    ViewJoin,
)
from ontologies.namespaces import RDF, RML

DEFAULT_GRAPH: Final = Constant(Iri(RML.term("defaultGraph")))


def normalize(mapping: Mapping) -> Mapping:
    """Bring every triples map to the form that the module describes.

    `normalize(normalize(m)) == normalize(m)`.
    """
    return Mapping(tuple(_triples_map(one) for one in mapping.triples_maps))


def _triples_map(triples_map: TriplesMap) -> TriplesMap:
    subject = triples_map.subject
    graphs = tuple(_typed(one, TermType.IRI) for one in subject.graphs)
    classes = tuple(_class_map(subject, one) for one in subject.classes)
    return replace(
        triples_map,
        source=_source(triples_map.source),
        subject=SubjectMap(
            _typed(subject.term, TermType.IRI),
            # A collection stands in the subject's graphs, whether or not it is used.
            graphs=graphs if subject.term.gather else (),
        ),
        predicate_objects=tuple(
            _predicate_object_map(one, graphs)
            for one in (*classes, *triples_map.predicate_objects)
        ),
    )


def _source(source: LogicalSource | LogicalView) -> LogicalSource | LogicalView:
    if isinstance(source, LogicalSource):
        return source
    return replace(
        source,
        on=_source(source.on),
        fields=tuple(_field(one) for one in source.fields),
        joins=tuple(_view_join(one) for one in source.joins),
    )


def _field(one: Field) -> Field:
    inner = tuple(_field(each) for each in one.fields)
    return replace(one, expression=_expression(one.expression), fields=inner)


def _view_join(one: ViewJoin) -> ViewJoin:
    parent = _source(one.parent)
    assert isinstance(parent, LogicalView)  # noqa: S101 - it stays what it is
    return replace(
        one,
        parent=parent,
        conditions=tuple(_condition(each) for each in one.conditions),
        fields=tuple(_field(each) for each in one.fields),
    )


def _class_map(subject: SubjectMap, class_: Iri) -> PredicateObjectMap:
    node = f"{subject.term.node} class"
    return PredicateObjectMap(
        node,
        (TermMap(node, Constant(Iri(RDF.term("type")))),),
        (TermMap(node, Constant(class_)),),
        (),
    )


def _predicate_object_map(
    one: PredicateObjectMap, subject_graphs: tuple[TermMap, ...]
) -> PredicateObjectMap:
    return PredicateObjectMap(
        one.node,
        tuple(_typed(predicate, TermType.IRI) for predicate in one.predicates),
        tuple(_object(term) for term in one.objects),
        subject_graphs + tuple(_typed(graph, TermType.IRI) for graph in one.graphs),
    )


def _object(term: TermMap | RefObjectMap) -> TermMap | RefObjectMap:
    if isinstance(term, RefObjectMap):
        return replace(term, conditions=tuple(map(_condition, term.conditions)))
    return _typed(term, _default_object_type(term))


def _condition(one: JoinCondition) -> JoinCondition:
    child = _typed(one.child, TermType.LITERAL)
    return replace(one, child=child, parent=_typed(one.parent, TermType.LITERAL))


def _default_object_type(term: TermMap) -> TermType:
    """A reference or a language or a datatype makes a literal, a template an IRI."""
    if term.datatype or term.language:
        return TermType.LITERAL
    if isinstance(term.expression, Reference | FunctionExecution):
        return TermType.LITERAL
    return TermType.IRI


def _typed(term: TermMap, default: TermType) -> TermMap:
    if term.gather is not None and term.expression is None:
        default = TermType.BLANK_NODE
    match term.expression:
        # A constant is what it is; `validate` reports a term type that says otherwise.
        case Constant(Literal()) if term.term_type is None:
            term_type = TermType.LITERAL
        case Constant(Iri()) if term.term_type is None:
            term_type = TermType.IRI
        case _:
            term_type = term.term_type or default
    return replace(
        term,
        expression=_expression(term.expression),
        term_type=term_type,
        datatype=_optional(term.datatype, TermType.IRI),
        language=_optional(term.language, TermType.LITERAL),
        condition=_optional(term.condition, TermType.LITERAL),
        gather=_gather(term.gather),
    )


def _gather(gather: Gather | None) -> Gather | None:
    if gather is None:
        return None
    return replace(gather, members=tuple(_object(one) for one in gather.members))


def _optional(term: TermMap | None, default: TermType) -> TermMap | None:
    return None if term is None else _typed(term, default)


def _expression(expression: Expression | None) -> Expression | None:
    if not isinstance(expression, FunctionExecution):
        return expression
    inputs = tuple(
        Input(one.node, one.parameter, _typed(one.value, TermType.LITERAL))
        for one in expression.inputs
    )
    return replace(expression, inputs=inputs)
