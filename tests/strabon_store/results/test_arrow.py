"""Arrow and Parquet: native values for analysts, and every term restored exactly."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ontologies.namespaces import GEO, XSD
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.decode import parse_plain
from strabon_store.results.lexical import (
    render_date,
    render_datetime,
    render_decimal,
    render_double,
    render_float,
)
from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.results.solutions import Solutions
from tests.geometries import CROSSED, EPSG

WKT = GEO.term("wktLiteral")
_SECOND = 1_000_000


def written_moment(value: datetime) -> str:
    """A dateTime; one without a zone has none."""
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    microseconds = int(moment.timestamp()) * _SECOND + moment.microsecond
    text = render_datetime(microseconds)
    return text if value.tzinfo else text.removesuffix("Z")


def written_day(value: date) -> str:
    return render_date((value - date(1970, 1, 1)).days * 86_400 * _SECOND)


RENDER: dict[str, Callable[[Any], str]] = {
    "decimal": render_decimal,
    "double": render_double,
    "float": render_float,
    "boolean": lambda value: str(value).lower(),
    "dateTime": written_moment,
    "date": written_day,
}


def literals(name: str, *texts: str) -> list[Term | None]:
    return [Literal(text, XSD.term(name)) for text in texts]


def read(name: str, columns: Mapping[str, Sequence[Term | None]]) -> pa.Table:
    rows = zip(*columns.values(), strict=True)
    solutions = Solutions(tuple(columns), iter(rows))
    data = b"".join(RESULT_FORMATS[name].serialize(solutions))
    if name == "parquet":
        return pq.read_table(io.BytesIO(data))
    return pa.ipc.open_stream(data).read_all()


def restored(table: pa.Table, name: str) -> list[Term | None]:
    """The terms of a variable, as `docs/results.md` tells to read them."""
    said = {k.decode(): v.decode() for k, v in table.field(name).metadata.items()}
    kind, datatype = said["pytheas:kind"], said.get("pytheas:datatype", "")
    terms: list[Term | None] = []
    pairs = zip(table[name].to_pylist(), table[f"{name}.term"].to_pylist(), strict=True)
    for value, text in pairs:
        if text is not None:
            terms.append(parse_plain(text))
        elif value is None:
            terms.append(None)
        elif kind == "resource":
            is_blank = value.startswith("_:")
            terms.append(BlankNode(value[2:]) if is_blank else IRI(value))
        else:
            render = RENDER.get(datatype.rpartition("#")[2], str)
            lexical = value if isinstance(value, str) else render(value)
            terms.append(Literal(lexical, datatype, said.get("pytheas:language")))
    return terms


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_columns_of_one_datatype_have_its_type(name: str) -> None:
    zoned = ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+01:00")
    columns: dict[str, list[Term | None]] = {
        "i": literals("integer", "7", "007"),
        "d": literals("double", "1.5E0", "2.5"),
        "b": literals("boolean", "true", "0"),
        "t": literals("dateTime", *zoned),
        "l": literals("dateTime", "2026-01-02T03:04:05", "2026-02-30T00:00:00"),
        "y": literals("date", "2026-01-02", "2026-01-02Z"),
        "r": [IRI("urn:a"), BlankNode("b")],
        "s": [Literal("eins", language="de"), Literal("zwei", language="de")],
        "m": [IRI("urn:a"), Literal("x")],
        "u": [None, None],
    }
    table = read(name, columns)
    types = {field.name: field.type for field in table.schema}
    assert types["i"] == pa.int64()
    assert types["d"] == pa.float64()
    assert types["b"] == pa.bool_()
    assert types["t"] == pa.timestamp("us", "UTC")
    assert types["l"] == pa.timestamp("us")
    assert types["y"] == pa.date32()
    values = table.to_pydict()
    assert values["i"] == [7, 7]
    assert values["i.term"] == [None, f'"007"^^<{XSD.term("integer")}>']
    assert values["d"] == [1.5, 2.5]
    assert values["t"][1] == datetime(2026, 1, 2, 2, 4, 5, 500_000, UTC)
    assert values["l"][1] is None
    assert values["y"] == [date(2026, 1, 2), None]
    assert values["r"] == ["urn:a", "_:b"]
    assert values["m"] == ["urn:a", "x"]
    for variable, terms in columns.items():
        assert restored(table, variable) == list(terms), variable


def test_a_term_of_another_kind_that_comes_late_is_kept() -> None:
    many = literals("integer", *map(str, range(20_000)))
    late: list[Term | None] = [*many, IRI("urn:late"), None, Literal("x")]
    table = read("arrow", {"i": late})
    assert table.schema.field("i").type == pa.int64()
    assert table["i"].to_pylist()[-3:] == [None, None, None]
    assert restored(table, "i") == late


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,3})?(E-?[0-9]{1,2})?", fullmatch=True)
TERMS = st.one_of(
    st.none(),
    st.builds(Literal, TEXT),
    st.builds(lambda t: Literal(t, language="en"), TEXT),
    st.integers().map(lambda n: IRI(f"urn:{n}")),
    *(
        st.builds(Literal, TEXT | NUMBER, st.just(XSD.term(name)))
        for name in ("integer", "decimal", "double", "float", "boolean", "dateTime")
    ),
)
COLUMNS = st.lists(TERMS, min_size=1, max_size=4) | st.lists(
    st.builds(Literal, NUMBER, st.just(XSD.term("double"))), min_size=1, max_size=4
)


@settings(deadline=None)  # the machine may be busy
@given(terms=COLUMNS)
def test_every_term_is_restored(terms: list[Term | None]) -> None:
    assert restored(read("arrow", {"x": terms}), "x") == terms


def test_a_term_that_its_value_says_takes_no_bytes_of_its_own() -> None:
    texts = ["long" * 1000, "longer" * 1000] * 500
    rows = ((Literal(text),) for text in texts)
    written = RESULT_FORMATS["arrow"].serialize(Solutions(("v",), rows))
    assert sum(map(len, written)) < 1.1 * sum(map(len, texts))


def test_geometries_are_wkb_and_make_a_geoparquet_file() -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4326"
    wkt = ["POINT (10 80)", f"<{crs}> POINT (80 10)", "POINT (", "POINT EMPTY"]
    terms: list[Term | None] = [*(Literal(text, WKT) for text in wkt), None]
    columns = {"g": terms, "n": literals("integer", *"12345")}
    table = read("parquet", columns)
    assert restored(table, "g") == terms
    assert json.loads(table.schema.metadata[b"geo"])["primary_column"] == "g.wkb"
    assert table["g.wkb"].null_count == 2
    field = read("arrow", columns).schema.field("g.wkb")
    assert field.metadata[b"ARROW:extension:name"] == b"geoarrow.wkb"
    solutions = Solutions(("g", "n"), zip(*columns.values(), strict=True))
    file = io.BytesIO(b"".join(RESULT_FORMATS["parquet"].serialize(solutions)))
    frame: Any = geopandas.read_parquet(file)
    assert frame.crs == "OGC:CRS84"
    assert frame.geometry[0].equals(frame.geometry[1])


def test_a_geometry_that_cannot_be_cut_is_null_and_the_others_stay() -> None:
    nowhere = f"<{EPSG}5800> POINT (1 1)"
    texts = ["POINT (10 80)", CROSSED, "POINT (170 1)", nowhere]
    table = read("arrow", {"g": [Literal(text, WKT) for text in texts]})
    expected = [shapely.from_wkt(text) for text in texts[::2]]
    assert shapely.from_wkb(table["g.wkb"].to_pylist()[::2]).tolist() == expected
    assert table["g.wkb"].to_pylist()[1::2] == [None, None]


@pytest.mark.parametrize("name", ["arrow", "parquet"])
def test_ask_and_answers_without_rows_or_variables(name: str) -> None:
    data = b"".join(RESULT_FORMATS[name].serialize(True))  # noqa: FBT003 - the answer
    source: Any = pq.read_table if name == "parquet" else _read_stream
    assert source(io.BytesIO(data)).to_pydict() == {"boolean": [True]}
    empty = read(name, {"a": []})
    assert (empty.num_rows, empty.column_names) == (0, ["a", "a.term"])


def _read_stream(file: io.BytesIO) -> pa.Table:
    return pa.ipc.open_stream(file).read_all()
