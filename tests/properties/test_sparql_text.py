"""A pattern that is written as SPARQL means what it meant."""

from collections import Counter

import pyoxigraph as ox
from hypothesis import HealthCheck, assume, given, settings

from strabon_store.algebra.nodes import Project
from strabon_store.algebra.queries import AskQuery
from strabon_store.algebra.sparql import to_sparql
from strabon_store.frontend import parse_query
from tests.strategies import datasets, queries

SETTINGS = settings(
    max_examples=settings().max_examples,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def _answer(store: ox.Store, text: str) -> Counter[tuple[tuple[str, str], ...]] | bool:
    result = store.query(text)
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    assert isinstance(result, ox.QuerySolutions)
    names = sorted(variable.value for variable in result.variables)
    return Counter(
        tuple((name, str(row[name])) for name in names if row[name] is not None)
        for row in result
    )


@SETTINGS
@given(datasets(), queries())
def test_the_text_of_a_pattern_has_its_solutions(data: str, text: str) -> None:
    store = ox.Store()
    store.load(data.encode(), format=ox.RdfFormat.N_QUADS)
    query = parse_query(text)
    written = to_sparql(query.pattern)
    expected, actual = _answer(store, text), _answer(store, written)
    if isinstance(query, AskQuery):
        assert not isinstance(actual, bool)
        actual = bool(actual)
    assert actual == expected, written


@SETTINGS
@given(queries())
def test_what_is_written_can_be_read(text: str) -> None:
    """Written once it is in the form of what is written, and stays as it is."""
    # Of an aggregate the text can only name the variable by one more level.
    assume("Group(" not in repr(parse_query(text)))
    once = parse_query(to_sparql(parse_query(text).pattern)).pattern
    assert isinstance(once, Project)
    again = parse_query(to_sparql(once.source)).pattern
    assert isinstance(again, Project)
    assert again.source == once.source
