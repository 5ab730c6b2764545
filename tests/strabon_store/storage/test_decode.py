"""Columns become terms in their canonical forms."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term
from strabon_store.errors import InternalError
from strabon_store.relational.encoding import PAYLOAD_BITS, Plain, Tag, TermId, Typed
from strabon_store.relational.inline import encode_inline
from strabon_store.relational.kinds import kind_of
from strabon_store.relational.plain import render_plain
from strabon_store.results.columns import Row
from strabon_store.results.decode import DecodedColumn, decode_batches, parse_plain
from strabon_store.results.lexical import render_datetime, render_double, render_float

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TERMS: st.SearchStrategy[Term] = st.one_of(
    TEXT.map(Literal),
    st.builds(lambda text: Literal(text, language="en-gb"), TEXT),
    st.builds(lambda text: Literal(text, XSD.term("token")), TEXT),
    st.integers().map(lambda n: IRI(f"urn:{n}")),
    st.integers(0).map(lambda n: BlankNode(f"b{n}")),
)


@given(TERMS)
def test_plain_is_read_as_it_is_written(term: Term) -> None:
    assert parse_plain(render_plain(term)) == term


def test_plain_of_others_is_read_too() -> None:
    assert parse_plain(r'"\u00e4\t\U0001F9CA\""') == Literal('ä\t\U0001f9ca"')


def test_what_is_no_term_is_our_mistake() -> None:
    with pytest.raises(InternalError, match="no term"):
        parse_plain("five")


def decode(column: pa.Array, datatype: str) -> list[Term | None]:
    batch = pa.RecordBatch.from_arrays([column], ["x"])
    return [row[0] for row in rows_of(batch, [DecodedColumn("x", Typed(datatype))])]


def rows_of(batch: pa.RecordBatch, columns: list[DecodedColumn]) -> list[Row]:
    return [row for found in decode_batches([batch], columns) for row in found.rows()]


@pytest.mark.parametrize(
    ("name", "value", "kind", "lexical"),
    [
        ("integer", 7, pa.int64(), "7"),
        ("integer", -7.0, pa.float64(), "-7"),
        ("integer", Decimal(10**30), pa.decimal128(38, 0), "1" + "0" * 30),
        ("decimal", Decimal("1.500"), pa.decimal128(18, 3), "1.5"),
        ("decimal", Decimal("2.000"), pa.decimal128(18, 3), "2"),
        ("decimal", Decimal("-0.0"), pa.decimal128(18, 1), "0"),
        ("decimal", 1e21, pa.float64(), "1" + "0" * 21),
        ("decimal", 1.5e-7, pa.float64(), "0.00000015"),
        ("double", 1.0, pa.float64(), "1.0E0"),
        ("double", -0.0, pa.float64(), "-0.0E0"),
        ("double", 123456.75, pa.float64(), "1.2345675E5"),
        ("double", 5e-324, pa.float64(), "5.0E-324"),
        ("double", math.inf, pa.float64(), "INF"),
        ("double", math.nan, pa.float64(), "NaN"),
        ("float", 0.1, pa.float32(), "1.0E-1"),
        ("float", 1e300, pa.float64(), "INF"),
        ("boolean", True, pa.bool_(), "true"),
        ("boolean", False, pa.bool_(), "false"),
        ("string", 'a "b"', pa.string(), 'a "b"'),
        (
            "dateTime",
            datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
            pa.timestamp("us", "UTC"),
            "2024-02-29T01:02:03Z",
        ),
        (
            "dateTime",
            datetime(2024, 2, 29, 1, 2, 3, 500_000),  # noqa: DTZ001 - as DuckDB has it
            pa.timestamp("us"),
            "2024-02-29T01:02:03.5Z",
        ),
        ("date", datetime(1969, 12, 31), pa.timestamp("us"), "1969-12-31"),  # noqa: DTZ001
    ],
)
def test_canonical_forms(
    name: str, value: Any, kind: pa.DataType, lexical: str
) -> None:
    datatype = XSD.term(name)
    found = decode(pa.array([value, None], kind), datatype)
    assert found == [Literal(lexical, datatype), None]


def test_iris_have_no_datatype() -> None:
    assert decode(pa.array(["urn:a", None]), "") == [IRI("urn:a"), None]


@given(st.floats())
def test_doubles_restore_their_value(value: float) -> None:
    text = render_double(value).replace("INF", "inf")
    assert float(text) == value or math.isnan(value)


@given(st.floats(width=32))
def test_floats_restore_their_value(value: float) -> None:
    text = render_float(value).replace("INF", "inf")
    assert pa.array([float(text)], pa.float32()) == pa.array([value], pa.float32()) or (
        math.isnan(value)
    )


@given(st.integers(-(2**62), 2**62))
def test_moments_restore_their_value(microseconds: int) -> None:
    moment = Literal(render_datetime(microseconds), XSD.term("dateTime"))
    assert kind_of(moment).moment == microseconds


def test_term_ids() -> None:
    inline = encode_inline("5", XSD.term("integer"))
    rows: list[tuple[int | None, str | None, str | None, str | None]] = [
        (1, "urn:a", None, None),
        (Tag.BLANK << PAYLOAD_BITS | 1, "b1", None, None),
        (inline, None, None, None),
        (None, None, None, None),
        (Tag.STRING << PAYLOAD_BITS | 2, "", XSD_STRING, None),
        (1, "urn:a", None, None),
    ]
    types = [pa.int64(), pa.string(), pa.string(), pa.string()]
    arrays = [
        pa.array(c, t) for c, t in zip(zip(*rows, strict=True), types, strict=True)
    ]
    plain = pa.array(["<urn:b>", None, '"c"', "_:d", '"e"@en', '"1"^^<urn:t>'])
    extra = pa.array(range(6))
    names = ["id", "lexical", "datatype", "language", "y", "z"]
    batch = pa.RecordBatch.from_arrays([*arrays, plain, extra], names)
    columns = [DecodedColumn("x", TermId()), DecodedColumn("y", Plain())]
    assert rows_of(batch, columns) == [
        (IRI("urn:a"), IRI("urn:b")),
        (BlankNode("b1"), None),
        (Literal("5", XSD.term("integer")), Literal("c")),
        (None, BlankNode("d")),
        (Literal(""), Literal("e", language="en")),
        (IRI("urn:a"), Literal("1", "urn:t")),
    ]
    assert rows_of(batch, []) == [()] * 6
    with pytest.raises(InternalError, match="6 columns, not 8"):
        rows_of(batch, [DecodedColumn("x", TermId())] * 2)
