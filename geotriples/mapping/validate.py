"""Problems of a mapping that need no data to be seen, each with its node.

`validate` takes a normalized mapping; `check_references` also wants to know what the
sources hold.  Both return every problem; the caller raises once.
"""

from collections.abc import Callable, Iterator
from typing import Final

from geotriples.mapping.grammar import SCHEME, is_absolute_iri, is_language_tag
from geotriples.mapping.model import (
    Constant,
    Expression,
    FunctionExecution,
    Gather,
    Iri,
    JoinCondition,
    Literal,
    Mapping,
    PredicateObjectMap,
    Problem,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)

SUBJECT_TYPES: Final = frozenset(TermType) - {TermType.LITERAL}
IRI_TYPES: Final = frozenset(one for one in TermType if one.is_iri)
ANY_TYPE: Final = frozenset(TermType)


def validate(mapping: Mapping) -> tuple[Problem, ...]:
    """Every problem of a normalized mapping that can be seen without its sources."""
    known = {one.name: one for one in mapping.triples_maps}
    return tuple(
        problem
        for triples_map in mapping.triples_maps
        for problem in _triples_map(triples_map, known)
    )


def _triples_map(
    triples_map: TriplesMap, known: dict[str, TriplesMap]
) -> Iterator[Problem]:
    yield from _term(triples_map.subject.term, SUBJECT_TYPES, "a subject")
    for one in triples_map.predicate_objects:
        yield from _predicate_object(one)
        for term in one.objects:
            for ref in _refs(term):
                yield from _ref_object(ref, triples_map, known)
    for ref in _refs(triples_map.subject.term):
        yield from _ref_object(ref, triples_map, known)


def _refs(term: TermMap | RefObjectMap) -> Iterator[RefObjectMap]:
    """The maps of other triples maps' subjects, the gathered ones included."""
    if isinstance(term, RefObjectMap):
        yield term
    elif term.gather is not None:
        for one in term.gather.members:
            yield from _refs(one)


def _predicate_object(one: PredicateObjectMap) -> Iterator[Problem]:
    for predicate in one.predicates:
        yield from _term(predicate, IRI_TYPES, "a predicate")
    for graph in one.graphs:
        yield from _term(graph, SUBJECT_TYPES, "a graph name")
    for term in one.objects:
        if isinstance(term, TermMap):
            yield from _term(term, ANY_TYPE, "an object")


def _ref_object(
    term: RefObjectMap, child: TriplesMap, known: dict[str, TriplesMap]
) -> Iterator[Problem]:
    parent = known.get(term.parent)
    if parent is None:
        yield Problem(term.node, f"parent triples map {term.parent} is not defined")
    elif not term.conditions and parent.source.key != child.source.key:
        message = f"needs a join condition: {term.parent} has another logical source"
        yield Problem(term.node, message)
    for condition in term.conditions:
        yield from _condition(condition)


def _condition(one: JoinCondition) -> Iterator[Problem]:
    yield from _term(one.child, ANY_TYPE, "a join value")
    yield from _term(one.parent, ANY_TYPE, "a join value")


def _term(term: TermMap, allowed: frozenset[TermType], role: str) -> Iterator[Problem]:
    if term.term_type not in allowed:
        kind = term.term_type.rpartition("/")[2] if term.term_type else "untyped"
        yield Problem(term.node, f"{role} cannot be of term type rml:{kind}")
    if term.datatype and term.language:
        yield Problem(term.node, "has both a datatype and a language")
    if (term.datatype or term.language) and term.term_type is not TermType.LITERAL:
        yield Problem(term.node, "only a literal has a datatype or a language")
    yield from _expression(term)
    if term.datatype:
        yield from _term(term.datatype, IRI_TYPES, "a datatype")
    if term.language:
        yield from _language(term.language)
    if term.condition:
        yield from _term(term.condition, ANY_TYPE, "a condition")
    if term.gather:
        yield from _gather(term, term.gather, role)


def _gather(term: TermMap, gather: Gather, role: str) -> Iterator[Problem]:
    if role in {"a predicate", "a graph name"}:
        yield Problem(term.node, f"{role} cannot be a list or a container")
    if term.term_type is TermType.LITERAL:
        yield Problem(term.node, "a list or a container cannot be a literal")
    for one in gather.members:
        if isinstance(one, TermMap):
            yield from _term(one, ANY_TYPE, "a member")
            if any(ref.conditions for ref in _refs(one)):
                message = "a join condition cannot stand in a gather map within another"
                yield Problem(one.node, message)
        elif one.conditions and (gather.is_product or gather.allow_empty):
            message = (
                "cannot be gathered by a join as a product, or as what may be empty"
            )
            yield Problem(one.node, message)
        elif any(each.function for each in one.conditions):
            message = "cannot be gathered by a join by a relation, only by equality"
            yield Problem(one.node, message)


def _expression(term: TermMap) -> Iterator[Problem]:
    match term.expression:
        case Constant(value):
            yield from _constant(term, value)
        case Template() as template if term.term_type in IRI_TYPES:
            yield from _iri_template(term.node, template)
        case FunctionExecution(inputs=inputs):
            for one in inputs:
                yield from _term(one.value, ANY_TYPE, "an argument")
        case _:
            pass


def _iri_template(node: str, template: Template) -> Iterator[Problem]:
    """The template's own text must leave room for an IRI, whatever the values are."""
    filled = "".join(one if isinstance(one, str) else "x" for one in template.parts)
    iri = filled if SCHEME.match(filled) else f"http://x/{filled}"
    if not is_absolute_iri(iri):
        yield Problem(node, f"{filled!r} (references as 'x') makes no IRI")


def _constant(term: TermMap, value: Iri | Literal) -> Iterator[Problem]:
    kind = term.term_type
    if isinstance(value, Literal):
        if kind is not TermType.LITERAL:
            yield Problem(term.node, f"the constant {value.lexical!r} is a literal")
        return
    if kind is None or not kind.is_iri:
        yield Problem(term.node, f"the constant <{value.value}> is an IRI")
    if not is_absolute_iri(value.value):
        yield Problem(term.node, f"<{value.value}> is not an absolute IRI")


def _language(term: TermMap) -> Iterator[Problem]:
    match term.expression:
        case Constant(Literal(lexical=tag)):
            if not is_language_tag(tag):
                yield Problem(term.node, f"{tag!r} is not a language tag (BCP 47)")
        case _:
            yield from _term(term, frozenset({TermType.LITERAL}), "a language")


def term_maps(triples_map: TriplesMap) -> Iterator[TermMap]:
    """Every term map of a triples map, the nested ones included."""
    yield from nested_maps(triples_map.subject.term)
    for one in triples_map.predicate_objects:
        for term in (*one.predicates, *one.graphs, *one.objects):
            if isinstance(term, TermMap):
                yield from nested_maps(term)
            for ref in _refs(term):
                for condition in ref.conditions:
                    yield from nested_maps(condition.child)


def parent_maps(triples_map: TriplesMap) -> Iterator[tuple[RefObjectMap, TermMap]]:
    """The maps that are evaluated on rows of a parent's source, with their owner."""
    objects = [term for one in triples_map.predicate_objects for term in one.objects]
    for term in (triples_map.subject.term, *objects):
        for ref in _refs(term):
            for condition in ref.conditions:
                for nested in nested_maps(condition.parent):
                    yield ref, nested


def executions(triples_map: TriplesMap) -> Iterator[FunctionExecution]:
    """Every function execution of a triples map."""
    maps = [*term_maps(triples_map), *(term for _, term in parent_maps(triples_map))]
    for term in maps:
        if isinstance(term.expression, FunctionExecution):
            yield term.expression


def nested_maps(term: TermMap) -> Iterator[TermMap]:
    """A term map and those within it."""
    yield term
    if isinstance(term.expression, FunctionExecution):
        for one in term.expression.inputs:
            yield from nested_maps(one.value)
    if term.gather is not None:
        for member in term.gather.members:
            if isinstance(member, TermMap):
                yield from nested_maps(member)
    for part in (term.datatype, term.language, term.condition):
        if part is not None:
            yield from nested_maps(part)


def references(expression: Expression | None) -> tuple[Reference, ...]:
    """The references that stand in an expression itself."""
    match expression:
        case Reference():
            return (expression,)
        case Template():
            return expression.references
        case _:
            return ()


def check_references(
    mapping: Mapping, explain: Callable[[TriplesMap, str], str | None]
) -> tuple[Problem, ...]:
    """Every reference that its source cannot resolve.

    Args:
        mapping: A normalized mapping.
        explain: Says what is wrong with a reference of a triples map's source, or None.
    """
    found: dict[Problem, None] = {}
    for triples_map in mapping.triples_maps:
        on_rows = [(triples_map, term) for term in term_maps(triples_map)]
        known = {one.name: one for one in mapping.triples_maps}
        on_parents = [
            (known[owner.parent], term)
            for owner, term in parent_maps(triples_map)
            if owner.parent in known
        ]
        for source, term in (*on_rows, *on_parents):
            for reference in references(term.expression):
                if message := explain(source, reference.text):
                    found[Problem(term.node, message)] = None
    return tuple(found)
