"""A query that is not SPARQL: the message says where, what, and what would fit."""

import resource

import pytest

from strabon_store.errors import QuerySyntaxError, UnsupportedFeature
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes

P = "PREFIX : <e:> "
MANY = 1_000_000


def error_of(text: str) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_query(text)
    return caught.value


def test_an_error_shows_the_line_with_a_caret_and_what_would_fit() -> None:
    error = error_of("SELECT ?x WHERE {\n  ?x ?p\n}")
    assert (error.line, error.column, error.found) == (3, 1, "'}'")
    assert str(error) == (
        "line 3, column 1: unexpected '}'\n"
        "  }\n"
        "  ^\n"
        "expected one of: (), a blank node, a literal, a variable, an IRI, '(', '['"
    )


def test_an_unfinished_query_ends_where_its_text_ends() -> None:
    error = error_of("ASK {\n ?s ?p ?o \n\n")
    assert (error.line, error.column) == (2, 10)
    assert error.found == "end of the query"
    assert "'}'" in error.expected


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("SELEC ?x {}", "SELEC", ["SELECT", "ASK"]),
        ("SELECT ?x { ?x ?y ?z } LIMIT ten", "ten", ["an integer"]),
        ("ASK { FILTER(FLOR(?x)) }", "FLOR", ["did you mean FLOOR?"]),
        ("ASK { FILTER(nonsense(?x)) }", "nonsense", ["unknown function nonsense"]),
        ("ASK { << ?s ?p ?o >> ?q ?r }", "<", ["triple terms", "SPARQL 1.2"]),
        ("ASK { ?s ?p ?o ~ ?r }", "~", ["reifiers of SPARQL 1.2"]),
        ("ASK { FILTER(isTRIPLE(?x)) }", "isTRIPLE", ["triple terms"]),
        ('ASK { ?s ?p "a"@en--ltr }', "--ltr", ["base directions of SPARQL 1.2"]),
        ("ASK { ?s ?p ?o LATERAL {} }", "LATERAL", ["in no standard"]),
        ("ASK { ?s ?p 'open }", "'open", ["no end"]),
        (r'ASK { ?s ?p "\q" }', r'"\q', ["escape"]),
        ("ASK { FILTER(?a<?b&&?c>?d) }", "<?b", ["put a space after the '<'"]),
        ("ASK { ?s geo:asWKT ?o }", "geo:", ["declare it: PREFIX geo: <http://www."]),
        ("PREFIX mine: <e:> ASK { ?s mien:p 1 }", "mien", ["did you mean 'mine:'"]),
        ("ASK { ?s gef:p 1 }", "gef", ["did you mean 'geof:' (<http://www.opengis"]),
        ("ASK { ?s zzzzzz:p 1 }", "zzzzzz", ["declare it: PREFIX zzzzzz: <...>"]),
        ("ASK { <s> ?p 1 }", "<s>", ["relative", "BASE"]),
        ("ASK { FILTER(REGEX(?x)) }", "REGEX", ["REGEX takes 2 to 3 arguments, 1"]),
        ("ASK { FILTER(BOUND(1)) }", "1", ["BOUND takes a variable"]),
        ("ASK { ?s ?p ?o BIND(1 AS ?s) }", "?s)", ["choose another name"]),
        ("SELECT (1 AS ?s) { ?s ?p ?o }", "?s)", ["choose another name"]),
        ("SELECT (1 AS ?a) (2 AS ?a) {}", "?a) {", ["choose another name"]),
        ("SELECT ?s { ?s ?p ?o } GROUP BY (1 AS ?s)", "?s)", ["choose another"]),
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?p", "?s {", ["add it to GROUP BY"]),
        ("SELECT (?s + 1 AS ?n) {?s ?p ?o} GROUP BY ?p", "?n", ["?s is neither"]),
        ("SELECT * { ?s ?p ?o } GROUP BY ?p", "*", ["cannot show groups"]),
        ("SELECT (SUM(COUNT(*)) AS ?n) {}", "COUNT", ["inside another"]),
        ("ASK { FILTER(COUNT(*) > 1) }", "COUNT", ["SELECT, HAVING and ORDER BY"]),
        ("SELECT (SUM(*) AS ?n) {}", "*", ["only COUNT takes *"]),
        ("SELECT (SUM(1; SEPARATOR=',') AS ?n) {}", "','", ["GROUP_CONCAT has"]),
        ("ASK { VALUES (?a ?b) { (1 2) (1) } }", "1) }", ["1 values for 2 variables"]),
        ("ASK { VALUES (?a ?a) { } }", "?a ?a", ["twice"]),
        ("ASK { _:a ?p 1 OPTIONAL { _:a ?q 2 } }", "_:a ?q", ["another basic graph"]),
    ],
)
def test_an_error_names_the_place_and_the_cure(
    text: str, place: str, words: list[str]
) -> None:
    error = error_of(text)
    assert error.line == 1
    assert text[error.column - 1 :].startswith(place)
    for word in words:
        assert word in str(error)


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        (P + "SELECT (:sum(DISTINCT ?x) AS ?s) {}", "no aggregate <e:sum>"),
    ],
)
def test_what_is_not_compiled_yet_is_named_with_its_place(
    text: str, feature: str
) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        parse_query(text)
    assert feature in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ASK " + "{" * 500 + "}" * 500,
        "ASK { FILTER(" + "!(" * 500 + "?x" + ")" * 500 + ") }",
        "ASK { FILTER(" + " + ".join(["?x"] * 500) + " > 1) }",
        "ASK {" + "OPTIONAL { ?s ?p ?o }" * 500 + "}",
        "ASK {" + "".join(f"BIND({i} AS ?x{i})" for i in range(500)) + "}",
    ],
)
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedFeature, match="nesting deeper than"):
        parse_query(text)


@pytest.mark.parametrize(
    "text",
    [
        "ASK { (" + "?x " * 100 + ") ?p ?o }",
        "ASK { " + " . ".join(f"?s ?p ?o{i}" for i in range(10_000)) + " }",
    ],
)
def test_a_graph_pattern_that_no_engine_can_plan_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedFeature, match="triple patterns, more than 128"):
        parse_query(text)


@pytest.mark.parametrize(
    ("text", "column", "excerpt"),
    [
        ("ASK { " + "?s ?p ?o . " * 500 + "}}", 5508, "\n  ... o . ?s"),
        ("\tASK\t{ ?s }", 11, "   ASK { ?s }\n            ^"),
        ("SELECT " + "x" * 1_000_000, 8, "SELECT xxx"),
    ],
)
def test_an_error_shows_what_is_around_its_place(
    text: str, column: int, excerpt: str
) -> None:
    error = error_of(text)
    assert error.column == column
    assert excerpt in str(error)
    assert len(str(error)) < 700


@pytest.mark.parametrize(
    "text", ["ASK { ?s ?p '\ud800' }", "\udfff", "ASK {} # \udc00"]
)
def test_half_a_surrogate_pair_is_no_character(text: str) -> None:
    assert "U+D" in str(error_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "ASK {" + "OPTIONAL { ?s ?p ?o" * 60 + "}" * 61,
        "ASK { FILTER(" + "!(" * 140 + "?x" + ")" * 140 + ") }",
        "ASK {" + "OPTIONAL { ?s ?p ?o }" * 140 + "}",
        "ASK {" + "".join(f"BIND({i} AS ?x{i})" for i in range(140)) + "}",
        "ASK { FILTER(" + "(" * 500 + "?x" + ")" * 500 + ") }",
        "ASK { FILTER(" + " || ".join(["?x = 1"] * 5000) + ") }",
        "ASK { " + " UNION ".join(["{ ?s ?p ?o }"] * 2000) + " }",
        "ASK { " + "?s ?p ?o . " * 5000 + "}",
    ],
)
def test_what_is_deep_or_long_within_limits_goes_through_all_passes(text: str) -> None:
    run_passes(parse_query(text))


@pytest.mark.parametrize(
    "term",
    [
        '"' + "x" * MANY + '"',
        '"' + r"\n" * MANY + '"',
        '"""' + '""x' * MANY + '"""',
        "'''" + "''\n" * MANY + "'''",
        '"x"@a' + "-b" * MANY,
        ":a" + "b" * MANY,
        ":a" + ".b" * MANY,
        "_:a" + ".b" * MANY,
    ],
    ids=[
        "plain",
        "escapes",
        "long",
        "long single",
        "language",
        "name",
        "dots",
        "label",
    ],
)
def test_a_long_term_takes_about_the_memory_of_its_text(term: str) -> None:
    text = f"PREFIX : <http://e/> ASK {{ ?s ?p {term} }}"
    parse_query("ASK {}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    parse_query(text)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    # A regular expression that remembers where it could go back takes 500 times it.
    assert grown < 40 * len(text) + 50_000_000
