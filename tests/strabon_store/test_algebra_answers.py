"""The algebra of a query means what the query means, before and after every pass.

`reference.py` evaluates the algebra by the letter of the standard; pyoxigraph evaluates
the text. Equal answers say that the frontend and the passes keep the meaning; no part
of the store is involved.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings

from strabon_store.algebra.queries import AskQuery, Query
from strabon_store.algebra.render import render_query
from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.algebra.validate import check_same_scope, validate
from strabon_store.frontend import parse_query
from strabon_store.passes import PASSES, Pass, run_passes
from tests.strabon_store.reference import Evaluator, Quad
from tests.strategies import datasets, queries

XSD = "http://www.w3.org/2001/XMLSchema#"
EXACT = Decimal("1e-12")
THOROUGH = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

Answer = Counter[tuple[tuple[str, object], ...]]


def _term(term: object) -> Term:
    match term:
        case ox.NamedNode():
            return IRI(term.value)
        case ox.Literal():
            return Literal(term.value, term.datatype.value, term.language)
        case _:
            raise NotImplementedError(f"{term}")


def _by_value(term: Term) -> object:
    """Numbers by value; an integral decimal may be written with or without a point."""
    if isinstance(term, Literal) and term.datatype in {
        f"{XSD}integer",
        f"{XSD}decimal",
    }:
        return ("number", Decimal(term.lexical).quantize(EXACT), term.datatype)
    return term


def _answer(rows: Iterable[Iterable[tuple[str, Term]]]) -> Answer:
    return Counter(
        tuple(sorted((name, _by_value(term)) for name, term in row)) for row in rows
    )


def _reference(query: Query, quads: tuple[Quad, ...]) -> Answer | bool:
    solutions = Evaluator(quads).solutions(query.pattern)
    if isinstance(query, AskQuery):
        return bool(solutions)
    return _answer(((v.name, term) for v, term in s.items()) for s in solutions)


def _oxigraph(text: str, store: ox.Store) -> Answer | bool:
    result = store.query(text)
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    assert isinstance(result, ox.QuerySolutions)
    names = [variable.value for variable in result.variables]
    return _answer(
        [(name, _term(solution[name])) for name in names if solution[name] is not None]
        for solution in result
    )


def _quads(store: ox.Store) -> tuple[Quad, ...]:
    return tuple(
        (
            _term(quad.subject),
            _term(quad.predicate),
            _term(quad.object),
            None
            if isinstance(quad.graph_name, ox.DefaultGraph)
            else _term(quad.graph_name),
        )
        for quad in store
    )


def _store(nquads: str) -> ox.Store:
    store = ox.Store()
    store.load(nquads.encode(), format=ox.RdfFormat.N_QUADS)
    return store


@THOROUGH
@given(datasets(), queries())
def test_the_algebra_gives_the_answers_of_another_engine(data: str, text: str) -> None:
    store = _store(data)
    assert _reference(parse_query(text), _quads(store)) == _oxigraph(text, store)


@pytest.mark.parametrize("rewrite", PASSES, ids=lambda rewrite: rewrite.__name__)
@THOROUGH
@given(datasets(), queries())
def test_a_pass_keeps_the_answers(rewrite: Pass, data: str, text: str) -> None:
    quads = _quads(_store(data))
    before = parse_query(text)
    after = run_passes(before, (rewrite,))
    validate(after.pattern)
    check_same_scope(before, after)
    assert _reference(after, quads) == _reference(before, quads), render_query(after)
    assert run_passes(after, (rewrite,)) == after


@THOROUGH
@given(datasets(), queries())
def test_all_passes_together_keep_the_answers(data: str, text: str) -> None:
    quads = _quads(_store(data))
    before = parse_query(text)
    after = run_passes(before)
    validate(after.pattern)
    check_same_scope(before, after)
    assert _reference(after, quads) == _reference(before, quads), render_query(after)
