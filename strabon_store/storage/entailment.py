"""What the graphs of a store entail by RDFS (SPARQL 1.1 Entailment Regimes section 3).

The closure of each graph under the rules of RDF 1.1 Semantics section 9.2.1 is computed
when it is first asked for, and again when the store has changed. It lies in a database
of its own, in memory, beside the store's: its table `quads` holds what was said and
what follows from it, its view `terms` the store's dictionary and the vocabulary of
RDFS. A cursor whose search path begins there asks the same SQL of the closure.

Every term of an answer occurs in the data or in the vocabulary (condition C2 of the
regime): the rules make no new terms, a literal is no subject, and `rdf:_1`, `rdf:_2`,
... are known where the data have them. Where a graph has a term of GeoSPARQL, Simple
Features or GML, their axioms are part of the vocabulary as those of RDFS are (section
10 of OGC 22-047r1), unless a store is opened without them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from engines.duckdb.failures import wrap_error
from ontologies.geosparql.axioms import geosparql_axioms
from ontologies.namespaces import RDF, RDFS
from ontologies.rdfs import AXIOMS, MEMBERSHIP, VOCABULARY
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, Term
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag
from strabon_store.relational.kinds import IRI_KIND
from strabon_store.relational.stars import NO_STARS
from strabon_store.storage.catalog import Catalog, Connection, Snapshot
from strabon_store.storage.database import Database, read_meta
from strabon_store.storage.dictionary import NOT_FOUND, Key, find_ids
from strabon_store.storage.statistics import (
    read_planes,
    read_statistics,
    rebuild_statistics,
)

_MERGES: Final = 4
"""Closures of merges that are kept."""

_Triples: TypeAlias = Sequence[tuple[str, str, str]]
_Run: TypeAlias = Callable[[str], duckdb.DuckDBPyConnection]

_NAME: Final = "entailed"
"""In SQL here the database of a closure; each has a name of its own."""

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
_SEED_OF_DATASET: Final = """
CREATE OR REPLACE TEMPORARY TABLE closure AS
SELECT target AS graph, subject, predicate, object
FROM store.main.quads JOIN chosen USING (graph)
UNION
SELECT graph, axioms.* FROM axioms CROSS JOIN (SELECT target AS graph FROM chosen)
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
# Only a graph that has a term of theirs: thousands of named graphs without a geometry
# need no copy of the hierarchies each.
_EXTENSION: Final = """
INSERT INTO closure
WITH known AS (SELECT DISTINCT subject AS id FROM extension),
using_it AS (
  SELECT DISTINCT graph FROM closure WHERE predicate IN (FROM known)
    OR subject IN (FROM known) OR object IN (FROM known)
)
SELECT graph, extension.* FROM using_it CROSS JOIN extension
ANTI JOIN closure USING (graph, subject, predicate, object)
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

_KEEP: Final = (_FINISH, _BY_OBJECT, _STATISTICS)

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

    def links(self, predicate: int, generation: int) -> None:
        """Nobody can tell: what is entailed is not in the store."""
        del predicate, generation


class Closures:
    """The closure of each graph of a store, and those of merges that were asked for."""

    def __init__(self, database: Database, *, geosparql: bool = True) -> None:
        """Of a store; nothing is computed yet.

        Args:
            database: The store's.
            geosparql: Whether what GeoSPARQL's ontologies say is known.
        """
        self._lock = Lock()
        axioms = geosparql_axioms() if geosparql else ()
        names = [_NAME, *(f"{_NAME}{n}" for n in range(_MERGES))]
        self._own, *self._merges = (_Closure(database, n, axioms) for n in names)

    def begin(
        self,
        cursor: duckdb.DuckDBPyConnection,
        tick: Callable[[], None],
        merge: Dataset | None = None,
    ) -> Snapshot:
        """Begin a transaction in which a cursor reads the closure of the store of now.

        It is computed if the store has changed; what is known of it is returned.

        Args:
            cursor: The cursor.
            tick: Called every now and then while the closure is computed; may raise.
            merge: A dataset, of which the closure is read in place of the store's: the
                merge of the default graphs is its default graph, and it has no named
                graphs but the dataset's.

        Raises:
            EngineError: The closure cannot be computed.
        """
        if merge is None:
            return self._own.begin(cursor, tick, None)
        with self._lock:
            chosen = min(self._merges, key=lambda each: each.dataset != merge)
            chosen.dataset = merge
            # The one that was used last is the last to be used for another.
            self._merges.remove(chosen)
            self._merges.append(chosen)
        return chosen.begin(cursor, tick, merge)

    def close(self) -> None:
        """Stop what is computed, and wait until it rests."""
        for each in (self._own, *self._merges):
            each.close()


class _Closure:
    """A closure, kept until the store changes, or that of something else is needed.

    It is computed on a thread of its own: a query that waits for it ends when its time
    is over, and the next one finds it done.

    Attributes:
        dataset: What it was last needed of; None: each graph of the store.
    """

    def __init__(self, database: Database, name: str, axioms: _Triples) -> None:
        """In a database with a name, beside the store's; with axioms beyond RDFS's."""
        self.dataset: Dataset | None = None
        self._database = database
        self._name = name
        self._axioms = axioms
        self._lock = Lock()
        self._is_attached = False
        self._latest: tuple[Dataset | None, Snapshot] | None = None
        self._building: _Building | None = None

    def begin(
        self,
        cursor: duckdb.DuckDBPyConnection,
        tick: Callable[[], None],
        dataset: Dataset | None,
    ) -> Snapshot:
        """Begin a transaction in which the closure of a dataset is read."""
        needed = int(read_meta(cursor, "generation"))
        while True:
            with self._lock:
                if known := self._known(needed, dataset):
                    self._begin(cursor)
                    return known
                building = self._building or self._build(dataset)
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

    def _known(self, generation: int, dataset: Dataset | None) -> Snapshot | None:
        if self._latest is None:
            return None
        of, known = self._latest
        return known if of == dataset and known.generation >= generation else None

    def _begin(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(self._sql(_PATH))
        # From its first read on, a transaction sees this closure and no later one.
        cursor.begin()
        first = "SELECT count(*) FROM entailed.main.vocabulary"
        cursor.execute(self._sql(first)).fetchall()

    def _sql(self, text: str) -> str:
        return re.sub(rf"\b{_NAME}\b", self._name, text)

    def _build(self, dataset: Dataset | None) -> "_Building":
        """Begin to compute the closure; by whoever holds the lock."""
        building = self._building = _Building(self._database.cursor(), dataset)
        Thread(target=self._run, args=(building,), name="rdfs", daemon=True).start()
        return building

    def _run(self, building: "_Building") -> None:
        try:
            with building.cursor as cursor:
                self._compute(cursor, building.dataset)
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            with self._lock:
                self._building = None
            told = wrap_error(error) if isinstance(error, duckdb.Error) else error
            building.done.set_exception(told)
        else:
            building.done.set_result(None)

    def _compute(
        self, cursor: duckdb.DuckDBPyConnection, dataset: Dataset | None
    ) -> None:
        if not self._is_attached:
            cursor.execute(self._sql(_ATTACH))
            self._is_attached = True
        cursor.execute(self._sql(_PATH))
        cursor.begin()
        generation = int(read_meta(cursor, "generation"))
        ids = _vocabulary_ids(cursor, self._axioms)
        _store_vocabulary(cursor, ids, tuple(map(self._sql, _TERMS)))
        catalog = _Vocabulary(self._database, ids)
        chosen = None if dataset is None else _chosen(dataset, catalog)
        extension = _triples(ids, self._axioms)
        _close(cursor, ids, chosen, extension, tuple(map(self._sql, _KEEP)))
        known = read_statistics(cursor), NO_STARS, read_planes(cursor)
        snapshot = Snapshot(generation, catalog, *known)
        # Nobody begins to read between the two.
        with self._lock:
            cursor.commit()
            self._latest, self._building = (dataset, snapshot), None


@dataclass(frozen=True, slots=True)
class _Building:
    """A closure that is computed.

    Attributes:
        cursor: By which.
        dataset: Of what; None: each graph of the store.
        done: Told when it is there, or why it is not.
    """

    cursor: duckdb.DuckDBPyConnection
    dataset: Dataset | None
    done: Future[None] = field(default_factory=Future)


def _chosen(dataset: Dataset, catalog: Catalog) -> pa.Table:
    """Which graphs of the store are read as which graph of a closure."""
    ids = catalog.term_ids((*dataset.default, *dataset.named))
    pairs = [(ids[graph], DEFAULT_GRAPH) for graph in dataset.default if graph in ids]
    pairs += [(ids[graph], ids[graph]) for graph in dataset.named if graph in ids]
    graphs, targets = ([pair[i] for pair in pairs] for i in range(2))
    columns = {"graph": graphs, "target": targets}
    return pa.table(columns, pa.schema([("graph", pa.int64()), ("target", pa.int64())]))


def _vocabulary_ids(
    cursor: duckdb.DuckDBPyConnection, axioms: _Triples
) -> dict[str, int]:
    """The ids of the terms of RDFS and of further axioms.

    Those that the store has not get the last keys.
    """
    terms = sorted({*VOCABULARY, *(term for triple in axioms for term in triple)})
    found = find_ids(cursor, [Key(IRI_KIND, iri) for iri in terms]).tolist()
    ids = dict(zip(terms, found, strict=True))
    last = (1 << PAYLOAD_BITS) - 1
    absent = (iri for iri, term_id in ids.items() if term_id == NOT_FOUND)
    return ids | {iri: last - n for n, iri in enumerate(absent)}


def _triples(ids: Mapping[str, int], triples: _Triples) -> pa.Table:
    """Axioms as ids."""
    columns = ([ids[triple[i]] for triple in triples] for i in range(3))
    names = ("subject", "predicate", "object")
    schema = pa.schema([(name, pa.int64()) for name in names])
    return pa.table(dict(zip(names, columns, strict=True)), schema)


def _store_vocabulary(
    cursor: duckdb.DuckDBPyConnection, ids: Mapping[str, int], terms: Sequence[str]
) -> None:
    """Put the terms of RDFS that the store has not beside those that it has."""
    found = find_ids(cursor, [Key(IRI_KIND, iri) for iri in ids]).tolist()
    absent = [iri for iri, i in zip(ids, found, strict=True) if i == NOT_FOUND]
    unstored = {"id": [ids[iri] for iri in absent], "lexical": absent}
    schema = pa.schema([("id", pa.int64()), ("lexical", pa.string())])
    cursor.register("unstored", pa.table(unstored, schema))
    for statement in terms:
        cursor.execute(statement)
    cursor.unregister("unstored")


def _close(
    cursor: duckdb.DuckDBPyConnection,
    ids: Mapping[str, int],
    chosen: pa.Table | None,
    extension: pa.Table,
    keep: Sequence[str],
) -> None:
    """Make the closure, and keep it.

    Args:
        cursor: Within a transaction.
        ids: Those of the terms of RDFS.
        chosen: Which graphs are read as which; None: each as itself.
        extension: Axioms beyond those of RDFS, for graphs that have their terms.
        keep: Statements that keep the result.
    """
    names = {
        iri.removeprefix(RDF).removeprefix(RDFS): term_id
        for iri, term_id in ids.items()
    }
    values = {**names, **_LIMITS, "membership": MEMBERSHIP.pattern}

    def run(statement: str) -> duckdb.DuckDBPyConnection:
        used = {name: values[name] for name in _PARAMETER.findall(statement)}
        return cursor.execute(statement, used or None)

    cursor.register("axioms", _triples(ids, AXIOMS))
    cursor.register("extension", extension)
    if chosen is not None:
        cursor.register("chosen", chosen)
    seed = _SEED if chosen is None else _SEED_OF_DATASET
    for statement in (seed, _MEMBERS, _EXTENSION, _ALL):
        run(statement)
    _derive(run)
    cursor.unregister("axioms")
    cursor.unregister("extension")
    for statement in keep:
        run(statement)
    rebuild_statistics(cursor)
    for name in ("closure", "fresh", "newest", "subPropertyOf", "subClassOf"):
        cursor.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _derive(run: _Run) -> None:
    """Apply the rules until nothing new follows."""
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
