"""What the graphs of a store entail by RDFS (SPARQL 1.1 Entailment Regimes section 3).

The closure of each graph under the rules of RDF 1.1 Semantics section 9.2.1 is computed
when it is first asked for, and again when the store has changed. It lies in a database
of its own, in memory, beside the store's: its table `quads` holds what was said and
what follows from it, its view `terms` the store's dictionary and the vocabulary of
RDFS. A cursor whose search path begins there asks the same SQL of the closure.

Every term of an answer occurs in the data or in the vocabulary (condition C2 of the
regime): the rules make no new terms, a literal is no subject, and `rdf:_1`, `rdf:_2`,
... are known where the data have them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final

import duckdb
import pyarrow as pa

from engines.duckdb.failures import wrap_error
from ontologies.namespaces import RDF, RDFS
from ontologies.rdfs import AXIOMS, MEMBERSHIP, VOCABULARY
from strabon_store.algebra.terms import IRI, Term
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag
from strabon_store.relational.kinds import IRI_KIND
from strabon_store.relational.stars import NO_STARS
from strabon_store.storage.catalog import Catalog, Connection, Snapshot
from strabon_store.storage.database import Database, read_meta
from strabon_store.storage.dictionary import NOT_FOUND, Key, find_ids
from strabon_store.storage.statistics import read_statistics, rebuild_statistics

_ATTACH: Final = "ATTACH ':memory:' AS entailed (READ_WRITE)"
_PATH: Final = "SET search_path = 'entailed.main,store.main'"
_LIMITS: Final = {
    "first_blank": Tag.BLANK << PAYLOAD_BITS,
    "first_literal": Tag.STRING << PAYLOAD_BITS,
    "default_graph": DEFAULT_GRAPH,
}
"""Ids below `first_blank` are IRIs; those from `first_literal` on are literals."""

_TERMS: Final = (
    "CREATE OR REPLACE TABLE entailed.main.vocabulary AS FROM store.main.terms LIMIT 0",
    "INSERT INTO entailed.main.vocabulary BY NAME FROM unstored",
    """
CREATE OR REPLACE VIEW entailed.main.terms AS
FROM store.main.terms UNION ALL FROM entailed.main.vocabulary
""",
)
_SEED: Final = """
CREATE OR REPLACE TEMPORARY TABLE closure AS
SELECT graph, subject, predicate, object FROM store.main.quads
UNION
SELECT graph, axioms.* FROM axioms CROSS JOIN (
  SELECT graph FROM store.main.quads UNION SELECT $default_graph
)
"""
_MEMBERS: Final = """
INSERT INTO closure
WITH members AS (
  SELECT id FROM store.main.terms
  WHERE id < $first_blank AND regexp_full_match(lexical, $membership)
), present AS (
  SELECT graph, id FROM members JOIN closure
    ON id = subject OR id = predicate OR id = object
)
SELECT DISTINCT graph, id, predicate, object FROM present CROSS JOIN (
  VALUES ($type, $ContainerMembershipProperty),
         ($domain, $Resource), ($range, $Resource)
) AS axiom(predicate, object)
"""
_TRANSITIVE: Final = """
CREATE OR REPLACE TEMPORARY TABLE {name} AS
WITH RECURSIVE step AS (
  SELECT graph, subject AS sub, object AS super FROM closure
  WHERE predicate = ${name} AND object < $first_literal
), reach AS (
  FROM step
  UNION
  SELECT graph, reach.sub, step.super
  FROM reach JOIN step USING (graph) WHERE step.sub = reach.super
)
FROM reach
"""
_RULES: Final = """
CREATE OR REPLACE TEMPORARY TABLE fresh AS
SELECT DISTINCT graph, subject, predicate, object FROM (
  -- rdfs2, rdfs3
  SELECT graph, delta.subject, $type AS predicate, closure.object
  FROM delta JOIN closure USING (graph)
  WHERE closure.predicate = $domain AND closure.subject = delta.predicate
  UNION ALL
  SELECT graph, delta.object, $type, closure.object
  FROM delta JOIN closure USING (graph)
  WHERE closure.predicate = $range AND closure.subject = delta.predicate
  -- rdfs4, rdfD2
  UNION ALL SELECT graph, subject, $type, $Resource FROM delta
  UNION ALL SELECT graph, object, $type, $Resource FROM delta
  UNION ALL SELECT graph, predicate, $type, $Property FROM delta
  -- rdfs5, rdfs11
  UNION ALL SELECT graph, sub, $subPropertyOf, super FROM subPropertyOf
  UNION ALL SELECT graph, sub, $subClassOf, super FROM subClassOf
  -- rdfs7, rdfs9
  UNION ALL
  SELECT graph, subject, super, object
  FROM delta JOIN subPropertyOf USING (graph) WHERE predicate = sub
  UNION ALL
  SELECT graph, subject, $type, super
  FROM delta JOIN subClassOf USING (graph) WHERE predicate = $type AND object = sub
  -- rdfs6, rdfs8, rdfs10, rdfs12, rdfs13
  UNION ALL
  SELECT graph, subject, rule.predicate, coalesce(rule.object, subject)
  FROM delta JOIN (
    VALUES ($Property, $subPropertyOf, NULL), ($Class, $subClassOf, $Resource),
           ($Class, $subClassOf, NULL),
           ($ContainerMembershipProperty, $subPropertyOf, $member),
           ($Datatype, $subClassOf, $Literal)
  ) AS rule(class, predicate, object) ON delta.object = rule.class
  WHERE delta.predicate = $type
)
ANTI JOIN closure USING (graph, subject, predicate, object)
WHERE subject < $first_literal AND predicate < $first_literal
"""
_ADD: Final = "INSERT INTO closure FROM fresh"
_HAS_SCHEMA: Final = """
SELECT count(*) FROM fresh
WHERE predicate IN ($domain, $range, $subPropertyOf, $subClassOf)
"""
_ALL: Final = "CREATE OR REPLACE TEMPORARY VIEW delta AS FROM closure"
_NEW: Final = "CREATE OR REPLACE TEMPORARY VIEW delta AS FROM newest"
_KEEP_NEW: Final = "CREATE OR REPLACE TEMPORARY TABLE newest AS FROM fresh"
_FINISH: Final = """
CREATE OR REPLACE TABLE entailed.main.quads AS
SELECT graph, subject, predicate, object FROM closure WHERE predicate < $first_blank
ORDER BY predicate, subject, object, graph
"""
_STATISTICS: Final = """
CREATE OR REPLACE TABLE entailed.main.predicate_statistics AS
FROM store.main.predicate_statistics LIMIT 0
"""
_BY_OBJECT: Final = """
CREATE OR REPLACE VIEW entailed.main.quads_by_object AS FROM entailed.main.quads
"""
_TICK_S: Final = 0.05
"""Between two looks of a query that waits whether it may go on waiting."""

_PARAMETER: Final = re.compile(r"\$(\w+)")


class _Vocabulary(Catalog):
    """The store's catalog, and ids for those terms of RDFS that the store has not."""

    def __init__(self, connection: Connection, ids: Mapping[str, int]) -> None:
        """Beside the store behind `connection`."""
        super().__init__(connection)
        self._ids = {IRI(iri): term_id for iri, term_id in ids.items()}

    def term_ids(self, terms: Iterable[Term]) -> dict[Term, int]:
        """The ids of those terms that have one."""
        wanted = set(terms)
        known = {term: i for term, i in self._ids.items() if term in wanted}
        return known | super().term_ids(wanted - set(known))


class Closure:
    """The closure of a store under RDFS, kept until the store changes.

    It is computed on a thread of its own: a query that waits for it ends when its time
    is over, and the next one finds it done.
    """

    def __init__(self, database: Database) -> None:
        """Of a store; nothing is computed yet."""
        self._database = database
        self._lock = Lock()
        self._is_attached = False
        self._latest: Snapshot | None = None
        self._building: _Building | None = None

    def begin(
        self, cursor: duckdb.DuckDBPyConnection, tick: Callable[[], None]
    ) -> Snapshot:
        """Begin a transaction in which a cursor reads the closure of the store of now.

        It is computed if the store has changed; what is known of it is returned.

        Args:
            cursor: The cursor.
            tick: Called every now and then while the closure is computed; may raise.

        Raises:
            EngineError: The closure cannot be computed.
        """
        needed = int(read_meta(cursor, "generation"))
        while True:
            with self._lock:
                if self._latest and self._latest.generation >= needed:
                    _begin(cursor)
                    return self._latest
                building = self._building or self._build()
            wait([building.done], _TICK_S)
            tick()
            if building.done.done():
                building.done.result()

    def close(self) -> None:
        """Stop what is computed, and wait until it rests."""
        with self._lock:
            building = self._building
        while building is not None and not building.done.done():
            building.cursor.interrupt()
            wait([building.done], _TICK_S)

    def _build(self) -> "_Building":
        """Begin to compute the closure; by whoever holds the lock."""
        building = self._building = _Building(self._database.cursor())
        Thread(target=self._run, args=(building,), name="rdfs", daemon=True).start()
        return building

    def _run(self, building: "_Building") -> None:
        try:
            with building.cursor as cursor:
                self._compute(cursor)
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            with self._lock:
                self._building = None
            told = wrap_error(error) if isinstance(error, duckdb.Error) else error
            building.done.set_exception(told)
        else:
            building.done.set_result(None)

    def _compute(self, cursor: duckdb.DuckDBPyConnection) -> None:
        if not self._is_attached:
            cursor.execute(_ATTACH)
            self._is_attached = True
        cursor.execute(_PATH)
        cursor.begin()
        generation = int(read_meta(cursor, "generation"))
        ids = _store_vocabulary(cursor)
        _close(cursor, ids)
        catalog = _Vocabulary(self._database, ids)
        snapshot = Snapshot(generation, catalog, read_statistics(cursor), NO_STARS)
        # Nobody begins to read between the two.
        with self._lock:
            cursor.commit()
            self._latest, self._building = snapshot, None


@dataclass(frozen=True, slots=True)
class _Building:
    """A closure that is computed.

    Attributes:
        cursor: By which.
        done: Told when it is there, or why it is not.
    """

    cursor: duckdb.DuckDBPyConnection
    done: Future[None] = field(default_factory=Future)


def _begin(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(_PATH)
    # From its first read on, a transaction sees this closure and no later one.
    cursor.begin()
    cursor.execute("SELECT count(*) FROM entailed.main.vocabulary").fetchall()


def _store_vocabulary(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The ids of the terms of RDFS; those that the store has not get the last keys."""
    found = find_ids(cursor, [Key(IRI_KIND, iri) for iri in VOCABULARY]).tolist()
    ids = dict(zip(VOCABULARY, found, strict=True))
    absent = [iri for iri, term_id in ids.items() if term_id == NOT_FOUND]
    last = (1 << PAYLOAD_BITS) - 1
    ids |= {iri: last - n for n, iri in enumerate(absent)}
    unstored = {"id": [ids[iri] for iri in absent], "lexical": absent}
    schema = pa.schema([("id", pa.int64()), ("lexical", pa.string())])
    cursor.register("unstored", pa.table(unstored, schema))
    for statement in _TERMS:
        cursor.execute(statement)
    cursor.unregister("unstored")
    return ids


def _close(cursor: duckdb.DuckDBPyConnection, ids: Mapping[str, int]) -> None:
    """Apply the rules until nothing new follows."""
    names = {
        iri.removeprefix(RDF).removeprefix(RDFS): term_id
        for iri, term_id in ids.items()
    }
    values = {**names, **_LIMITS, "membership": MEMBERSHIP.pattern}

    def run(statement: str) -> duckdb.DuckDBPyConnection:
        used = {name: values[name] for name in _PARAMETER.findall(statement)}
        return cursor.execute(statement, used or None)

    axioms = [tuple(ids[iri] for iri in triple) for triple in AXIOMS]
    columns = zip(*axioms, strict=True)
    cursor.register("axioms", pa.table(list(map(pa.array, columns)), list("spo")))
    for statement in (_SEED, _MEMBERS, _ALL):
        run(statement)
    while True:
        run(_TRANSITIVE.format(name="subPropertyOf"))
        run(_TRANSITIVE.format(name="subClassOf"))
        run(_RULES)
        added = run(_ADD).fetchall()[0][0]
        if not added:
            break
        # A rule joins a statement with the schema: new schema concerns old statements.
        has_schema = run(_HAS_SCHEMA).fetchall()[0][0]
        for statement in (_ALL,) if has_schema else (_KEEP_NEW, _NEW):
            run(statement)
    cursor.unregister("axioms")
    for statement in (_FINISH, _BY_OBJECT, _STATISTICS):
        run(statement)
    rebuild_statistics(cursor)
    for name in ("closure", "fresh", "newest", "subPropertyOf", "subClassOf"):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")
