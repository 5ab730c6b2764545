"""Tokens become term ids, a batch of statements at a time, in the engine.

The distinct tokens of a batch are taken apart; those that are their own id have it, the
others are looked for among the terms of the store and those that came before in the
same load. What is new gets the next keys in the order of first appearance, so that what
a file says together lies together. New terms wait in a table of their own until the
load ends, and go into the dictionary sorted by id.

Terms are looked for by hash and then compared: a hash that two terms share costs time
and nothing else.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
import pyarrow as pa

from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.algebra.terms import XSD_STRING, Literal
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag
from strabon_store.relational.kinds import (
    OTHER_KIND,
    VALUED_DATATYPES,
    Kind,
    literal_kind,
)
from strabon_store.results.decode import parse_plain
from strabon_store.storage.compact import add_geometries
from strabon_store.storage.dictionary import Ids
from strabon_store.storage.geometries import (
    IllFormedGeometry,
    insert_geometries,
    parse_geometries,
)
from strabon_store.storage.sources import BlankLabels
from strabon_store.storage.token_sql import DESCRIBE, PARAMETERS

_BEGIN: Final = (
    """
CREATE OR REPLACE TEMPORARY TABLE new_terms (
  hash UBIGINT, id BIGINT, lexical VARCHAR, datatype VARCHAR, language VARCHAR,
  number DOUBLE, moment TIMESTAMP
)
""",
    "CREATE OR REPLACE TEMPORARY TABLE new_geometries AS FROM geometries LIMIT 0",
    "CREATE OR REPLACE TEMPORARY TABLE blank_labels (token VARCHAR, label VARCHAR)",
)
_TAGS: Final = "SELECT DISTINCT id >> $bits AS tag FROM new_terms ORDER BY tag"
# Keys were given in the order of the rows: one tag after the other, rows are sorted by
# id without sorting strings.
_KEEP_TERMS: Final = """
INSERT INTO terms
SELECT id, lexical, datatype, language, number, moment FROM new_terms
WHERE id >> $bits = $tag
"""
_KEEP_HASHES: Final = """
INSERT INTO term_hashes SELECT hash, id FROM new_terms ORDER BY hash, id
"""
_END: Final = tuple(
    f"DROP TABLE IF EXISTS {table}"
    for table in (
        "new_terms",
        "new_geometries",
        "blank_labels",
        "split",
        "tokens",
        "described",
        "known",
        "numbered",
        "identified",
    )
)
_TOKENS: Final = """
CREATE OR REPLACE TEMPORARY TABLE tokens AS
SELECT token, min(place) AS first FROM (
  SELECT subject AS token, number * 4 AS place FROM split
  UNION ALL SELECT predicate, number * 4 + 1 FROM split
  UNION ALL SELECT object, number * 4 + 2 FROM split
  UNION ALL SELECT graph, number * 4 + 3 FROM split WHERE graph IS NOT NULL
)
GROUP BY token ORDER BY first
"""
_GIVEN_TOKENS: Final = """
CREATE OR REPLACE TEMPORARY TABLE tokens AS SELECT token, 0 AS first FROM given
"""
_KEEP_LABELS: Final = """
INSERT INTO blank_labels
SELECT token, substr(token, 3) FROM tokens WHERE starts_with(token, '_:')
"""
_IDENTIFIED: Final = """
CREATE OR REPLACE TEMPORARY TABLE identified AS
SELECT token, id FROM numbered JOIN described ON described.place = numbered.row
"""
_NEW_BLANKS: Final = """
SELECT token FROM tokens ANTI JOIN blank_labels USING (token)
WHERE starts_with(token, '_:') ORDER BY first, token
"""
_CODE_POINTS: Final = "SELECT place, token FROM described WHERE has_code_points"
_REPAIR: Final = """
UPDATE described SET lexical = repaired.lexical,
  hash = hash(repaired.lexical, described.datatype, described.language)
FROM repaired WHERE described.place = repaired.row
"""
_CREATE_KNOWN: Final = """
CREATE OR REPLACE TEMPORARY TABLE known (row BIGINT, id BIGINT)
"""
# By hash first, so that the strings of few terms are read. An IRI and a blank node may
# share their text, while a literal has one tag only.
_KNOWN: Final = """
INSERT INTO known
WITH candidates AS MATERIALIZED (
  SELECT described.place AS row, described.*, hashes.id
  FROM described JOIN query_table($hashes) AS hashes USING (hash)
  WHERE inline IS NULL
)
SELECT candidates.row, candidates.id
FROM candidates JOIN query_table($terms) AS found USING (id)
WHERE found.lexical = candidates.lexical
  AND found.datatype IS NOT DISTINCT FROM candidates.datatype
  AND found.language IS NOT DISTINCT FROM candidates.language
  AND (found.datatype IS NOT NULL
    OR found.id >> $bits = CASE WHEN head = '_' THEN $blank ELSE $iri END)
"""
_UNKNOWN: Final = """
SELECT described.place, lexical, datatype
FROM described ANTI JOIN known ON known.row = described.place
WHERE list_contains($datatypes, datatype) AND inline IS NULL AND number IS NULL
ORDER BY described.place
"""
# Rows stand in the order of first appearance, so a key is the next one plus a row.
_NEW_ID: Final = """
(coalesce(kinds.tag, CASE
  WHEN head = '<' THEN $iri
  WHEN head = '_' THEN $blank
  WHEN datatype = $xsd_string THEN $string
  WHEN language IS NOT NULL THEN $lang_string
  WHEN described.number IS NOT NULL THEN $number
  WHEN list_contains($geometries, datatype) THEN $geometry
  ELSE $other
END) << $bits) + $next_key + described.place
"""
_KEEP_NEW: Final = f"""
INSERT INTO new_terms
SELECT hash, {_NEW_ID}, lexical, datatype, language,
  coalesce(kinds.number, described.number), make_timestamp(kinds.moment)
FROM described ANTI JOIN known ON known.row = described.place
LEFT JOIN kinds ON kinds.row = described.place
WHERE inline IS NULL
"""  # noqa: S608 - a piece of ours
_NUMBERED: Final = f"""
CREATE OR REPLACE TEMPORARY TABLE numbered AS
SELECT key, described.place AS row, coalesce(inline, known.id, {_NEW_ID}) AS id
FROM described LEFT JOIN known ON known.row = described.place
LEFT JOIN kinds ON kinds.row = described.place
"""  # noqa: S608 - a piece of ours
_HAVE_KEYS: Final = "SELECT count(*) = count(DISTINCT key) FROM numbered"
_STAGE_BY_KEY: Final = Template("""
INSERT INTO :a
SELECT coalesce(graphs.id, $default), subjects.id, predicates.id, objects.id
FROM split
JOIN numbered AS subjects ON subjects.key = hash(split.subject)
JOIN numbered AS predicates ON predicates.key = hash(split.predicate)
JOIN numbered AS objects ON objects.key = hash(split.object)
LEFT JOIN numbered AS graphs
  ON graphs.key = CASE WHEN split.graph IS NOT NULL THEN hash(split.graph) END
""")
# When two tokens of a batch share a hash.
_STAGE_BY_TOKEN: Final = Template("""
INSERT INTO :a
WITH named AS MATERIALIZED (
  SELECT token, id FROM numbered JOIN described ON described.place = numbered.row
)
SELECT coalesce(graphs.id, $default), subjects.id, predicates.id, objects.id
FROM split
JOIN named AS subjects ON subjects.token = split.subject
JOIN named AS predicates ON predicates.token = split.predicate
JOIN named AS objects ON objects.token = split.object
LEFT JOIN named AS graphs ON graphs.token = split.graph
""")
_FRESH_PARAMETERS: Final = {
    "bits": PAYLOAD_BITS,
    "iri": int(Tag.IRI),
    "blank": int(Tag.BLANK),
    "string": int(Tag.STRING),
    "lang_string": int(Tag.LANGUAGE),
    "number": int(Tag.NUMBER),
    "geometry": int(Tag.GEOMETRY),
    "other": int(Tag.OTHER),
    "xsd_string": XSD_STRING,
    "geometries": sorted(GEOMETRY_DATATYPES),
}


@dataclass(slots=True)
class Encoding:
    """Statements on their way into a table, and the terms that are new with them.

    Attributes:
        cursor: Within a transaction.
        table: A table with the columns of the quads.
        next_key: The next free key of the dictionary.
        ill_formed: The new geometry literals that have no geometry.
    """

    cursor: duckdb.DuckDBPyConnection
    table: str
    next_key: int
    ill_formed: list[IllFormedGeometry] = field(default_factory=list)

    def begin(self) -> None:
        """Make the tables in which new terms wait."""
        for statement in _BEGIN:
            self.cursor.execute(statement)

    def keep(self) -> None:
        """Put what is new into the dictionary, within a transaction."""
        tags = self.cursor.execute(_TAGS, {"bits": PAYLOAD_BITS}).fetchall()
        for (tag,) in tags:
            self.cursor.execute(_KEEP_TERMS, {"bits": PAYLOAD_BITS, "tag": tag})
        self.cursor.execute(_KEEP_HASHES)
        add_geometries(self.cursor, "new_geometries")

    def end(self) -> None:
        """Forget the tables of the load."""
        for statement in _END:
            self.cursor.execute(statement)

    def begin_file(self) -> None:
        """Forget the blank nodes of the file before: none is shared between files."""
        self.cursor.execute("DELETE FROM blank_labels")

    def encode(self, labels: BlankLabels) -> None:
        """Put the statements of the table `split` into the table, as ids.

        Args:
            labels: Of the file that the statements stand in.
        """
        self.cursor.execute(_TOKENS)
        self._label_blanks(labels)
        self.cursor.execute(DESCRIBE, PARAMETERS)
        self._decode_code_points()
        self._find()
        self._add_unknown()
        self._stage()

    def encode_terms(self, tokens: pa.Table) -> None:
        """Give ids to distinct tokens: the table `identified` has them, and the ids.

        Args:
            tokens: A column `token`; blank nodes keep the labels that they have there.
        """
        with self._registered("given", tokens):
            self.cursor.execute(_GIVEN_TOKENS)
        self.cursor.execute(_KEEP_LABELS)
        self.cursor.execute(DESCRIBE, PARAMETERS)
        self._decode_code_points()
        self._find()
        self._add_unknown()
        self.cursor.execute(_IDENTIFIED)

    def _label_blanks(self, labels: BlankLabels) -> None:
        new = self.cursor.execute(_NEW_BLANKS).to_arrow_table()
        if len(new):
            made = pa.array(labels.next(len(new)), pa.string())
            with self._registered("labeled", new.append_column("label", made)):
                self.cursor.execute("INSERT INTO blank_labels FROM labeled")

    def _decode_code_points(self) -> None:
        rows = self.cursor.execute(_CODE_POINTS).fetchall()
        if rows:
            numbers, tokens = zip(*rows, strict=True)
            terms = [parse_plain(token) for token in tokens]
            lexicals = [term.lexical for term in terms if isinstance(term, Literal)]
            repaired = pa.table({"row": numbers, "lexical": lexicals})
            with self._registered("repaired", repaired):
                self.cursor.execute(_REPAIR)

    def _find(self) -> None:
        """The ids of tokens that are terms of the store, or of this load."""
        self.cursor.execute(_CREATE_KNOWN)
        for hashes, terms in (("term_hashes", "terms"), ("new_terms", "new_terms")):
            tags = {"blank": int(Tag.BLANK), "iri": int(Tag.IRI), "bits": PAYLOAD_BITS}
            self.cursor.execute(_KNOWN, {"hashes": hashes, "terms": terms, **tags})

    def _add_unknown(self) -> None:
        """Give ids to all tokens, and keep the terms that are new."""
        kinds = self._value_kinds()
        kinds |= dict.fromkeys(self._parse_geometries(), OTHER_KIND)
        table = pa.table(
            {
                "row": pa.array(kinds, pa.int64()),
                "tag": pa.array([int(k.tag) for k in kinds.values()], pa.int64()),
                "number": pa.array([k.number for k in kinds.values()], pa.float64()),
                "moment": pa.array([k.moment for k in kinds.values()], pa.int64()),
            }
        )
        parameters = {**_FRESH_PARAMETERS, "next_key": self.next_key}
        with self._registered("kinds", table):
            self.cursor.execute(_KEEP_NEW, parameters)
            self.cursor.execute(_NUMBERED, parameters)
        self.next_key += int(self.cursor.table("described").count("*").fetchall()[0][0])

    def _stage(self) -> None:
        ((have_keys,),) = self.cursor.execute(_HAVE_KEYS).fetchall()
        template = _STAGE_BY_KEY if have_keys else _STAGE_BY_TOKEN
        statement = template.filled([identifier(self.table)])
        self.cursor.execute(statement, {"default": DEFAULT_GRAPH})

    def _value_kinds(self) -> dict[int, Kind]:
        rows, lexicals, datatypes = self._unknown_of(VALUED_DATATYPES)
        return dict(
            zip(rows.tolist(), map(literal_kind, lexicals, datatypes), strict=True)
        )

    def _parse_geometries(self) -> list[int]:
        """Keep the geometries of unknown literals; the rows of the ill-formed ones."""
        rows, lexicals, datatypes = self._unknown_of(GEOMETRY_DATATYPES)
        if not lexicals:
            return []
        parsed = parse_geometries(lexicals, datatypes)
        ids = (Tag.GEOMETRY << PAYLOAD_BITS) + self.next_key + rows
        insert_geometries(self.cursor, ids, parsed, "new_geometries")
        self.ill_formed += [
            IllFormedGeometry(lexicals[index], reason)
            for index, reason in sorted(parsed.problems.items())
        ]
        return [int(rows[index]) for index in parsed.problems]

    def _unknown_of(
        self, datatypes: Collection[str]
    ) -> tuple[Ids, list[str], list[str]]:
        """Literals of these datatypes: where they stand, what they say."""
        parameters = {"datatypes": sorted(datatypes)}
        found = self.cursor.execute(_UNKNOWN, parameters).to_arrow_table()
        rows, lexicals, types = found.columns
        return rows.to_numpy(), lexicals.to_pylist(), types.to_pylist()

    @contextmanager
    def _registered(self, name: str, table: Any) -> Iterator[None]:
        self.cursor.register(name, table)
        try:
            yield
        finally:
            self.cursor.unregister(name)
