"""Ids that are values restore the lexical form, and kinds follow XSD."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontologies.namespaces import GEO, XSD
from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import INLINE, PAYLOAD_BITS, Tag
from strabon_store.relational.inline import decode_inline, encode_inline
from strabon_store.relational.kinds import kind_of

DIGITS = st.text("0123456789", min_size=1, max_size=20)
LEXICALS = st.one_of(
    st.integers().map(str),
    st.integers(-(2**60), 2**60).map(str),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-", "+"]), DIGITS, DIGITS),
    st.sampled_from(["true", "false", "0", "1", "-0", "-0.0", "00", "", " 1", "1\n"]),
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat() + "Z"),
    st.dates().map(date.isoformat),
    st.text(max_size=5),
)
DATATYPES = st.sampled_from(
    [XSD.term(n) for n in ("integer", "decimal", "boolean", "dateTime", "date", "int")]
)


@given(LEXICALS, DATATYPES)
def test_what_is_inline_comes_back_to_the_letter(lexical: str, datatype: str) -> None:
    term_id = encode_inline(lexical, datatype)
    if term_id is not None:
        assert decode_inline(term_id) == Literal(lexical, datatype)
        assert 0 <= term_id < 2**63
        assert term_id >> PAYLOAD_BITS in INLINE


@given(
    st.lists(st.tuples(LEXICALS, DATATYPES), min_size=2, max_size=2, unique=True),
)
def test_two_literals_never_share_an_id(pair: list[tuple[str, str]]) -> None:
    first, second = (encode_inline(*each) for each in pair)
    assert first is None or first != second


@pytest.mark.parametrize(
    ("lexical", "name", "tag"),
    [
        ("0", "integer", Tag.INTEGER),
        (str(2**58 - 1), "integer", Tag.INTEGER),
        (str(1 - 2**58), "integer", Tag.INTEGER),
        ("12.50", "decimal", Tag.DECIMAL),
        ("-0.05", "decimal", Tag.DECIMAL),
        ("0.0", "decimal", Tag.DECIMAL),
        ("false", "boolean", Tag.BOOLEAN),
        ("1", "boolean", Tag.BOOLEAN),
        ("0001-01-01T00:00:00Z", "dateTime", Tag.DATETIME),
        ("9999-12-31T23:59:59Z", "dateTime", Tag.DATETIME),
        ("2024-02-29", "date", Tag.DATE),
    ],
)
def test_inline(lexical: str, name: str, tag: Tag) -> None:
    term_id = encode_inline(lexical, XSD.term(name))
    assert term_id is not None
    assert term_id >> PAYLOAD_BITS == tag


@pytest.mark.parametrize(
    ("lexical", "name"),
    [
        (str(2**58), "integer"),
        ("-0", "integer"),
        ("+1", "integer"),
        ("01", "integer"),
        ("\u0661", "integer"),
        ("-0.0", "decimal"),
        ("1.", "decimal"),
        (".5", "decimal"),
        ("1", "decimal"),
        ("0." + "0" * 64, "decimal"),
        ("2251799813685248.0", "decimal"),
        ("2024-02-30", "date"),
        ("2024-02-29Z", "date"),
        ("0000-01-01", "date"),
        ("2024-01-01T00:00:00", "dateTime"),
        ("2024-01-01T24:00:00Z", "dateTime"),
        ("2024-01-01T00:00:60Z", "dateTime"),
        ("2024-01-01T00:00:00.5Z", "dateTime"),
        ("2024-01-01T00:00:00+00:00", "dateTime"),
        ("1", "int"),
    ],
)
def test_not_inline(lexical: str, name: str) -> None:
    assert encode_inline(lexical, XSD.term(name)) is None


def test_a_key_of_the_dictionary_is_no_value() -> None:
    with pytest.raises(InternalError, match="dictionary"):
        decode_inline(Tag.STRING << PAYLOAD_BITS | 7)


def typed(name: str) -> Callable[[str], Literal]:
    return lambda lexical: Literal(lexical, XSD.term(name))


@pytest.mark.parametrize(
    ("term", "tag"),
    [
        (IRI("https://e.org/"), Tag.IRI),
        (BlankNode("b"), Tag.BLANK),
        (Literal("x"), Tag.STRING),
        (Literal("x", XSD_STRING), Tag.STRING),
        (Literal("x", language="en"), Tag.LANGUAGE),
        (Literal("x", XSD.term("token")), Tag.OTHER),
        (Literal("POINT(", GEO.term("wktLiteral")), Tag.GEOMETRY),
        (Literal("{}", GEO.term("geoJSONLiteral")), Tag.GEOMETRY),
        (Literal("x", GEO.term("gmlLiteral")), Tag.GEOMETRY),
        (typed("integer")("042"), Tag.EXACT),
        (typed("integer")(" 42"), Tag.OTHER),
        (typed("integer")("9" * 5000), Tag.EXACT),
        (typed("byte")("-128"), Tag.EXACT),
        (typed("byte")("-129"), Tag.OTHER),
        (typed("positiveInteger")("0"), Tag.OTHER),
        (typed("decimal")("1e3"), Tag.OTHER),
        (typed("decimal")("+.5"), Tag.EXACT),
        (typed("double")("1e3"), Tag.NUMBER),
        (typed("double")("-INF"), Tag.NUMBER),
        (typed("double")("inf"), Tag.OTHER),
        (typed("float")("NaN"), Tag.NUMBER),
        (typed("dateTime")("2024-01-01T00:00:00"), Tag.MOMENT),
        (typed("dateTime")("2024-01-01T24:00:00Z"), Tag.MOMENT),
        (typed("dateTime")("2024-01-01T24:00:01Z"), Tag.OTHER),
        (typed("dateTime")("2023-02-29T00:00:00Z"), Tag.OTHER),
        (typed("dateTime")("-0044-03-15T12:00:00Z"), Tag.MOMENT),
        (typed("date")("2024-01-01+14:01"), Tag.OTHER),
        (typed("time")("23:59:59.999-05:00"), Tag.MOMENT),
        (typed("time")("25:00:00"), Tag.OTHER),
    ],
)
def test_kinds(term: Term, tag: Tag) -> None:
    assert kind_of(term).tag is tag


@pytest.mark.parametrize(
    ("lexical", "name", "number"),
    [
        ("042", "integer", 42.0),
        ("1e3", "double", 1000.0),
        ("+INF", "double", float("inf")),
        ("0.1", "float", 0.10000000149011612),
        ("1e300", "float", float("inf")),
    ],
)
def test_numbers(lexical: str, name: str, number: float) -> None:
    assert kind_of(typed(name)(lexical)).number == number


@pytest.mark.parametrize(
    ("lexical", "name", "seconds"),
    [
        ("1970-01-01T01:00:00+01:00", "dateTime", 0),
        ("1970-01-01T00:00:00", "dateTime", 0),
        ("1969-12-31T24:00:00Z", "dateTime", 0),
        ("1970-01-01T00:00:00.25Z", "dateTime", 0.25),
        ("1970-01-02-05:00", "date", 86_400 + 5 * 3600),
        ("2000-03-01T00:00:00.0Z", "dateTime", 951_868_800),
        ("0000-03-01T00:00:00Z", "dateTime", 951_868_800 - 5 * 146_097 * 86_400),
    ],
)
def test_moments(lexical: str, name: str, seconds: float) -> None:
    assert kind_of(typed(name)(lexical)).moment == seconds * 1_000_000
