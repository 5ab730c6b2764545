"""What SQL says of a token is what Python says of the term."""

from datetime import date, timedelta
from operator import itemgetter
from typing import Any

import duckdb
import pyarrow as pa
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import XSD_STRING
from strabon_store.relational.inline import encode_inline
from strabon_store.relational.kinds import literal_kind
from strabon_store.storage.kinds_read import find_kinds
from strabon_store.storage.token_parts import take_apart
from strabon_store.storage.token_sql import DESCRIBE, PARAMETERS

DIGITS = st.text("0123456789", min_size=1, max_size=21)
SIGNS = st.sampled_from(["", "-", "+"])
MOMENTS = st.builds(
    "{:04}-{:02}-{:02}{}{}".format,
    st.integers(0, 10000),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from(["", "T00:00:00", "T23:59:59", "T24:00:00", "T12:60:00", "T1:0:0"]),
    st.sampled_from(["", "Z", "+01:00", "-00:00"]),
)
LEXICALS = st.one_of(
    st.integers().map(str),
    st.integers(-(2**60), 2**60).map(str),
    st.sampled_from([2**58, 2**58 - 1, -(2**58), 1 - 2**58]).map(str),
    st.builds("{}{}.{}".format, SIGNS, DIGITS, DIGITS),
    st.builds("{}{}.{}".format, SIGNS, st.integers(0, 2**51), DIGITS),
    st.builds("{}0.{}{}".format, SIGNS, st.integers(0, 70).map("0".__mul__), DIGITS),
    st.sampled_from(["true", "false", "0", "1", "-0", "-0.0", "00", "", " 1", "1\n"]),
    st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat() + "Z"),
    st.dates().map(date.isoformat),
    MOMENTS,
    st.floats().map(repr),
    st.builds("{}E{}".format, st.floats().map(str), st.integers(-400, 400)),
    st.text(max_size=5),
)
NAMES = (
    "integer",
    "decimal",
    "boolean",
    "dateTime",
    "date",
    "double",
    "float",
    "int",
    "string",
)
LITERALS = st.tuples(LEXICALS, st.sampled_from([XSD.term(name) for name in NAMES]))


@pytest.fixture(scope="module")
def cursor() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def describe(
    cursor: duckdb.DuckDBPyConnection, terms: list[Any]
) -> list[tuple[Any, ...]]:
    tokens = pa.array([str(term) for term in terms], pa.large_string())
    parts = take_apart(tokens)
    said = {name: getattr(parts, name) for name in ("lexical", "datatype", "language")}
    cursor.register("terms_read", pa.table(said))
    worth = cursor.execute(DESCRIBE, PARAMETERS).fetchall()
    columns = [parts.heads.tolist(), *(column.to_pylist() for column in said.values())]
    rows = [
        (chr(head), *rest, inline, number)
        for head, *rest, (_, number, inline) in zip(*columns, worth, strict=True)
    ]
    return [
        row
        for _, row in sorted(
            zip(parts.order.tolist(), rows, strict=True), key=itemgetter(0)
        )
    ]


@settings(max_examples=200, deadline=None)
@given(literals=st.lists(LITERALS, min_size=1, max_size=20))
def test_ids_and_numbers_are_those_of_python(
    cursor: duckdb.DuckDBPyConnection, literals: list[tuple[str, str]]
) -> None:
    terms = [ox.Literal(text, datatype=ox.NamedNode(kind)) for text, kind in literals]
    for (lexical, datatype), row in zip(literals, describe(cursor, terms), strict=True):
        *parts, inline, number = row
        assert inline == encode_inline(lexical, datatype)
        assert parts == ['"', lexical, datatype, None]
        if number is not None:
            assert number == literal_kind(lexical, datatype).number


def test_every_day_of_four_centuries(cursor: duckdb.DuckDBPyConnection) -> None:
    for name, suffix in (("date", ""), ("dateTime", "T23:59:59Z")):
        days = [date(1599, 12, 31) + timedelta(n) for n in range(0, 146_100, 97)]
        datatype = XSD.term(name)
        texts = [day.isoformat() + suffix for day in days]
        terms = [ox.Literal(each, datatype=ox.NamedNode(datatype)) for each in texts]
        found = [row[4] for row in describe(cursor, terms)]
        assert found == [encode_inline(each, datatype) for each in texts]


@settings(deadline=None)
@given(text=st.text(st.sampled_from("\\\"\n\r\t\b\fnrtbfu0041é'")))
def test_escapes(cursor: duckdb.DuckDBPyConnection, text: str) -> None:
    ((_, lexical, datatype, language, *_),) = describe(
        cursor, [ox.Literal(text, language="en-gb")]
    )
    assert (lexical, language) == (text, "en-gb")
    ((_, lexical, datatype, language, *_),) = describe(cursor, [ox.Literal(text)])
    assert (lexical, datatype, language) == (text, XSD_STRING, None)


def test_resources(cursor: duckdb.DuckDBPyConnection) -> None:
    rows = describe(cursor, [ox.NamedNode("urn:é"), ox.BlankNode("a")])
    assert [row[:4] for row in rows] == [
        ("<", "urn:é", None, None),
        ("_", "a", None, None),
    ]


def test_kinds_are_those_of_python(cursor: duckdb.DuckDBPyConnection) -> None:
    literals = [
        ox.Literal(lexical, datatype=ox.NamedNode(XSD.term(name)))
        for name in (*NAMES, "gYear", "duration", "dateTimeStamp")
        for lexical in ("1", "1.5", "-INF", "x", "2001-02-03T04:05:06.7Z", "P1Y", "300")
    ]
    tokens = pa.array([str(term) for term in literals], pa.large_string())
    parts = take_apart(tokens)
    said = {name: getattr(parts, name) for name in ("lexical", "datatype", "language")}
    cursor.register("terms_read", pa.table(said))
    number = cursor.execute(DESCRIBE, PARAMETERS).to_arrow_table()["number"]
    table = pa.table({**said, "number": number})
    found = find_kinds(parts.tags(), table)
    columns = (found.tags.tolist(), found.number.to_pylist(), found.moment.to_pylist())
    ordered = [literals[place] for place in parts.order.tolist()]
    assert list(zip(*columns, strict=True)) == [
        tuple(literal_kind(term.value, term.datatype.value)) for term in ordered
    ]
