"""Templates of updates, filled set by set (SPARQL 1.1 Update section 3.1.3).

The solutions of WHERE become a temporary table, a column per variable: of term ids, or
of N-Triples where an expression computed the term. A blank node of a template is such a
column too, with a new label in each row. Texts get ids all at once, and each quad of a
template is then one INSERT ... SELECT: no row passes through Python.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term, Var
from strabon_store.algebra.updates import QuadPattern
from strabon_store.backends.duckdb import GeneratedQuery
from strabon_store.backends.sql import Sql, Template, identifier, joined, literal
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag, TermId
from strabon_store.results.decode import parse_plain
from strabon_store.storage.dictionary import NOT_FOUND, Ids
from strabon_store.storage.terms import TermWriter

Slot: TypeAlias = Var | BlankNode
"""What differs between the solutions in a template."""

FEW: Final = 1000
"""Up to so many new terms are encoded one by one; that takes fewer statements."""

_BATCH: Final = 200_000
"""How many terms pass through Python at a time."""

_POSITIONS: Final = ("graph", "subject", "predicate", "object")
_RESOURCES: Final = (Tag.IRI, Tag.BLANK)
_ALLOWED: Final[Mapping[str, tuple[Tag, ...]]] = {
    "graph": _RESOURCES,
    "subject": _RESOURCES,
    "predicate": (Tag.IRI,),
    "object": tuple(Tag),
}
"""What may stand where in RDF 1.1 (Concepts sections 3.1 and 4)."""

_LIST: Final = ", "
_AS: Final = Template(":a AS :b")
_SOLUTIONS: Final = Template(
    "CREATE TEMPORARY TABLE solutions AS SELECT :a FROM (:b) AS found(:c)"
)
_KEY: Final = Template("CAST(:a AS BIGINT)")
_TEXT: Final = Template("CAST(:a AS VARCHAR)")
_LABEL: Final = Template(":a || CAST(row_number() OVER () AS VARCHAR)")
_TEXTS: Final = Template(
    "SELECT DISTINCT text FROM (SELECT unnest([:a]) AS text FROM solutions) "
    "WHERE text IS NOT NULL"
)
_SPELL: Final = "INSERT INTO spelled SELECT text, id FROM spelling WHERE id <> ?"
_SOLVED: Final = Template(
    "CREATE TEMPORARY TABLE solved AS SELECT :a FROM solutions :b"
)
_SPELLED: Final = Template("LEFT JOIN spelled AS :a ON :a.text = solutions.:b")
_ID: Final = Template(":a.id")
_FILL: Final = Template("INSERT INTO :a SELECT :b FROM solved WHERE :c")
_IS_TAGGED: Final = Template(":a >> :b IN (:c)")
_GROUND: Final = Template("INSERT INTO :a SELECT * FROM ground")
_FORGET: Final = "DROP TABLE solutions; DROP TABLE spelled; DROP TABLE solved"


@dataclass(frozen=True, slots=True)
class Solutions:
    """The solutions of WHERE, as a temporary table of the cursor.

    Attributes:
        count: How many there are.
        columns: The column of each slot.
        texts: The slots whose columns are N-Triples.
    """

    count: int
    columns: Mapping[Slot, Sql]
    texts: frozenset[Slot]


def slots_of(quads: Iterable[QuadPattern]) -> tuple[Slot, ...]:
    """What differs between solutions in some quads of templates, each once."""
    found = (term for quad in quads for term in _terms(quad))
    return tuple(dict.fromkeys(t for t in found if isinstance(t, Var | BlankNode)))


def constants_of(quads: Iterable[QuadPattern]) -> list[Term]:
    """The terms that stand in some quads of templates, each once."""
    found = (term for quad in quads for term in _terms(quad))
    return list(dict.fromkeys(t for t in found if isinstance(t, IRI | Literal)))


def stage_solutions(
    cursor: duckdb.DuckDBPyConnection,
    generated: GeneratedQuery,
    blank_nodes: Sequence[BlankNode],
    stem: str,
) -> Solutions:
    """Run WHERE and keep its solutions.

    Args:
        cursor: Within a transaction.
        generated: WHERE, its columns being ids or N-Triples.
        blank_nodes: Those of the templates.
        stem: Begins the labels of the new blank nodes; no label in the store does.
    """
    variables = {Var(column.name): column.encoding for column in generated.columns}
    texts = {v for v, encoding in variables.items() if not isinstance(encoding, TermId)}
    slots: list[Slot] = [*variables, *blank_nodes]
    columns = {slot: identifier(f"c{index}") for index, slot in enumerate(slots)}
    # A query without variables has a column that nobody reads.
    found = [columns[each] for each in variables] or [identifier("nothing")]
    # What is unbound in each solution may come as a NULL of any type.
    typed = [
        _AS.filled(
            [(_TEXT if each in texts else _KEY).filled([columns[each]]), columns[each]]
        )
        for each in variables
    ]
    labels = [
        _AS.filled([_LABEL.filled([literal(f"_:{stem}{index}n")]), columns[blank_node]])
        for index, blank_node in enumerate(blank_nodes)
    ]
    outputs = joined(_LIST, [*(typed or found), *labels])
    inner = joined(_LIST, found)
    cursor.execute(_SOLUTIONS.filled([outputs, Sql(generated.sql), inner]))
    return Solutions(
        count=int(cursor.table("solutions").count("*").fetchall()[0][0]),
        columns=columns,
        texts=frozenset(texts.union(blank_nodes)),
    )


def resolve(
    cursor: duckdb.DuckDBPyConnection,
    solutions: Solutions,
    terms: TermWriter,
    *,
    found: Iterable[Slot],
    stored: Iterable[Slot],
) -> None:
    """Give every text an id: make the table that templates are filled from.

    Args:
        cursor: Within a transaction.
        solutions: The solutions.
        terms: The dictionary.
        found: The slots of what is deleted; what has no id is not stored anyway.
        stored: The slots of what is inserted.
    """
    cursor.execute("CREATE TEMPORARY TABLE spelled (text VARCHAR, id BIGINT)")
    kept = solutions.texts.intersection(stored)
    _store_texts(cursor, _distinct(cursor, solutions, kept), terms)
    asked = solutions.texts.intersection(found) - kept
    for texts in _parts(_distinct(cursor, solutions, asked)):
        _spell(cursor, texts, terms.find([parse_plain(text) for text in texts]))
    outputs, joins = [literal(None)], list[Sql]()
    for slot, column in solutions.columns.items():
        if slot not in solutions.texts:
            outputs.append(column)
        elif slot in kept or slot in asked:
            alias = identifier(f"spelled_{len(joins)}")
            joins.append(_SPELLED.filled([alias, column]))
            outputs.append(_AS.filled([_ID.filled([alias]), column]))
    cursor.execute(_SOLVED.filled([joined(_LIST, outputs), joined(" ", joins)]))


def fill(
    cursor: duckdb.DuckDBPyConnection,
    quads: Iterable[QuadPattern],
    solutions: Solutions,
    ids: Mapping[Term, int],
    table: str,
) -> None:
    """Put the quads of templates into a table, for each solution.

    What is no RDF in a solution is left out, as is what an unbound variable makes
    incomplete (3.1.3).

    Args:
        cursor: Within a transaction, after `resolve`.
        quads: Those with slots; a quad with a constant that has no id is left out.
        solutions: The solutions.
        ids: The ids of the constants.
        table: A table with the columns of the quads.
    """
    for quad in quads:
        outputs, conditions = [], [literal(value=True)]
        for position, term in zip(_POSITIONS, _terms(quad), strict=True):
            if isinstance(term, Var | BlankNode):
                column = solutions.columns.get(term, literal(None))
                tags = joined(_LIST, [literal(int(t)) for t in _ALLOWED[position]])
                shift = literal(PAYLOAD_BITS)
                conditions.append(_IS_TAGGED.filled([column, shift, tags]))
                outputs.append(column)
            else:
                outputs.append(literal(_constant(position, term, ids)))
        if literal(None) not in outputs:
            parts = [joined(_LIST, outputs), joined(" AND ", conditions)]
            cursor.execute(_FILL.filled([identifier(table), *parts]))


def fill_ground(
    cursor: duckdb.DuckDBPyConnection,
    quads: Iterable[QuadPattern],
    ids: Mapping[Term, int],
    table: str,
) -> None:
    """Put quads without slots into a table; those with a term without id are left out.

    Args:
        cursor: Within a transaction.
        quads: The quads; blank nodes in them are constants.
        ids: The ids of their terms.
        table: A table with the columns of the quads.
    """
    rows = [
        [
            _constant(position, term, ids)
            for position, term in zip(_POSITIONS, _terms(quad), strict=True)
        ]
        for quad in quads
    ]
    whole = np.array([row for row in rows if None not in row], dtype=np.int64)
    columns = whole.reshape(-1, len(_POSITIONS)).T
    cursor.register("ground", pa.table(dict(zip(_POSITIONS, columns, strict=True))))
    cursor.execute(_GROUND.filled([identifier(table)]))
    cursor.unregister("ground")


def forget_solutions(cursor: duckdb.DuckDBPyConnection) -> None:
    """Drop the tables of the solutions."""
    cursor.execute(_FORGET)


def _terms(quad: QuadPattern) -> tuple[Term | Var | None, ...]:
    return quad.graph, quad.subject, quad.predicate, quad.object


def _constant(
    position: str, term: Term | Var | None, ids: Mapping[Term, int]
) -> int | None:
    """The id of a constant; None where it has none, or may not stand there."""
    if term is None:
        return DEFAULT_GRAPH
    found = NOT_FOUND if isinstance(term, Var) else ids.get(term, NOT_FOUND)
    is_allowed = found != NOT_FOUND and found >> PAYLOAD_BITS in _ALLOWED[position]
    return found if is_allowed else None


def _distinct(
    cursor: duckdb.DuckDBPyConnection, solutions: Solutions, slots: Iterable[Slot]
) -> Any:
    """The texts of some slots, each once, as an Arrow column."""
    columns = [solutions.columns[slot] for slot in slots]
    if not columns:
        return pa.chunked_array([], pa.string())
    chosen = cursor.execute(_TEXTS.filled([joined(_LIST, columns)]))
    return chosen.to_arrow_table().column(0)


def _parts(texts: Any) -> Iterator[list[str]]:
    for first in range(0, len(texts), _BATCH):
        yield texts.slice(first, _BATCH).to_pylist()


def _store_texts(
    cursor: duckdb.DuckDBPyConnection, texts: Any, terms: TermWriter
) -> None:
    """Spell distinct texts, in the engine if they are many."""
    if len(texts) > FEW:
        # The engine's way with escapes needs this character for itself.
        odd = pc.match_substring(texts, "\1")
        terms.store_tokens(pa.table({"token": texts.filter(pc.invert(odd))}), "spelled")
        texts = texts.filter(odd)
    for part in _parts(texts):
        _spell(cursor, part, terms.store([parse_plain(text) for text in part]))


def _spell(cursor: duckdb.DuckDBPyConnection, texts: list[str], ids: Ids) -> None:
    rows = pa.table({"text": pa.array(texts, pa.string()), "id": pa.array(ids)})
    cursor.register("spelling", rows)
    cursor.execute(_SPELL, [NOT_FOUND])
    cursor.unregister("spelling")
