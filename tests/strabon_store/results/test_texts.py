"""Ids get their terms in blocks as they do one by one."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from strabon_store.relational.encoding import TermId
from strabon_store.results import texts as result_texts
from strabon_store.results.columns import Batch
from strabon_store.results.decode import DecodedColumn
from strabon_store.results.texts import decode_ids
from strabon_store.storage import texts as storage_texts
from strabon_store.store import Store

_TERMS: Final = (
    '"a{}"',
    '"b{}"@en',
    "<urn:o{}>",
    "{}",
    '"{}.50"^^xsd:decimal',
    "_:b{}",
)
_COLUMNS: Final = [DecodedColumn(name, TermId()) for name in "so"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("texts")
    path = folder / "data.ttl"
    prefix = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    lines = (f"<urn:s{i}> <urn:p> {_TERMS[i % 6].format(i)} .\n" for i in range(3000))
    path.write_text(prefix + "".join(lines))
    with Store.open(folder / "store") as opened:
        opened.load([path])
        yield opened


def _batches(store: Store) -> list[pa.RecordBatch]:
    """Ids of statements in any order, some of them unbound, some more than once."""
    rng = np.random.default_rng(1)
    with store._database.cursor() as cursor:
        found = cursor.execute("SELECT subject, object FROM quads").fetchnumpy()
    batches = []
    for length in (1, 3, 200, 500, 4000):
        rows = rng.integers(0, 3000, length)
        columns = [
            pa.array(np.asarray(found[name])[rows], mask=rng.random(length) < 0.1)
            for name in ("subject", "object")
        ]
        batches.append(pa.record_batch(columns, names=["s", "o"]))
    return batches


def _length(batch: Batch) -> int:
    lengths = [pc.sum(pc.binary_length(each.lexical)) for each in batch.columns]
    return sum(each.as_py() or 0 for each in lengths)


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"_GAP": 2},
        {"_DENSE": 0},
        {"_FIRST_TERMS": 1, "_MOST_BYTES": 4000, "_BATCH_BYTES": 1000},
    ],
    ids=str,
)
def test_blocks_have_the_terms_of_their_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    for name, limit in limits.items():
        where = storage_texts if hasattr(storage_texts, name) else result_texts
        monkeypatch.setattr(where, name, limit)
    batches = _batches(store)
    texts = storage_texts.TermTexts(store._sessions)
    together = list(decode_ids(batches, _COLUMNS, texts))
    assert sum(batch.length for batch in together) == 4704
    assert all(
        _length(batch) <= result_texts._BATCH_BYTES or batch.length == 1
        for batch in together[1:]
    )
    monkeypatch.undo()
    # Each by itself is looked up in another way.
    monkeypatch.setattr(result_texts, "_FIRST_TERMS", 1 << 20)
    alone = [
        row
        for batch in batches
        for one in decode_ids([batch], _COLUMNS, texts)
        for row in one.rows()
    ]
    assert [row for batch in together for row in batch.rows()] == alone
    rows = [row for batch in together for row in batch.rows()]
    assert {type(term).__name__ for _, term in rows} >= {
        "IRI",
        "BlankNode",
        "Literal",
        "NoneType",
    }


def test_a_block_without_terms_is_unbound(store: Store) -> None:
    empty = pa.record_batch([pa.nulls(2, pa.int64())] * 2, names=["s", "o"])
    batches = decode_ids(
        [empty] * 3, _COLUMNS, storage_texts.TermTexts(store._sessions)
    )
    assert [list(batch.rows()) for batch in batches] == [[(None, None)] * 2] * 3


def test_what_the_dictionary_has_not_is_unbound(store: Store) -> None:
    known = storage_texts.TermTexts(store._sessions).read_columns(np.array([1, 10**9]))
    assert [column.null_count for column in known] == [1, 2, 2]
