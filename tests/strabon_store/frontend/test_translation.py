"""What the text becomes, section by section of 18.2: `translation.txt` and terms."""

from pathlib import Path

import pytest

from strabon_store.algebra.expressions import BuiltIn
from strabon_store.algebra.nodes import BGP, Extend, Project
from strabon_store.algebra.queries import ConstructQuery, DescribeQuery, SelectQuery
from strabon_store.algebra.render import render, render_query
from strabon_store.algebra.terms import IRI, BlankNode, Literal, TermOrVar, Var
from strabon_store.algebra.traverse import sources
from strabon_store.algebra.validate import validate
from strabon_store.frontend import parse_query
from tests.strabon_store.before_after import read_cases

P = "PREFIX : <e:> "
XSD = "http://www.w3.org/2001/XMLSchema#"


CASES = [
    pytest.param(text, expected, id=title)
    for title, text, expected in read_cases(Path(__file__).with_name("translation.txt"))
]


def object_of(text: str) -> TermOrVar:
    pattern = parse_query(f"BASE <http://a/b/> {P} ASK {{ ?s ?p {text} }}").pattern
    assert isinstance(pattern, BGP)
    return pattern.patterns[0].object


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("<c>", IRI("http://a/b/c")),
        ("<../c#d>", IRI("http://a/c#d")),
        ("<urn:x:../y>", IRI("urn:x:../y")),
        (":c", IRI("e:c")),
        (":", IRI("e:")),
        (r":a\,b%20c.d", IRI("e:a,b%20c.d")),
        ("1", Literal("1", f"{XSD}integer")),
        ("-01", Literal("-01", f"{XSD}integer")),
        ("+1.50", Literal("+1.50", f"{XSD}decimal")),
        (".5e-3", Literal(".5e-3", f"{XSD}double")),
        ("TRUE", Literal("true", f"{XSD}boolean")),
        ("'it\\'s'", Literal("it's")),
        ('"a\\tb\\\\n"', Literal("a\tb\\n")),
        ('"""a "quoted"\nline"""', Literal('a "quoted"\nline')),
        ("''''two''quotes'''", Literal("'two''quotes")),
        (r'"\u00e9\U0001F40B"', Literal("é🐋")),
        (r'"\\u00e9"', Literal(r"\u00e9")),
        ('"is"@DA-dk', Literal("is", language="da-dk")),
        ('"1"^^:t', Literal("1", "e:t")),
        ("?o", Var("o")),
        ("$o", Var("o")),
        ("_:b1", Var("_:b1")),
        ("[]", Var("_:.anon0")),
        ("()", IRI("http://www.w3.org/1999/02/22-rdf-syntax-ns#nil")),
    ],
)
def test_terms(text: str, term: TermOrVar) -> None:
    assert object_of(text) == term


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_patterns(text: str, expected: str) -> None:
    query = parse_query(P + text)
    validate(query.pattern)
    assert render_query(query) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"),
        ("?x -1", "(- ?x 1)"),
        ("?x +2*?y/3", "(+ ?x (/ (* 2 ?y) 3))"),
        ("-?x", "(- ?x)"),
        ("+?x", "(- (- ?x))"),
        ("!?x = ?y", "(= (! ?x) ?y)"),
        ("?a || ?b && ?c || ?d", "(|| (|| ?a (&& ?b ?c)) ?d)"),
        ("?x NOT IN (1, :a)", "(! (in ?x 1 <e:a>))"),
        ("?x IN ()", "(in ?x)"),
        ("if(bound(?x), coalesce(?y), 1)", "(if (bound ?x) (coalesce ?y) 1)"),
        ("isuri(uri(?x))", "(isiri (iri ?x))"),
        ("geof:sfWithin(?x, ?y)", "(geof:sfWithin ?x ?y)"),
        ("now() = rand()", "(= (now) (rand))"),
        ("NOT EXISTS { ?s :p 'a  b' }", '(! (exists (bgp (triple ?s <e:p> "a  b"))))'),
        ("?x<?y", "(< ?x ?y)"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    geof = "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    query = parse_query(f"{geof}{P}ASK {{ FILTER({text}) }}")
    assert render(query.pattern) == f"(filter {expected}\n  (bgp))"


def test_equal_aggregates_share_a_variable() -> None:
    text = (
        "SELECT (COUNT(?o) AS ?n) { ?s :p ?o } HAVING(COUNT(?o) > 1 && COUNT(?s) > 2)"
    )
    assert render_query(parse_query(P + text)).count("(count ") == 2


def test_iri_is_told_the_base() -> None:
    pattern = parse_query("BASE <http://a/b> SELECT (IRI('c') AS ?i) {}").pattern
    assert isinstance(pattern, Project)
    extend = pattern.source
    assert isinstance(extend, Extend)
    assert extend.expression == BuiltIn("IRI", (Literal("c"), IRI("http://a/b")))


def test_the_base_of_the_caller_is_overridden_by_the_text() -> None:
    for text in ("ASK { <x> ?p ?o }", "BASE <http://b/c> ASK { <x> ?p ?o }"):
        pattern = parse_query(text, base="http://b/").pattern
        assert isinstance(pattern, BGP)
        assert pattern.patterns[0].subject == IRI("http://b/x")


def test_a_template_has_blank_nodes_of_its_own() -> None:
    query = parse_query(P + "CONSTRUCT { _:b :p ?o } WHERE { _:b :q ?o }")
    assert isinstance(query, ConstructQuery)
    assert query.template[0].subject == BlankNode("b")
    short = parse_query(P + "CONSTRUCT WHERE { _:b :p ?o }")
    assert isinstance(short, ConstructQuery)
    (bgp,) = sources(short.pattern)
    assert isinstance(bgp, BGP)
    assert bgp.patterns[0].subject == Var("_:b")
    assert short.template[0].subject == BlankNode("b")


def test_describe_names_resources() -> None:
    query = parse_query(P + "DESCRIBE :a ?x { ?x :p _:b }")
    assert isinstance(query, DescribeQuery)
    assert query.resources == (IRI("e:a"), Var("x"))
    every = parse_query(P + "DESCRIBE * { ?x :p _:b }")
    assert isinstance(every, DescribeQuery)
    assert every.resources == (Var("x"),)


def test_the_dataset_is_kept() -> None:
    query = parse_query("SELECT * FROM <e:a> FROM NAMED <e:b> { ?s ?p ?o }")
    assert query.dataset.default == (IRI("e:a"),)
    assert query.dataset.named == (IRI("e:b"),)
    assert isinstance(query, SelectQuery)
    assert query.variables == (Var("s"), Var("p"), Var("o"))
    assert len(sources(query.pattern)) == 1
