"""The fast path takes no more than what pyoxigraph takes, and spells it the same."""

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ontologies.namespaces import RDF, XSD
from strabon_store.storage.lines import NO_GRAPH, Lines, cut_lines
from strabon_store.storage.token_patterns import STRICT, WRITTEN, checked

N_QUADS = ox.RdfFormat.N_QUADS

ODD = (
    "ab:/?#[]@%41\\.-_~'g \"<>{}|^`\t\x00\x7f\x85"
    "\u00e9\u00a0\ufffe\uffff\ue000\U0001f9ca"
)
texts = st.text(ODD, max_size=8)
iris = st.builds(
    "<{}{}{}>".format,
    st.sampled_from(["urn:", "http:", "http://", "http://a", "a+b.c:", "", "1:"]),
    texts,
    st.sampled_from(["", "#b", "/c", "#string", "?q"]),
)
blanks = st.text("ab0._-\u00b7:", max_size=5).map("_:{}".format)
escapes = st.sampled_from(
    [r"\n", r"\"", r"\\", r"\t", r"\u0041", r"\u0001", r"\u007F", r"\u007f", r"\uFFFE"]
)
quoted = st.lists(texts | escapes, max_size=3).map("".join).map('"{}"'.format)
suffixes = st.one_of(
    st.just(""),
    iris.map("^^{}".format),
    st.sampled_from(["integer", "string", "double"]).map(
        lambda name: f"^^<{XSD.term(name)}>"
    ),
    st.sampled_from(["langString", "dirLangString", "HTML"]).map(
        lambda name: f"^^<{RDF.term(name)}>"
    ),
    st.text("abEN1-", max_size=9).map("@{}".format),
    st.sampled_from(["@en", "@en-gb", "@zh-hant-tw", "@es-419", "@en--ltr"]),
)
literals = st.builds("{}{}".format, quoted, suffixes)
lines = st.builds(
    "{} {} {}{} .{}\n".format,
    iris | blanks,
    iris,
    iris | blanks | literals,
    st.one_of(st.just(""), iris.map(" {}".format), blanks.map(" {}".format)),
    st.sampled_from(["", "", "\r"]),
)


@pytest.fixture(scope="module")
def cursor() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def cut(cursor: duckdb.DuckDBPyConnection, text: str, pattern: str) -> Lines:
    return checked(cursor, cut_lines(text.encode()), pattern)


def split(
    cursor: duckdb.DuckDBPyConnection, text: str, pattern: str, graph: str | None = None
) -> list[tuple[str | None, ...]]:
    """The tokens of the lines of a text that fit."""
    statements = cut(cursor, text, pattern).statements.in_graph(graph)
    tokens = statements.tokens.to_pylist()
    return [
        tuple(None if place == NO_GRAPH else tokens[place] for place in row)
        for row in statements.places.tolist()
    ]


@settings(max_examples=1000, deadline=None)
@given(line=lines)
def test_what_fits_is_valid_and_spelled_in_the_one_way(
    cursor: duckdb.DuckDBPyConnection, line: str
) -> None:
    assume(line.encode("utf-8", "ignore").decode() == line)
    rows = split(cursor, line.replace("\n", "", line.count("\n") - 1), STRICT)
    if rows:
        (quad,) = ox.parse(line.encode(), N_QUADS)
        written = ox.serialize([quad], format=N_QUADS)
        assert written is not None
        assert written.decode() == line.replace("\r\n", "\n")
        assert split(cursor, written.decode(), WRITTEN) == rows


@pytest.mark.parametrize(
    "line",
    [
        '<urn:a> <urn:b> "c" .',
        '<urn:a> <urn:b> "c d \\" . e"@en .',
        "_:a-b.c <http://e.org:80/%C3%A9/é?q=a/b?c#d> <file:///e> .",
        f'<urn:a> <urn:b> " 1 2 "^^<{XSD.term("integer")}> <urn:g h> .'.replace(
            " h", ""
        ),
        '<urn:a> <urn:b> "POINT (1 2)"^^<http://e.org/wktLiteral> _:g .',
        '<urn:a> <urn:b> "<urn:c> <urn:d> ." .',
        '<urn:a> <urn:b> "\\u0000" .',
    ],
)
def test_common_lines_fit(cursor: duckdb.DuckDBPyConnection, line: str) -> None:
    ((subject, predicate, value, graph),) = split(cursor, line + "\r\n", STRICT)
    tokens = [subject, predicate, value, *([graph] if graph else [])]
    assert " ".join(str(token) for token in tokens) + " ." == line


terms = st.one_of(
    st.builds(ox.Literal, st.text()),
    st.builds(lambda text: ox.Literal(text, language="en-GB"), st.text(max_size=5)),
    st.builds(
        lambda text: ox.Literal(text, datatype=ox.NamedNode("urn:d")),
        st.text(max_size=5),
    ),
    st.just(ox.NamedNode("http://[::1]/é")),
    st.just(ox.BlankNode("a")),
)


@settings(deadline=None)
@given(values=st.lists(terms, min_size=1, max_size=5), named=st.booleans())
def test_all_that_pyoxigraph_writes_is_split(
    cursor: duckdb.DuckDBPyConnection,
    values: list[ox.Literal | ox.NamedNode | ox.BlankNode],
    *,
    named: bool,
) -> None:
    node = ox.NamedNode("urn:x")
    graph = node if named else ox.DefaultGraph()
    quads = [ox.Quad(node, node, value, graph) for value in values]
    text = ox.serialize(quads, format=N_QUADS)
    assert text is not None
    rows = split(cursor, text.decode(), WRITTEN)
    assert [str(row[2]) for row in rows] == [_token(value) for value in values]
    assert {row[3] for row in rows} == {"<urn:x>" if named else None}


def _token(value: ox.Literal | ox.NamedNode | ox.BlankNode) -> str:
    node = ox.NamedNode("urn:x")
    text = ox.serialize([ox.Triple(node, node, value)], format=ox.RdfFormat.N_TRIPLES)
    assert text is not None
    return text.decode()[len("<urn:x> <urn:x> ") : -len(" .\n")]


def test_triples_go_to_the_graph_that_is_asked_for(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    text = "<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> <urn:c> <urn:h> .\n"
    graphs = [row[3] for row in split(cursor, text, STRICT, "<urn:g>")]
    assert graphs == ["<urn:g>", "<urn:h>"]


def test_lines_that_do_not_fit_are_told_with_their_numbers(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    text = "<urn:a> <urn:b> <urn:c> .\n# no statement\n\n<urn:a>  <urn:b> <urn:c>.\n"
    lines = cut(cursor, text, STRICT)
    assert lines.fits.tolist() == [True, False, False, False]
    assert lines.statements.tokens.to_pylist() == ["<urn:a>", "<urn:b>", "<urn:c>"]
    assert [lines.line(number) for number in (1, 2, 3)] == [
        b"# no statement\n",
        b"\n",
        b"<urn:a>  <urn:b> <urn:c>.\n",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "<urn:a> <urn:b> .",
        '"a" <urn:b> <urn:c> .',
        "<urn:a> _:b <urn:c> .",
        "<urn:a> <urn:b> <urn:c> <urn:d> <urn:e> .",
        '<urn:a> <urn:b> <urn:c> "d" .',
        '<urn:a> <urn:b> "c" d" .',
        "<urn:a> <urn:b> <urn:c> _:d\u00b7 .",
        "<urn:a> <urn:b> <urn:c>  .",
        " <urn:a> <urn:b> <urn:c> .",
        "<urn:a> <urn:b> <urn:c> . ",
    ],
)
def test_other_lines_do_not(cursor: duckdb.DuckDBPyConnection, line: str) -> None:
    good = "<urn:a> <urn:b> <urn:c> .\n"
    assert cut(cursor, good + line + "\n" + good, STRICT).fits.tolist() == [
        True,
        False,
        True,
    ]


def test_what_is_no_utf_8_does_not_fit() -> None:
    text = b'<urn:a> <urn:b> "c" .\n<urn:a> <urn:b> "\xff" .\n'
    lines = cut_lines(text)
    assert lines.fits.tolist() == [True, False]
    assert lines.spliced([(1, b"<urn:a> <urn:d> _:e .\n")]) == (
        b'<urn:a> <urn:b> "c" .\n<urn:a> <urn:d> _:e .\n'
    )


def test_a_text_without_lines() -> None:
    assert not len(cut_lines(b"").statements)
