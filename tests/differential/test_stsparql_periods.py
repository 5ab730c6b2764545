"""Valid time of triples and the functions over periods, against pairs of datetimes."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

import pyoxigraph as ox
import pytest

from ontologies.namespaces import STRDF
from strabon_store.errors import LoadError, QuerySyntaxError
from strabon_store.results.graphs import Graph, serialize_ntriples
from strabon_store.storage.loader import LoadOptions
from strabon_store.store import Store
from tests.geometries import rows

Span: TypeAlias = tuple[datetime, datetime]
"""Begin, and the first moment that is no longer in it."""

PERIOD: Final = STRDF.term("period")
DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
PREFIX: Final = f"PREFIX strdf: <{STRDF}> "
STEP: Final = timedelta(microseconds=1)
FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


def _at(hour: int) -> datetime:
    return datetime(2012, 11, 19, tzinfo=UTC) + timedelta(hours=hour)


def _text(hour: int) -> str:
    return _at(hour).strftime("%Y-%m-%dT%H:%M:%S")


LITERALS: Final[Mapping[str, tuple[str, str, Span]]] = {
    "early": (f"[{_text(1)},{_text(3)})", PERIOD, (_at(1), _at(3))),
    "closed": (f"[{_text(1)}Z, {_text(3)}Z]", PERIOD, (_at(1), _at(3) + STEP)),
    "open": (f"({_text(1)},{_text(3)})", PERIOD, (_at(1) + STEP, _at(3))),
    "next": (f"[{_text(3)},{_text(5)})", PERIOD, (_at(3), _at(5))),
    "zoned": (f"[{_text(3)}+02,{_text(5)}+02:00)", PERIOD, (_at(1), _at(3))),
    "spaced": (
        f"[{_text(2).replace('T', ' ')}, {_text(4).replace('T', ' ')})",
        PERIOD,
        (_at(2), _at(4)),
    ),
    "inner": (f"[{_text(2)},{_text(3)})", PERIOD, (_at(2), _at(3))),
    "begin": (f"[{_text(1)},{_text(2)})", PERIOD, (_at(1), _at(2))),
    "whole": ("[2012-11-19,2012-11-20)", PERIOD, (_at(0), _at(24))),
    "lasting": (f"[{_text(2)},UC)", PERIOD, (_at(2), FOREVER)),
    "instant": (_text(3), DATE_TIME, (_at(3), _at(3) + STEP)),
}
SPANS: Final = {name: span for name, (_, _, span) in LITERALS.items()}

Relation: TypeAlias = Callable[[Span, Span], bool]
RELATIONS: Final[Mapping[str, Relation]] = {
    "before": lambda a, b: a[1] <= b[0],
    "after": lambda a, b: a[0] >= b[1],
    "PeriodOverlaps": lambda a, b: a[0] < b[1] and b[0] < a[1],
    "PeriodIntersects": lambda a, b: a[0] < b[1] and b[0] < a[1],
    "PeriodContains": lambda a, b: a[0] <= b[0] and b[1] <= a[1],
    "during": lambda a, b: b[0] <= a[0] and a[1] <= b[1],
    "equalsPeriod": lambda a, b: a == b,
    "nequalsPeriod": lambda a, b: a != b,
    "adjacent": lambda a, b: a[1] == b[0] or b[1] == a[0],
    "meets": lambda a, b: a[1] == b[0],
    "meetsBefore": lambda a, b: a[1] == b[0],
    "meetsAfter": lambda a, b: b[1] == a[0],
    "starts": lambda a, b: a[0] == b[0] and a[1] < b[1],
    "finishes": lambda a, b: a[1] == b[1] and b[0] < a[0],
    "overleft": lambda a, b: a[1] <= b[1],
    "overright": lambda a, b: a[0] >= b[0],
}


def _span(begin: datetime, end: datetime) -> Span | None:
    return (begin, end) if begin < end else None


def _minus(a: Span, b: Span) -> Span | None:
    left = _span(a[0], min(a[1], b[0]))
    right = _span(max(a[0], b[1]), a[1])
    return None if left and right else left or right


CONSTRUCTIONS: Final[Mapping[str, Callable[[Span, Span], Span | None]]] = {
    "period_intersect": lambda a, b: _span(max(a[0], b[0]), min(a[1], b[1])),
    "period_union": lambda a, b: (
        (min(a[0], b[0]), max(a[1], b[1])) if a[0] <= b[1] and b[0] <= a[1] else None
    ),
    "period_minus": _minus,
    "preceding_period": lambda a, b: _span(a[0], min(a[1], b[0])),
    "succeeding_period": lambda a, b: _span(max(a[0], b[1]), a[1]),
    "period": lambda a, b: _span(a[0], b[0]),
}


def _iso(moment: datetime) -> str:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{moment.microsecond:06}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def _written(span: Span | None) -> str | None:
    if span is None:
        return None
    begin, end = span
    if end == FOREVER:
        return f"[{_iso(begin)},UC)"
    closed = end.microsecond % 1000 == 1
    return f"[{_iso(begin)},{_iso(end - STEP) if closed else _iso(end)}{')]'[closed]}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Triples with a valid time, and the same times as objects."""
    folder = tmp_path_factory.mktemp("periods")
    lines = [
        f'<http://g/{name}> <http://g/is> "{name}" "{text}"^^<{datatype}>.\n'
        f'<http://g/{name}> <http://g/at> "{text}"^^<{datatype}> .\n'
        for name, (text, datatype, _) in LITERALS.items()
    ]
    (folder / "data.nq").write_text("".join(lines))
    with Store.open(folder / "store") as opened:
        assert opened.load([folder / "data.nq"]).triples_added == 3 * len(LITERALS)
        yield opened
        assert opened.verify().is_sound


def _pairs(store: Store, expression: str) -> dict[tuple[str, str], object]:
    found = rows(
        store,
        f"{PREFIX} SELECT ?a ?b ?v {{ ?a g:is ?x ?t . ?b g:is ?y ?u "
        f"BIND ({expression} AS ?v) }}",
    )
    return {(one, other): value for one, other, value in found}


@pytest.mark.parametrize("name", RELATIONS)
def test_relations_of_valid_times(store: Store, name: str) -> None:
    assert _pairs(store, f"strdf:{name}(?t, ?u)") == {
        (a, b): RELATIONS[name](SPANS[a], SPANS[b]) for a, b in product(SPANS, SPANS)
    }


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_periods_that_are_made(store: Store, name: str) -> None:
    assert _pairs(store, f"strdf:{name}(?t, ?u)") == {
        (a, b): _written(CONSTRUCTIONS[name](SPANS[a], SPANS[b]))
        for a, b in product(SPANS, SPANS)
    }


@pytest.mark.parametrize("name", ["before", "PeriodContains", "starts"])
def test_constants_and_computed_periods_are_periods_too(
    store: Store, name: str
) -> None:
    for other, (text, datatype, _) in LITERALS.items():
        constant = f'"{text}"^^<{datatype}>'
        same = f"strdf:period_intersect({constant}, {constant})"
        for argument in (constant, same):
            found = rows(
                store,
                f"{PREFIX} SELECT ?a (strdf:{name}(?t, {argument}) AS ?v) "
                "{ ?a g:at ?t }",
            )
            assert dict(found) == {
                each: RELATIONS[name](SPANS[each], SPANS[other]) for each in SPANS
            }


def test_the_ends_of_periods_are_instants(store: Store) -> None:
    found = rows(
        store,
        f"{PREFIX} SELECT ?a (strdf:period_start(?t) AS ?s) "
        "(strdf:period_end(?t) AS ?e) { ?a g:at ?t }",
    )
    assert {name: (begin, end) for name, begin, end in found} == {
        name: (
            _iso(begin),
            None
            if end == FOREVER
            else _iso(end - STEP if end.microsecond == 1 else end),
        )
        for name, (begin, end) in SPANS.items()
    }


def test_now_and_until_changed(store: Store) -> None:
    for now in ("NOW()", '"NOW"'):
        condition = f"FILTER (strdf:during({now}, ?t))"
        query = f"{PREFIX} SELECT ?a {{ ?a g:is ?x ?t {condition} }}"
        assert rows(store, query) == [("lasting",)]
    ((made,),) = rows(
        store,
        f'{PREFIX} SELECT (strdf:period("{_text(1)}Z"^^xsd:dateTime, "UC") AS ?p) {{}}',
    )
    assert made == f"[{_text(1)}Z,UC)"


def test_what_is_no_period_is_an_error_of_the_row(store: Store) -> None:
    for text in ("[2012, 2013)", "[2012-02-01, 2012-01-01)", "2012-01-01", ""):
        condition = f'strdf:before("{text}"^^strdf:period, ?t)'
        query = f"{PREFIX} SELECT ?a {{ ?a g:at ?t FILTER ({condition} || true) }}"
        assert len(rows(store, query)) == len(LITERALS)
        query = f"{PREFIX} SELECT ?a {{ ?a g:at ?t FILTER (!{condition}) }}"
        assert rows(store, query) == []


def test_a_constant_time_finds_its_triples(store: Store) -> None:
    text, datatype, _ = LITERALS["closed"]
    query = f'{PREFIX} SELECT ?a {{ ?a g:is ?x "{text}"^^<{datatype}> }}'
    assert rows(store, query) == [("closed",)]


def test_times_are_joined(store: Store) -> None:
    query = f"{PREFIX} SELECT ?a {{ ?a g:is ?x ?t ; g:at ?t . }}"
    assert {name for (name,) in rows(store, query)} == set(LITERALS)
    # Without a time, what always holds: the objects, and which graph is for which time.
    query = f"{PREFIX} SELECT ?a {{ ?a g:is ?x }}"
    assert rows(store, query) == []


def test_optional_and_exists_know_times(store: Store) -> None:
    later = "?b g:is ?y ?u FILTER (strdf:after(?u, ?t))"
    query = f"{PREFIX} SELECT ?a {{ ?a g:is ?x ?t FILTER NOT EXISTS {{ {later} }} }}"
    after = RELATIONS["after"]
    expected = {
        name
        for name, span in SPANS.items()
        if not any(after(other, span) for other in SPANS.values())
    }
    assert {name for (name,) in rows(store, query)} == expected


def test_updates_state_valid_times(tmp_path: Path) -> None:
    day = '"[2012-01-01,2012-01-02)"^^strdf:period'
    with Store.open(tmp_path / "store") as opened:
        opened.update(
            f"{PREFIX} PREFIX g: <http://g/> "
            f"INSERT DATA {{ g:a g:is 1 {day} , 2 {day} }} ; "
            f'INSERT {{ ?a g:was ?x "[2012-01-02,UC)"^^strdf:period }} '
            f"WHERE {{ ?a g:is ?x {day} }} ; DELETE DATA {{ g:a g:is 1 {day} }}"
        )
        query = "SELECT ?p ?x ?t { ?a ?p ?x ?t } ORDER BY ?p ?x"
        assert rows(opened, query) == [
            ("is", 2.0, "[2012-01-01,2012-01-02)"),
            ("was", 1.0, "[2012-01-02,UC)"),
            ("was", 2.0, "[2012-01-02,UC)"),
        ]


@pytest.mark.parametrize(
    ("query", "column", "reason"),
    [
        ("SELECT * { ?s ?p ?o <urn:t> }", 22, "or ';' missing"),
        ('SELECT * { ?s ?p ?o "x" }', 22, "no valid time"),
        ('SELECT * { ?s ?p ?o "[1,2)"^^<' + PERIOD + "> }", 22, "is no period"),
        ("SELECT * { ?s <urn:p>* ?o ?t }", 28, "property path"),
    ],
)
def test_what_is_no_valid_time_is_refused_where_it_stands(
    store: Store, query: str, column: int, reason: str
) -> None:
    with pytest.raises(QuerySyntaxError, match=reason) as caught:
        store.query(query)
    assert (caught.value.line, caught.value.column) == (1, column - 1)


@pytest.mark.parametrize(
    "target", ["?s <urn:p> 1 ?t", f'GRAPH ?g {{ ?s <urn:p> 1 "[1,2)"^^<{PERIOD}> }}']
)
def test_a_template_names_its_graph_by_constants(store: Store, target: str) -> None:
    target = target.replace("[1,2)", "[2012-01-01,UC)")
    with pytest.raises(QuerySyntaxError, match="in a template a valid time is a const"):
        store.update(f"INSERT {{ {target} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o ?t }} }}")


DAY: Final = f'"[2012-01-01,2012-01-02)"^^<{PERIOD}>'
YEAR: Final = f'"[2012-01-01,2013-01-01)"^^<{PERIOD}>'
QUINTS: Final = (
    f"<urn:s> <urn:p> <urn:o1> {DAY} .\n"
    f"<urn:s> <urn:p> <urn:o2> <urn:g1> {DAY} .\n"
    f"<urn:s> <urn:p> <urn:o3> <urn:g1> {YEAR} .\n"
    f"<urn:s> <urn:p> <urn:o4> <urn:g2> {DAY} .\n"
    "<urn:s> <urn:p> <urn:o5> <urn:g2> .\n"
)
"""A statement in the default graph, three in others, and one that always holds."""


@pytest.fixture
def graphs(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "a.nq").write_text(QUINTS)
    with Store.open(tmp_path / "store") as opened:
        opened.load([tmp_path / "a.nq"])
        yield opened


def test_valid_times_in_graphs(graphs: Store) -> None:
    day, year = (each.partition("^^")[0].strip('"') for each in (DAY, YEAR))

    def asked(select: str, pattern: str) -> set[tuple[object, ...]]:
        found = rows(graphs, f"SELECT {select} {{ {pattern} }}")
        assert len(found) == len(set(found))
        return set(found)

    assert asked("?o ?t", "?s <urn:p> ?o ?t") == {("urn:o1", day)}
    assert asked("?o", f"?s <urn:p> ?o {DAY}") == {("urn:o1",)}
    assert asked("?o ?t", "GRAPH <urn:g1> { ?s <urn:p> ?o ?t }") == {
        ("urn:o2", day),
        ("urn:o3", year),
    }
    assert asked("?g ?o ?t", "GRAPH ?g { ?s <urn:p> ?o ?t }") == {
        ("urn:g1", "urn:o2", day),
        ("urn:g1", "urn:o3", year),
        ("urn:g2", "urn:o4", day),
    }
    assert asked("?o", f"GRAPH <urn:g1> {{ ?s ?p ?o {DAY} }}") == {("urn:o2",)}
    assert asked("?g ?o", f"GRAPH ?g {{ ?s ?p ?o {DAY} }}") == {
        ("urn:g1", "urn:o2"),
        ("urn:g2", "urn:o4"),
    }
    assert asked("?o", "GRAPH <urn:g2> { ?s <urn:p> ?o }") == {("urn:o5",)}


def test_updates_of_valid_times_in_graphs(graphs: Store) -> None:
    graphs.update(
        f"INSERT DATA {{ GRAPH <urn:g2> {{ <urn:s> <urn:p> <urn:o6> {YEAR} }} }} ;\n"
        f"DELETE DATA {{ GRAPH <urn:g1> {{ <urn:s> <urn:p> <urn:o2> {DAY} }} }} ;\n"
        f"WITH <urn:g2> INSERT {{ ?s <urn:was> ?o {YEAR} }}\n"
        f"WHERE {{ ?s <urn:p> ?o {DAY} }}"
    )
    text = "SELECT ?g ?p ?o { GRAPH ?g { ?s ?p ?o ?t } } ORDER BY ?o ?p"
    assert rows(graphs, text) == [
        ("urn:g1", "urn:p", "urn:o3"),
        ("urn:g2", "urn:p", "urn:o4"),
        ("urn:g2", "urn:was", "urn:o4"),
        ("urn:g2", "urn:p", "urn:o6"),
    ]


def test_a_graph_with_valid_times_is_constructed(graphs: Store) -> None:
    """The triple, and by the words of RDF what is said of it; read by pyoxigraph."""
    text = "CONSTRUCT { ?s <urn:q> ?o ?t } WHERE { GRAPH ?g { ?s <urn:p> ?o ?t } }"
    answer = graphs.query(text)
    assert isinstance(answer, Graph)
    other = ox.Store()
    other.bulk_load(b"".join(serialize_ntriples(answer)), format=ox.RdfFormat.N_TRIPLES)
    stated = (
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
        "SELECT ?o ?t { ?x a rdf:Statement ; rdf:subject <urn:s> ; "
        "rdf:predicate <urn:q> ; rdf:object ?o ; "
        f"<{STRDF}hasValidTime> ?t . <urn:s> <urn:q> ?o }} ORDER BY ?o"
    )
    solutions = other.query(stated)
    assert isinstance(solutions, ox.QuerySolutions)
    found = [(row["o"].value, str(row["t"])) for row in solutions]
    assert found == [("urn:o2", DAY), ("urn:o3", YEAR), ("urn:o4", DAY)]
    short = graphs.query(f"CONSTRUCT WHERE {{ ?s ?p ?o {DAY} }}")
    assert isinstance(short, Graph)
    assert len(list(short)) == 6


GOOD: Final = f'<urn:a> <urn:b> <urn:c> "[2012-01-01,UC)"^^<{PERIOD}> .\n'
BAD: Final = f'<urn:a> <urn:b> "x" "[2012-02-01,2012-01-01)"^^<{PERIOD}> .\n'


def test_a_malformed_period_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.nq").write_text(GOOD + BAD)
    with Store.open(tmp_path / "store") as opened:
        with pytest.raises(LoadError, match=r"a\.nq:2:21: not N-Quads: .* is empty"):
            opened.load([tmp_path / "a.nq"])
        options = LoadOptions(rejects=tmp_path / "rejects.nq")
        report = opened.load([tmp_path / "a.nq"], options=options)
        assert (report.triples_added, report.lines_rejected) == (2, 1)


def test_other_fourth_terms_are_no_n_quads(tmp_path: Path) -> None:
    for name, line in (
        ("a.nq", '<urn:a> <urn:b> <urn:c> "x" .\n'),
        ("a.nt", GOOD),
    ):
        (tmp_path / name).write_text(line)
        with (
            Store.open(tmp_path / "store") as opened,
            pytest.raises(LoadError, match=f"{name}:1:"),
        ):
            opened.load([tmp_path / name])


def test_a_dump_keeps_valid_times(store: Store, tmp_path: Path) -> None:
    store.dump(tmp_path / "dump.nq")
    with Store.open(tmp_path / "second") as second:
        second.load([tmp_path / "dump.nq"])
        query = "SELECT ?a ?t { ?a g:is ?x ?t }"
        assert sorted(rows(second, query)) == sorted(rows(store, query))
