"""What is in scope (18.2.1), and what is surely bound, operator by operator."""

import pytest

from strabon_store.algebra.nodes import Filter
from strabon_store.algebra.variables import (
    bound_if_true,
    in_scope,
    mentioned,
    surely_bound,
)
from strabon_store.frontend import parse_query


def names(variables: object) -> str:
    assert isinstance(variables, tuple | frozenset)
    return " ".join(sorted(variable.name for variable in variables))


@pytest.mark.parametrize(
    ("group", "shown", "bound"),
    [
        ("?s ?p ?o", "o p s", "o p s"),
        ("?s ?p ?o OPTIONAL { ?s ?q ?x }", "o p q s x", "o p s"),
        ("{ ?s ?p ?o } UNION { ?s ?q ?x }", "o p q s x", "s"),
        ("?s ?p ?o MINUS { ?s ?q ?x }", "o p s", "o p s"),
        ("OPTIONAL { ?s ?p ?o } ?s ?q ?x", "o p q s x", "q s x"),
        ("GRAPH ?g { ?s ?p ?o }", "g o p s", "g o p s"),
        ("VALUES (?x ?y) { (1 2) (1 UNDEF) }", "x y", "x"),
        ("VALUES (?x ?y) { }", "x y", "x y"),
        ("BIND(1 AS ?x) BIND(?x AS ?y) BIND(?x + 1 AS ?z)", "x y z", "x y"),
        ("BIND(?unbound AS ?x) BIND(coalesce(?x, 1) AS ?y)", "x y", "y"),
        ("BIND(if(bound(?a), 1, 2) AS ?x) BIND(if(?a, 1, 2) AS ?y)", "x y", "x"),
        ("{ SELECT ?s ?z { ?s ?p ?o } }", "s z", "s"),
        ("{ SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?p LIMIT 1 }", "s", "s"),
        ("{ SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s }", "n s", "n s"),
        ("{ SELECT (SUM(?o) AS ?n) { ?s ?p ?o } }", "n", ""),
        ("OPTIONAL { ?s ?p ?o } FILTER(?o > 1)", "o p s", "o"),
        ("OPTIONAL { ?s ?p ?o } FILTER(!bound(?o))", "o p s", ""),
        ("OPTIONAL { ?s ?p ?o } FILTER EXISTS { ?o ?q ?x }", "o p s", ""),
    ],
)
def test_scope_and_bound_variables(group: str, shown: str, bound: str) -> None:
    pattern = parse_query(f"ASK {{ {group} }}").pattern
    assert names(in_scope(pattern)) == shown
    assert names(surely_bound(pattern)) == bound


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("?x", "x"),
        ("?x > ?y", "x y"),
        ("!(?x = ?y)", "x y"),
        ("?x && bound(?y)", "x y"),
        ("?x || ?y", ""),
        ("?x > 1 || ?x < 0 && ?y", "x"),
        ("!(?x || ?y)", ""),
        ("!(?x && ?x > ?y)", "x"),
        ("!bound(?x)", ""),
        ("?x IN (1, ?y)", "x"),
        ("?x NOT IN (1, ?y)", "x"),
        ("coalesce(?x, ?y)", ""),
        ("coalesce(?x, ?x + ?y)", "x"),
        ("if(?x, ?y, 1)", "x"),
        ("strlen(?x) > 1", "x"),
        ("<e:f>(?x, ?y)", "x y"),
    ],
)
def test_a_true_condition_tells_what_is_bound(condition: str, expected: str) -> None:
    pattern = parse_query(f"ASK {{ FILTER({condition}) }}").pattern
    assert isinstance(pattern, Filter)
    assert names(bound_if_true(pattern.condition)) == expected


def test_hidden_variables_are_mentioned() -> None:
    text = (
        "{ SELECT ?a { ?a ?b ?c } } MINUS { ?d ?e ?f } FILTER NOT EXISTS { ?g ?h ?i }"
    )
    assert (
        names(mentioned(parse_query(f"ASK {{ {text} }}").pattern))
        == "a b c d e f g h i"
    )
