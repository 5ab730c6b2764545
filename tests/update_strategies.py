"""Hypothesis strategies for SPARQL updates, over the vocabulary of `strategies.py`.

Every text of `updates()` is a valid request that every right engine can do: graphs that
may be missing are named with SILENT, except that the source of COPY and MOVE gets a
statement before. What is computed has one lexical form only, and there are no two
USING clauses: the oracle counts a statement that both graphs hold twice (13.2.1).
"""

from typing import Final

from hypothesis import strategies as st

_SUBJECTS: Final = (":a", ":b", ":c")
_PREDICATES: Final = (":p", ":q", ":r")
_LITERALS: Final = ("1", "2", "2.5", "true", '"x"', '"xy"', '"x"@en')
_GRAPHS: Final = (":g", ":h")
_VARIABLES: Final = ("?x", "?y", "?z")
_COMPUTED: Final = (
    "str(?x)",
    "concat(str(?y), 'n')",
    "ucase(str(?z))",
    "iri(concat(str(?x), 'm'))",
    "?y + 1",
    "?x",
    "1/0",
)

_resources = st.sampled_from(_SUBJECTS)
_predicates = st.sampled_from(_PREDICATES)
_objects = st.sampled_from((*_SUBJECTS, *_LITERALS))
_graphs = st.sampled_from(_GRAPHS)
_variables = st.sampled_from(_VARIABLES)
_anything = _variables | _resources | st.sampled_from((*_LITERALS, "?n", "?count"))


def _joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=3).map(" ".join)


def _triples(
    subjects: st.SearchStrategy[str],
    predicates: st.SearchStrategy[str],
    objects: st.SearchStrategy[str],
) -> st.SearchStrategy[str]:
    return st.tuples(subjects, predicates, objects).map(lambda t: f"{' '.join(t)} .")


def _quads(
    triples: st.SearchStrategy[str], graphs: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    named = st.tuples(graphs, _joined(triples)).map(
        lambda pair: f"GRAPH {pair[0]} {{ {pair[1]} }}"
    )
    return _joined(triples | named)


def _data() -> st.SearchStrategy[str]:
    ground = _quads(_triples(_resources, _predicates, _objects), _graphs)
    new = st.just("[]")
    mixed = _triples(_resources | new, _predicates, _objects | new)
    return st.one_of(
        _quads(mixed, _graphs).map(lambda quads: f"INSERT DATA {{ {quads} }}"),
        ground.map(lambda quads: f"INSERT DATA {{ {quads} }}"),
        ground.map(lambda quads: f"DELETE DATA {{ {quads} }}"),
    )


def _patterns() -> st.SearchStrategy[str]:
    triple = _triples(_variables | _resources, _predicates | _variables, _variables)
    shapes = (
        "{0}",
        "{0} {1}",
        "{0} OPTIONAL {{ {1} }}",
        "{{ {0} }} UNION {{ {1} }}",
        "GRAPH ?g {{ {0} }}",
        "GRAPH :g {{ {0} }} {1}",
        "{0} FILTER NOT EXISTS {{ {1} }}",
        "{{ SELECT ?x (COUNT(*) AS ?count) {{ {0} }} GROUP BY ?x }}",
        "VALUES (?x ?y) {{ (:a 1) (UNDEF 'v') }} {0}",
    )
    pattern = st.builds(
        lambda shape, one, two: shape.format(one, two),
        st.sampled_from(shapes),
        triple,
        triple,
    )
    bind = st.sampled_from(("", *(f"BIND({each} AS ?n)" for each in _COMPUTED)))
    return st.one_of(
        st.just(""), st.tuples(pattern, bind).map(lambda p: f"{{ {p[0]} }} {p[1]}")
    )


def _modifications() -> st.SearchStrategy[str]:
    triple = _triples(_anything, _predicates | _variables, _anything)
    blank = st.sampled_from(("_:b", "[]", "_:c"))
    new = _triples(_anything | blank, _predicates | _variables, _anything | blank)
    graphs = _graphs | st.just("?g")
    deleted = _quads(triple, graphs).map(lambda quads: f"DELETE {{ {quads} }}")
    inserted = _quads(new, graphs).map(lambda quads: f"INSERT {{ {quads} }}")
    clauses = st.one_of(deleted, inserted, st.tuples(deleted, inserted).map(" ".join))
    head = st.sampled_from(("", "", "WITH :g ", "WITH :nowhere "))
    using = st.sampled_from(
        ("", "", "USING :g ", "USING NAMED :h ", "USING :h USING NAMED :h ")
    )
    return st.builds(
        lambda head, clauses, using, pattern: (
            f"{head}{clauses} {using}WHERE {{ {pattern} }}"
        ),
        head,
        clauses,
        using,
        _patterns(),
    )


def _delete_where() -> st.SearchStrategy[str]:
    triple = _triples(_variables | _resources, _predicates | _variables, _anything)
    quads = _quads(triple, _graphs | st.just("?g"))
    return quads.map(lambda text: f"DELETE WHERE {{ {text} }}")


def _management() -> st.SearchStrategy[str]:
    wholes = st.sampled_from(("DEFAULT", "NAMED", "ALL", "GRAPH :g", "GRAPH :nowhere"))
    ends = st.sampled_from(("DEFAULT", ":g", "GRAPH :h"))
    return st.one_of(
        st.builds(
            lambda word, target: f"{word} SILENT {target}",
            st.sampled_from(("CLEAR", "DROP")),
            wholes,
        ),
        st.builds(
            lambda word, target: (
                "INSERT DATA { GRAPH :h { :a :p 1 } :b :q 2 } ;\n"
                f"{word} {target[0]} TO {target[1]}"
            ),
            st.sampled_from(("ADD", "MOVE", "COPY")),
            st.tuples(st.sampled_from(("DEFAULT", "GRAPH :h")), ends),
        ),
        _graphs.map(lambda graph: f"CREATE SILENT GRAPH {graph}"),
    )


def updates() -> st.SearchStrategy[str]:
    """Requests of one to three operations, over the vocabulary of `datasets()`."""
    one = st.one_of(
        _data(), _modifications(), _modifications(), _delete_where(), _management()
    )
    return st.lists(one, min_size=1, max_size=3).map(" ;\n".join)
