"""Typed columns become typed literals, in canonical form (R2RML 10.2)."""

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geotriples.run_local import run
from tests.geotriples.rml import objects, triples_map

XSD = "http://www.w3.org/2001/XMLSchema#"
_UTC = dt.UTC


def _map_values(folder: Path, values: pa.Array, extra: str = "") -> list[Any]:
    count = len(values)
    table = pa.table({"n": pa.array(range(count)), "v": values})
    pq.write_table(table, folder / "d.parquet")
    mapping = folder / "m.ttl"
    mapping.write_text(
        triples_map(
            "d.parquet",
            '[ rml:template "http://x.org/{n}" ]',
            "[ rml:constant ex:o ]",
            formulation="pyrml:Parquet",
        ).replace(
            "rml:subjectMap",
            "rml:predicateObjectMap [ "
            'rml:predicateMap [ rml:template "http://example.com/{n}" ] ;'
            f' rml:objectMap [ rml:reference "v" {extra} ] ] ; rml:subjectMap',
        )
    )
    run(mapping, folder / "o.nq")
    found = objects(folder / "o.nq")
    return [found.get(str(i)) for i in range(count)]


@pytest.mark.parametrize(
    ("values", "lexical", "datatype"),
    [
        (pa.array([-7], pa.int32()), "-7", "integer"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615", "integer"),
        (pa.array([decimal.Decimal("1.50")]), "1.50", "decimal"),
        (pa.array([True]), "true", "boolean"),
        (pa.array(["text"]), "text", "string"),
        (pa.array(["text"]).dictionary_encode(), "text", "string"),
        (pa.array([b"\x00\xff"]), "00FF", "hexBinary"),
        (pa.array([dt.date(2022, 4, 21)]), "2022-04-21", "date"),
        (pa.array([dt.time(7, 31, 5)]), "07:31:05", "time"),
        (
            pa.array([dt.datetime(2022, 4, 21, 7, 31, tzinfo=_UTC)]).cast(
                pa.timestamp("ms")
            ),
            "2022-04-21T07:31:00",
            "dateTime",
        ),
        (
            pa.array(
                [dt.datetime(2022, 4, 21, 7, 31, 5, 250_000, _UTC)],
                pa.timestamp("us", "UTC"),
            ),
            "2022-04-21T07:31:05.25Z",
            "dateTime",
        ),
        (
            pa.array(
                [dt.datetime(1969, 12, 31, 23, 59, 59, 500_000, _UTC)],
                pa.timestamp("ms", "Europe/Athens"),
            ),
            "1969-12-31T23:59:59.5Z",
            "dateTime",
        ),
        (pa.array([0.1], pa.float32()), "1.0E-1", "double"),
    ],
    ids=str,
)
def test_each_type_has_its_natural_literal(
    tmp_path: Path, values: pa.Array, lexical: str, datatype: str
) -> None:
    (found,) = _map_values(tmp_path, values)
    assert (found.value, found.datatype.value) == (lexical, XSD + datatype)


@pytest.mark.parametrize(
    ("value", "lexical"),
    [
        (0.0, "0.0E0"),
        (-0.0, "-0.0E0"),
        (1.0, "1.0E0"),
        (-12.5, "-1.25E1"),
        (0.00012, "1.2E-4"),
        (1e-7, "1.0E-7"),
        (1.5e22, "1.5E22"),
        (123456789.0, "1.23456789E8"),
        (5e-324, "5.0E-324"),
        (float("inf"), "INF"),
        (float("-inf"), "-INF"),
        (float("nan"), "NaN"),
    ],
)
def test_a_double_is_canonical(tmp_path: Path, value: float, lexical: str) -> None:
    (found,) = _map_values(tmp_path, pa.array([value]))
    assert found.value == lexical


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=200))
def test_a_double_keeps_its_value(tmp_path: Path, values: list[float]) -> None:
    found = _map_values(tmp_path, pa.array(values))
    assert [float(one.value) for one in found] == values


def test_a_null_of_any_type_makes_no_literal(tmp_path: Path) -> None:
    types = [pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("ms", "UTC")]
    for one in (*types, pa.string(), pa.binary(), pa.date32()):
        assert _map_values(tmp_path, pa.array([None, None], one)) == [None, None]


def test_whole_numbers_become_doubles_where_the_mapping_says_so(tmp_path: Path) -> None:
    (found,) = _map_values(tmp_path, pa.array([1200]), "; rml:datatype xsd:double")
    assert str(found) == f'"1.2E3"^^<{XSD}double>'
