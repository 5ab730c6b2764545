"""Tokens become term ids, a batch of statements at a time, in the engine.

The distinct tokens of a batch are taken apart; those that are their own id have it, the
others are looked for among the terms of the store and those that came before in the
same load. What is new gets the next keys in the order of first appearance, so that what
a file says together lies together. New terms wait in a table of their own until the
load ends, and go into the dictionary sorted by id.

Terms are looked for by hash and then compared: a hash that two terms share costs time
and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engines.term_columns import StatementBatch
from ontologies.geosparql.crs import OWN_CRS
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag
from strabon_store.relational.layout import GEOMETRIES, TERMS
from strabon_store.storage.arrivals import Quads
from strabon_store.storage.compact import count_rows
from strabon_store.storage.described import Block, Described, describe, plain_of
from strabon_store.storage.dictionary import NOT_FOUND, Ids
from strabon_store.storage.geometries import (
    NewGeometries,
    insert_geometries,
    parse_geometries,
)
from strabon_store.storage.kinds_read import find_kinds
from strabon_store.storage.lines import in_batches
from strabon_store.storage.pending_terms import (
    Ending,
    PendingTerms,
    TermBlock,
    Terms,
)
from strabon_store.storage.plain_geometries import WAITING, PendingGeometries
from strabon_store.storage.seen_hashes import SeenHashes
from strabon_store.storage.sources import BlankLabels
from strabon_store.storage.term_batches import take_batch_apart
from strabon_store.storage.term_values import NewTerms
from strabon_store.storage.token_parts import TokenParts, take_apart
from strabon_store.storage.writes import Writes

_Table: TypeAlias = Any  # pyarrow ships no types
_BEGIN: Final = (
    """
CREATE OR REPLACE TEMPORARY TABLE new_terms (
  hash UBIGINT, id BIGINT, lexical VARCHAR, ending INTEGER,
  number DOUBLE, moment TIMESTAMP
)
""",
    # Datatypes and languages are few: to keep and sort their numbers takes less.
    """
CREATE OR REPLACE TEMPORARY TABLE endings (
  ending INTEGER, datatype VARCHAR, language VARCHAR
)
""",
    """
CREATE OR REPLACE TEMPORARY VIEW said_terms AS
SELECT hash, id, lexical, datatype, language FROM new_terms JOIN endings USING (ending)
""",
    f"CREATE OR REPLACE TEMPORARY TABLE {WAITING} AS FROM geometries LIMIT 0",
    "CREATE OR REPLACE TEMPORARY TABLE blank_labels (token VARCHAR, label VARCHAR)",
)
# Sorted, so that the row groups are full: the checkpoint would write the table again to
# fill them.
_KEEP_TERMS: Final = """
INSERT INTO terms
SELECT id, lexical, datatype, language, number, moment
FROM new_terms JOIN endings USING (ending) ORDER BY id
"""
_KEEP_HASHES: Final = """
INSERT INTO term_hashes SELECT hash, id FROM new_terms ORDER BY hash, id
"""
_END: Final = (
    "DROP VIEW said_terms",
    *(
        f"DROP TABLE IF EXISTS {table}"
        for table in (
            "new_terms",
            "endings",
            WAITING,
            "blank_labels",
            "identified",
        )
    ),
)
_KEEP_LABELS: Final = "INSERT INTO blank_labels FROM labeled"
_LABELS: Final = """
SELECT row, label FROM blanks JOIN blank_labels USING (token)
"""
# By hash first, so that the strings of few terms are read. The bounds of a bare column
# would be pushed down to the Arrow table, which knows no such large numbers. An IRI and
# a blank node may share their text, while a literal has one tag only.
_KNOWN: Final = """
WITH candidates AS MATERIALIZED (
  SELECT read.*, hashes.id
  FROM terms_read AS read
  JOIN query_table($hashes) AS hashes ON hashes.hash = xor(read.hash, 0::UBIGINT)
  WHERE inline IS NULL
)
SELECT candidates.row, candidates.id
FROM candidates JOIN query_table($terms) AS found USING (id)
WHERE found.lexical = candidates.lexical
  AND found.datatype IS NOT DISTINCT FROM candidates.datatype
  AND found.language IS NOT DISTINCT FROM candidates.language
  AND (found.datatype IS NOT NULL OR found.id >> $bits = candidates.tag)
"""
_KEEP_ENDINGS: Final = "INSERT INTO endings FROM arrived_endings"
_IDENTIFIED: Final = """
CREATE OR REPLACE TEMPORARY TABLE identified AS SELECT token, id FROM given
"""


@dataclass(slots=True)
class Encoding:
    """Statements on their way to ids, and the terms that are new with them.

    Attributes:
        cursor: Within a transaction.
        next_key: The next free key of the dictionary.
        met: The new geometry literals that have no geometry.
        new_terms: Told of all terms that are new; None: nobody asks.
    """

    cursor: duckdb.DuckDBPyConnection
    next_key: int
    met: NewGeometries = field(default_factory=NewGeometries)
    new_terms: list[NewTerms] | None = None
    _has_terms: bool = False
    _endings: dict[Ending, int] = field(default_factory=dict)
    _seen: SeenHashes = field(default_factory=SeenHashes)
    _pending: PendingTerms = field(init=False)
    _geometries: PendingGeometries = field(init=False)

    def begin(self) -> None:
        """Make the tables in which new terms wait."""
        for statement in _BEGIN:
            self.cursor.execute(statement)
        self._endings = {}
        self._pending = PendingTerms(self.cursor)
        self._has_terms = count_rows(self.cursor, TERMS) > 0
        is_first = not self._has_terms and not count_rows(self.cursor, GEOMETRIES)
        self._geometries = PendingGeometries(self.cursor, is_first)

    @property
    def is_first(self) -> bool:
        """Whether the store has no term yet."""
        return not self._has_terms

    def keep(self) -> None:
        """Put what is new into the dictionary, within a transaction."""
        with Writes() as writes:
            self.keep_terms(writes)
            self.keep_geometries(writes)

    def keep_terms(self, writes: Writes) -> None:
        """Put the new terms into the dictionary.

        Args:
            writes: Has the cursor.
        """
        if self._pending.has_table:
            writes.later(self.cursor.execute, _KEEP_TERMS)
            writes.later(self.cursor.execute, _KEEP_HASHES)
        else:
            self._pending.insert(list(self._endings), writes)

    def keep_geometries(self, writes: Writes) -> None:
        """Put the new geometries beside them.

        Args:
            writes: Has the cursor.
        """
        self._geometries.insert(writes)

    def end(self) -> None:
        """Forget the tables of the load."""
        for statement in _END:
            self.cursor.execute(statement)

    def begin_file(self) -> None:
        """Forget the blank nodes of the file before: none is shared between files."""
        self.cursor.execute("DELETE FROM blank_labels")

    def datatypes(self) -> list[str | None]:
        """The datatypes of terms, by the numbers that are told with them."""
        return [datatype for datatype, _ in self._endings]

    def encode(self, block: Block, labels: BlankLabels) -> Quads:
        """The ids of the terms of statements; what is new waits to be kept.

        Args:
            block: The statements.
            labels: Of the file that they stand in.
        """
        described = block.described
        blanks = described.blanks()
        if len(blanks):
            places = pa.array(described.parts.order[blanks])
            made = self._label(block.statements.tokens.take(places), labels)
            described = described.labeled(self.cursor, blanks, made)
        return self._encode(described, block.statements.places)

    def encode_batch(self, batch: StatementBatch) -> Quads:
        """The same for terms that never were text; blank nodes keep their labels."""
        parts, places = take_batch_apart(batch)
        return self._encode(describe(self.cursor, parts), places)

    def _encode(
        self, described: Described, places: np.ndarray[Any, np.dtype[np.integer[Any]]]
    ) -> Quads:
        # The last id is that of `NO_GRAPH`.
        ids = np.append(self._identify_tokens(described), DEFAULT_GRAPH)
        subject, predicate, value, graph = (ids[each] for each in places.T)
        return Quads(graph, subject, predicate, value)

    def encode_terms(self, tokens: _Table) -> None:
        """Give ids to distinct tokens: the table `identified` has them, and the ids.

        Args:
            tokens: A column `token`; blank nodes keep the labels that they have there.
        """
        column = tokens["token"].cast(pa.large_string()).combine_chunks()
        ids = self._identify_tokens(describe(self.cursor, take_apart(column)))
        with self._registered("given", pa.table({"token": column, "id": ids})):
            self.cursor.execute(_IDENTIFIED)

    def _label(self, tokens: _Table, labels: BlankLabels) -> list[str]:
        """The labels of blank nodes; those of new ones are made in their order."""
        table = pa.table({"row": np.arange(len(tokens)), "token": tokens})
        with self._registered("blanks", table):
            known = self.cursor.execute(_LABELS).fetchall()
        texts: list[str | None] = [None] * len(tokens)
        for row, label in known:
            texts[row] = label
        new = [row for row, text in enumerate(texts) if text is None]
        made = labels.next(len(new))
        for row, label in zip(new, made, strict=True):
            texts[row] = label
        fresh = pa.table(
            {"token": tokens.take(pa.array(new, pa.int64())), "label": made}
        )
        with self._registered("labeled", fresh):
            self.cursor.execute(_KEEP_LABELS)
        return [str(text) for text in texts]

    def _identify_tokens(self, described: Described) -> Ids:
        """The ids of terms, as the tokens stood."""
        order = described.parts.order
        ids = np.empty(len(order), np.int64)
        ids[order] = self._identify(described)
        return ids

    def _identify(self, described: Described) -> Ids:
        """The ids of terms; what is new waits to be kept."""
        parts, table = described.parts, described.table
        endings = self._endings_of(parts)[parts.ends]
        ids: Ids = table["inline"].fill_null(NOT_FOUND).to_numpy().copy()
        self._find(table, endings, ids)
        new = np.flatnonzero(ids == NOT_FOUND)
        if len(new):
            ids[new] = self._keep(described, endings, new)
            self._seen.add(table["hash"].to_numpy()[new])
        self.next_key += len(ids)
        return ids

    def _find(self, table: _Table, endings: Ids, ids: Ids) -> None:
        """Fill in the ids of terms of the store, or of this load."""
        if self._has_terms:
            self._look_up(table, ids, "terms", "term_hashes")
        is_seen = self._seen.may_have(table["hash"].to_numpy()) & (ids == NOT_FOUND)
        if not is_seen.any():
            return
        if self._pending.has_table:
            some = table.filter(pa.array(is_seen))
            self._look_up(some, ids, "said_terms", "new_terms")
            return
        rows = np.flatnonzero(is_seen)
        some = table.take(pa.array(rows))
        is_blank = some["tag"].to_numpy() == Tag.BLANK
        lexical = some["lexical"].combine_chunks()
        wanted = Terms(some["hash"].to_numpy(), lexical, endings[rows], is_blank)
        ids[rows] = self._pending.find(wanted)

    def _look_up(self, table: _Table, ids: Ids, terms: str, hashes: str) -> None:
        parameters = {"terms": terms, "hashes": hashes, "bits": PAYLOAD_BITS}
        with self._registered("terms_read", in_batches(table)):
            found = self.cursor.execute(_KNOWN, parameters).fetchnumpy()
        ids[found["row"]] = found["id"]

    def _keep(self, described: Described, endings: Ids, new: Ids) -> Ids:
        """Keep the terms in some rows, which are new; their ids."""
        taken = described.table.take(pa.array(new))
        kinds = find_kinds(described.parts.tags()[new], taken)
        keys = self.next_key + new
        is_geometry = kinds.tags == Tag.GEOMETRY
        if is_geometry.any():
            rows = np.flatnonzero(is_geometry)
            plain = plain_of(self.cursor, described, new[rows])
            is_plain = np.isin(new[rows], plain.rows)
            ids = _geometry_ids(keys[rows])
            self._geometries.add(ids[is_plain], plain)
            ill_formed = self._keep_others(taken, rows[~is_plain], keys)
            kinds.tags[ill_formed] = Tag.OTHER
        ids = (kinds.tags << PAYLOAD_BITS) + keys
        if self.new_terms is not None:
            told = NewTerms(keys, endings[new], kinds.number, kinds.moment)
            self.new_terms.append(told)
        self._pending.add(
            TermBlock(
                taken["hash"].to_numpy(),
                ids,
                taken["lexical"].combine_chunks(),
                endings[new],
                kinds.number,
                kinds.moment,
            )
        )
        return ids

    def _endings_of(self, parts: TokenParts) -> Ids:
        """The numbers that ends of terms have in this load, for those of a block."""
        told = list(zip(parts.datatypes, parts.languages, strict=True))
        new = [each for each in dict.fromkeys(told) if each not in self._endings]
        if new:
            first = len(self._endings)
            numbers = range(first, first + len(new))
            self._endings.update(zip(new, numbers, strict=True))
            datatypes, languages = (
                pa.array(each, pa.string()) for each in zip(*new, strict=True)
            )
            columns = [pa.array(numbers, pa.int32()), datatypes, languages]
            table = pa.table(columns, ["ending", "datatype", "language"])
            with self._registered("arrived_endings", table):
                self.cursor.execute(_KEEP_ENDINGS)
        return np.array([self._endings[each] for each in told], np.int64)

    def _keep_others(self, terms: _Table, rows: Ids, keys: Ids) -> Ids:
        """Keep the geometries of literals that the engine does not read by itself.

        Returns:
            The rows of those that are ill-formed.
        """
        if not len(rows):
            return rows
        ids = _geometry_ids(keys[rows])
        rest = terms.take(pa.array(rows))
        waits = np.asarray(pc.match_substring_regex(rest["lexical"], OWN_CRS.pattern))
        if waits.any():
            self.met.waits = True
            rows, ids, rest = rows[~waits], ids[~waits], rest.filter(pa.array(~waits))
        lexicals = rest["lexical"].to_pylist()
        parsed = parse_geometries(lexicals, rest["datatype"].to_pylist())
        self._geometries.leave_memory()
        insert_geometries(self.cursor, ids, parsed, WAITING)
        self.met.add_problems(lexicals, parsed)
        ill_formed: Ids = rows[np.array(list(parsed.problems), np.int64)]
        return ill_formed

    @contextmanager
    def _registered(self, name: str, table: Any) -> Iterator[None]:
        self.cursor.register(name, table)
        try:
            yield
        finally:
            self.cursor.unregister(name)


def _geometry_ids(keys: Ids) -> Ids:
    return (Tag.GEOMETRY << PAYLOAD_BITS) + keys
