"""Statements as far as they are known without a store: terms, hashes, values.

Nothing here asks what came before, so that several threads do it for as many blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.relational.encoding import Tag
from strabon_store.storage.arrivals import Ids
from strabon_store.storage.lines import Statements, in_batches
from strabon_store.storage.plain_geometries import PlainGeometries, read_plain
from strabon_store.storage.token_parts import TokenParts, take_apart
from strabon_store.storage.token_sql import DESCRIBE, PARAMETERS

_Table: TypeAlias = Any  # pyarrow ships no types

_BLANK: Final = "_"


@dataclass(frozen=True, slots=True)
class Described:
    """Distinct terms, and what they are worth.

    Attributes:
        parts: What they are.
        table: An Arrow table with a row for each: `row`, `tag` (of resources),
            `lexical`, `datatype`, `language`, `hash`, `number` and `inline`, the id of
            those that are their own.
        geometries: Those that the engine reads by itself; None: nobody looked.
    """

    parts: TokenParts
    table: _Table
    geometries: PlainGeometries | None = None

    def blanks(self) -> Ids:
        """The rows of blank nodes."""
        return self.parts.rows(_BLANK)

    def labeled(
        self, cursor: duckdb.DuckDBPyConnection, rows: Ids, labels: Sequence[str]
    ) -> "Described":
        """The same, where blank nodes have other labels."""
        parts = self.parts.with_lexical(rows, labels)
        hashes = self.table["hash"].to_numpy().copy()
        hashes[rows] = _hash_labels(cursor, labels)
        table = self.table
        for name, column in (("lexical", parts.lexical), ("hash", pa.array(hashes))):
            place = table.column_names.index(name)
            table = table.set_column(place, name, column)
        return replace(self, parts=parts, table=table)


@dataclass(frozen=True, slots=True)
class Block:
    """Statements, and their terms described.

    Attributes:
        statements: The statements; those of one predicate stand together.
        described: Their tokens.
    """

    statements: Statements
    described: Described

    def __len__(self) -> int:
        """How many statements there are."""
        return len(self.statements)


def describe_block(
    cursor: duckdb.DuckDBPyConnection,
    statements: Statements,
    *,
    with_geometries: bool = False,
) -> Block:
    """Describe the tokens of statements.

    Args:
        cursor: To any connection of the engine; no table of it is read.
        statements: The statements.
        with_geometries: Whether to read geometries before it is known that they are
            new; then the connection has the spatial extension.
    """
    described = describe(cursor, take_apart(statements.tokens))
    if with_geometries:
        rows = np.flatnonzero(described.parts.tags() == Tag.GEOMETRY)
        found = plain_of(cursor, described, rows)
        described = replace(described, geometries=found)
    return Block(statements.by_predicate(), described)


def plain_of(
    cursor: duckdb.DuckDBPyConnection, described: Described, rows: Ids
) -> PlainGeometries:
    """The geometries of some rows that the engine reads by itself."""
    if described.geometries is not None:
        return described.geometries.of(rows)
    literals = described.table.select(["lexical", "datatype"]).take(pa.array(rows))
    return read_plain(cursor, rows, literals)


def describe(cursor: duckdb.DuckDBPyConnection, parts: TokenParts) -> Described:
    """What terms say and what they are worth."""
    columns = {
        "row": np.arange(len(parts.heads)),
        "tag": np.where(parts.heads == ord(_BLANK), int(Tag.BLANK), int(Tag.IRI)),
        "lexical": parts.lexical,
        "datatype": parts.datatype,
        "language": parts.language,
    }
    table = pa.table(columns)
    cursor.register("terms_read", in_batches(table))
    worth = cursor.execute(DESCRIBE, PARAMETERS).to_arrow_table()
    cursor.unregister("terms_read")
    for name in worth.column_names:
        table = table.append_column(name, worth[name].combine_chunks())
    return Described(parts, table)


def _hash_labels(cursor: duckdb.DuckDBPyConnection, labels: Sequence[str]) -> Any:
    count = len(labels)
    heads = np.full(count, ord(_BLANK), np.uint8)
    texts = pa.array(labels, pa.large_string())
    parts = TokenParts(
        np.arange(count), heads, texts, np.zeros(count, np.int64), [None], [None]
    )
    return describe(cursor, parts).table["hash"].to_numpy()
