"""Whatever DuckDB raises, itself or by way of Arrow, becomes an exception of ours."""

import duckdb
import pytest

from engines.duckdb import connect
from engines.duckdb.failures import WRAPPED, wrap_error
from engines.errors import (
    DiskFull,
    EngineError,
    Interrupted,
    MemoryExceeded,
    QueryFailed,
    StorageFailed,
    ValueUnfit,
)


def test_every_exception_of_duckdb_has_one_of_ours() -> None:
    classes = {
        kind
        for kind in vars(duckdb).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert classes == set(WRAPPED)
    for kind, ours in WRAPPED.items():
        assert type(wrap_error(kind("why"))) is ours


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("INTERRUPT Error: Interrupted!", Interrupted),
        ("Out of Memory Error: failed to allocate\n\nadvice", MemoryExceeded),
        ("Conversion Error: Could not convert", ValueUnfit),
        ("Invalid Error: IO Error: gone", StorageFailed),
        ("IO Error: Could not write: No space left on device", DiskFull),
        (
            (
                "Invalid Input Error: Arrow Appender: The maximum total string size "
                "for regular string buffers is 2147483647"
            ),
            MemoryExceeded,
        ),
        ("something else", QueryFailed),
    ],
)
def test_what_arrow_raises_for_duckdb_is_known_by_its_words(
    message: str, kind: type[EngineError]
) -> None:
    wrapped = wrap_error(OSError(message))
    assert type(wrapped) is kind
    assert "advice" not in str(wrapped)


def test_an_error_in_the_middle_of_a_stream_is_known() -> None:
    connection = connect()
    reader = connection.execute(
        "SELECT CASE WHEN i < 9000000 THEN 1 ELSE CAST(i || 'x' AS INTEGER) END "
        "FROM range(10000000) AS r(i)"
    ).to_arrow_reader(1000)
    with pytest.raises(OSError) as failed:  # noqa: PT011 - Arrow has no class of its own
        list(reader)
    assert isinstance(wrap_error(failed.value), ValueUnfit)
