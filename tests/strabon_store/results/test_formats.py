"""Each format is read back by somebody else's parser."""

import csv
import io
import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontologies.namespaces import GEO, XSD
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.geojson import NoGeometry, serialize_geojson
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Row, Solutions
from tests.geometries import CROSSED

AWKWARD = (
    (IRI("http://example.org/ä b"[:-2]), Literal('quote " and, comma\nand line')),
    (BlankNode("b0"), Literal("grün", language="de")),
    (None, Literal("007", XSD.term("integer"))),
    (Literal("\ttab and \\ backslash"), None),
)
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
)
TERMS = st.one_of(
    st.none(),
    st.builds(Literal, TEXT),
    st.builds(lambda t: Literal(t, language="en"), TEXT),
    st.builds(lambda t: Literal(t, XSD.term("token")), TEXT),
    st.integers().map(lambda n: IRI(f"http://example.org/{n}")),
)
ROWS = st.lists(st.tuples(TERMS, TERMS), max_size=5)


def written(name: str, rows: Sequence[Row]) -> str:
    solutions = Solutions(("a", "b"), iter(rows))
    return b"".join(RESULT_FORMATS[name].serialize(solutions)).decode()


def _ours(term: ox.NamedNode | ox.BlankNode | ox.Literal | None) -> Term | None:
    match term:
        case ox.NamedNode():
            return IRI(term.value)
        case ox.BlankNode():
            return BlankNode(term.value)
        case ox.Literal():
            return Literal(term.value, term.datatype.value, term.language)
        case _:
            return None


def read_back(name: str, text: str) -> list[Row]:
    # Oxigraph trims white space from literals in XML, so XML has a reader of its own.
    return _read_xml(text) if name == "xml" else _read_by_oxigraph(name, text)


def _read_by_oxigraph(name: str, text: str) -> list[Row]:
    formats = {
        "json": ox.QueryResultsFormat.JSON,
        "tsv": ox.QueryResultsFormat.TSV,
    }
    solutions = ox.parse_query_results(text, formats[name])
    assert isinstance(solutions, ox.QuerySolutions)
    return [(_ours(row["a"]), _ours(row["b"])) for row in solutions]


def _read_xml(text: str) -> list[Row]:
    space = "{http://www.w3.org/2005/sparql-results#}"
    rows: list[Row] = []
    for result in ET.fromstring(text).iter(f"{space}result"):
        found = {b.get("name"): _xml_term(b[0]) for b in result}
        rows.append((found.get("a"), found.get("b")))
    return rows


def _xml_term(element: ET.Element) -> Term:
    value = element.text or ""
    match element.tag.partition("}")[2]:
        case "uri":
            return IRI(value)
        case "bnode":
            return BlankNode(value)
        case _:
            language = element.get("{http://www.w3.org/XML/1998/namespace}lang")
            datatype = element.get("datatype", XSD.term("string"))
            return Literal(value, datatype, language)


@pytest.mark.parametrize("name", ["json", "xml", "tsv"])
def test_awkward_terms_survive(name: str) -> None:
    assert read_back(name, written(name, AWKWARD)) == list(AWKWARD)


@pytest.mark.parametrize("name", ["json", "xml", "tsv"])
@settings(deadline=None)  # the machine may be busy
@given(rows=ROWS)
def test_every_row_survives(name: str, rows: list[Row]) -> None:
    assert read_back(name, written(name, rows)) == rows


def test_csv_keeps_the_values_and_the_line_ends_of_the_format() -> None:
    text = written("csv", AWKWARD)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["a", "b"]
    assert rows[1][1] == 'quote " and, comma\nand line'
    assert rows[2] == ["_:b0", "grün"]
    assert rows[3] == ["", "007"]
    assert text.endswith("\r\n")


@pytest.mark.parametrize("name", ["json", "xml"])
@pytest.mark.parametrize("answer", [True, False])
def test_ask_answers_are_read_back(name: str, *, answer: bool) -> None:
    text = b"".join(RESULT_FORMATS[name].serialize(answer))
    formats = {
        "json": ox.QueryResultsFormat.JSON,
        "xml": ox.QueryResultsFormat.XML,
    }
    parsed = ox.parse_query_results(text, formats[name])
    assert isinstance(parsed, ox.QueryBoolean)
    assert bool(parsed) == answer


def test_characters_that_xml_cannot_hold_are_replaced_there_and_kept_in_json() -> None:
    rows = [(Literal("bell \x07"), None)]
    assert "\x07" not in written("xml", rows)
    assert _read_by_oxigraph("json", written("json", rows)) == rows


def _wkt(text: str) -> Literal:
    return Literal(text, GEO.term("wktLiteral"))


def test_geojson_is_longitude_latitude_whatever_the_literal_says() -> None:
    epsg_4326 = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (80 -10)"
    rows = [(_wkt(epsg_4326), Literal("12", XSD.term("integer"))), (None, None)]
    collection = json.loads(written("geojson", rows))
    first, second = collection["features"]
    assert first["geometry"]["coordinates"] == pytest.approx([-10, 80])
    assert first["properties"] == {"b": 12}
    assert second["geometry"] is None


def test_geojson_has_no_geometry_where_an_outline_crosses_itself() -> None:
    collection = json.loads(written("geojson", [(_wkt(CROSSED), None)]))
    assert [each["geometry"] for each in collection["features"]] == [None]


def test_geojson_without_a_geometry_says_so() -> None:
    with pytest.raises(NoGeometry, match="nothing to draw"):
        written("geojson", [(Literal("a"), None)])
    with pytest.raises(NoGeometry, match=r"\?c is not"):
        list(serialize_geojson(Solutions(("a",), iter([])), geometry="c"))
    with pytest.raises(NoGeometry):
        list(serialize_geojson(result=True))
