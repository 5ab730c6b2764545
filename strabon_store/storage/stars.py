"""Star tables are built from the quads: all at once, in the transaction of a write.

Everything is SQL over whole tables, linear in the quads; only the choice of tables
looks at one characteristic set after the other.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

import duckdb

from strabon_store.backends.sql import Sql, Template, identifier, joined, literal
from strabon_store.relational.encoding import DEFAULT_GRAPH, PAYLOAD_BITS, Tag, TermId
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.stars import (
    SUBJECT,
    StarColumn,
    Stars,
    StarTable,
)
from strabon_store.storage.characteristic_sets import (
    MOST_TABLES,
    CharacteristicSet,
    ChosenTable,
    choose_tables,
)
from strabon_store.storage.database import read_meta
from strabon_store.storage.star_points import POINTS, find_points
from strabon_store.storage.statistics import (
    DATATYPES,
    read_planes,
    read_statistics,
    tags_of,
)

_MOST_PREDICATES: Final = 120
"""The most frequent predicates can be columns; a mask is a HUGEINT."""

MOST_SETS: Final = 4096
"""Rarer characteristic sets stay loose."""

_MOST_RUNS: Final = 64
"""Runs of subjects in a table: to find one, a row group of each is read at most."""

_ROWS_OF_RUN: Final = 4096
"""About so many subjects make a run that is worth to be one."""

_SHORT_TEXT: Final = 40
"""Bytes of lexical forms that may stand in a star table, on average."""

_SOME_TEXTS: Final = 64
"""How many are looked at to know."""

_CANDIDATES: Final = """
CREATE TEMPORARY TABLE star_candidates AS
SELECT predicate, CAST(1 AS HUGEINT) << CAST(place AS INTEGER) AS bit
FROM (SELECT unnest($predicates) AS predicate, generate_subscripts($predicates, 1) - 1
  AS place)
"""
# A subject with more statements than predicates repeats one of them.
_SUBJECTS: Final = """
CREATE TEMPORARY TABLE star_subjects AS
WITH seen AS (
  SELECT subject, bit_or(bit) AS every, count(*) AS statements
  FROM quads JOIN star_candidates USING (predicate)
  WHERE graph = $graph GROUP BY subject
),
repeating AS (
  SELECT subject, bit_or(bit) AS repeated
  FROM (
    SELECT subject, predicate FROM quads
    WHERE graph = $graph
      AND subject IN (SELECT subject FROM seen WHERE statements > bit_count(every))
    GROUP BY subject, predicate HAVING count(*) > 1
  ) JOIN star_candidates USING (predicate)
  GROUP BY subject
)
SELECT subject, every & ~coalesce(repeated, 0) AS single,
  coalesce(repeated, 0) AS repeated
FROM seen LEFT JOIN repeating USING (subject)
"""
_SETS: Final = """
SELECT single, repeated, count(*) AS subjects FROM star_subjects
GROUP BY single, repeated ORDER BY subjects DESC, single, repeated LIMIT $most
"""
_MEMBERS: Final = """
CREATE TEMPORARY TABLE star_members AS
SELECT subject, star FROM star_subjects JOIN (
  SELECT unnest($single) AS single, unnest($repeated) AS repeated, unnest($star) AS star
) USING (single, repeated)
"""
_BUILD: Final = Template("""
CREATE TABLE :a AS SELECT :b FROM (
  SELECT subject, :c
  FROM quads SEMI JOIN (
    SELECT subject FROM star_members WHERE star = :d
  ) AS members USING (subject)
  WHERE graph = :e AND predicate IN (:f)
  GROUP BY subject
) AS wide :g
ORDER BY :h
""")
_LENGTH_OF_SOME: Final = """
SELECT avg(strlen(lexical)) FROM terms
WHERE id IN (SELECT object FROM quads WHERE predicate = $predicate LIMIT $some)
"""
_CHOSEN: Final = Template("max(object) FILTER (predicate = :a) AS :b")
_MEASURED: Final = Template("""
LEFT JOIN (SELECT id, :a FROM terms WHERE :b IS NOT NULL AND id BETWEEN :e AND :f)
AS :c ON :c.id = wide.:d
""")
_PLACED: Final = Template("""
LEFT JOIN (SELECT id, :a FROM :d) AS :b ON :b.id = wide.:c
""")
_AS: Final = Template(":a AS :b")
_FACTS: Final = Template("""
[count(:a), bit_or(CAST(1 AS BIGINT) << (:a >> :b)), min(:a), max(:a),
  CAST(:c AS BIGINT)]
""")
_HAS_NAN: Final = Template("coalesce(bool_or(isnan(:a)), FALSE)")
_FROM: Final = Template("SELECT count(*), :a FROM :b")
_DROP: Final = Template("DROP TABLE IF EXISTS :a")
_DELETE: Final = Template("DELETE FROM :a")
_DESCRIBED: Final = ("star_tables", "star_columns", "loose", "loose_statements")
_TEMPORARY: Final = ("star_candidates", "star_subjects", "star_members")
_TOTALS: Final = """
SELECT predicate, count(*) FROM quads WHERE graph = $graph GROUP BY predicate
"""
_LOOSE: Final = """
INSERT INTO loose SELECT subject, predicate, object FROM quads
WHERE graph = $graph AND predicate IN (SELECT unnest($predicates)) AND NOT EXISTS (
  SELECT 1 FROM star_members JOIN star_columns USING (star)
  WHERE star_members.subject = quads.subject
    AND star_columns.predicate = quads.predicate
)
ORDER BY predicate, subject, object
"""


_READ_COLUMNS: Final = """
SELECT star, predicate, is_nullable, tags, datatype, may_be_nan, lowest, highest,
  has_text, has_points
FROM star_columns
"""


def rebuild_stars(cursor: duckdb.DuckDBPyConnection) -> None:
    """Build the star tables anew from the quads.

    Args:
        cursor: Within a transaction, in which the statistics of predicates are right.
    """
    drop_stars(cursor)
    least = least_subjects(cursor)
    known = read_statistics(cursor)
    candidates = candidates_of(known, least)
    points = find_points(cursor, known, candidates)
    chosen = _choose(cursor, candidates, least, points) if candidates else []
    if chosen:
        first = first_number(cursor)
        _assign(cursor, chosen, first)
        inside: Counter[int] = Counter()
        for number, table in enumerate(chosen, first):
            predicates = marked(table.columns, candidates)
            inside.update(
                _build(cursor, number, {key: known[key] for key in predicates}, points)
            )
        _fill_loose(cursor, inside)
    for name in _TEMPORARY:
        cursor.execute(_DROP.filled([identifier(name)]))


def least_subjects(cursor: duckdb.DuckDBPyConnection) -> int:
    """How many subjects make a table worth having."""
    return int(read_meta(cursor, "star_subjects"))


def first_number(cursor: duckdb.DuckDBPyConnection) -> int:
    """The number of the first table that is built in a write."""
    return int(read_meta(cursor, "generation")) * MOST_TABLES


def candidates_of(known: Mapping[int, PredicateStatistics], least: int) -> list[int]:
    """The predicates that can be columns, those of most statements first.

    Their places in this list are those of their bits in masks.
    """
    ordered = sorted(known, key=lambda key: (-known[key].statements, key))
    found = [key for key in ordered if known[key].statements >= least]
    return found[:_MOST_PREDICATES]


def drop_stars(cursor: duckdb.DuckDBPyConnection) -> None:
    """Do without star tables: the quads hold everything, and nothing is loose."""
    for table in read_stars(cursor).tables:
        cursor.execute(_DROP.filled([identifier(table.name)]))
    for name in _DESCRIBED:
        cursor.execute(_DELETE.filled([identifier(name)]))


def read_stars(cursor: duckdb.DuckDBPyConnection) -> Stars:
    """The description of the star tables that there are."""
    planes = read_planes(cursor)
    columns: dict[int, dict[int, StarColumn]] = {}
    for (
        star,
        predicate,
        is_nullable,
        mask,
        datatype,
        may_be_nan,
        *rest,
    ) in cursor.execute(_READ_COLUMNS).fetchall():
        encoding = TermId(tags_of(mask), datatype, may_be_nan, planes)
        column = StarColumn(predicate, is_nullable, encoding, *rest)
        columns.setdefault(star, {})[predicate] = column
    tables = cursor.execute(
        "SELECT star, subjects, is_by_subject FROM star_tables "
        "ORDER BY subjects DESC, star"
    ).fetchall()
    loose = cursor.execute("SELECT predicate, statements FROM loose_statements")
    return Stars(
        tuple(
            StarTable(star, subjects, columns[star], is_by_subject)
            for star, subjects, is_by_subject in tables
        ),
        {predicate: number for predicate, number in loose.fetchall() if number},
    )


def _choose(
    cursor: duckdb.DuckDBPyConnection,
    candidates: list[int],
    least: int,
    points: Container[int],
) -> list[ChosenTable]:
    cursor.execute(_CANDIDATES, {"predicates": candidates})
    cursor.execute(_SUBJECTS, {"graph": DEFAULT_GRAPH})
    rows = cursor.execute(_SETS, {"most": MOST_SETS}).fetchall()
    sets = [CharacteristicSet(*map(int, row)) for row in rows]
    return choose_tables(sets, least, mask_of(points, candidates))


def mask_of(some: Container[int], candidates: Sequence[int]) -> int:
    """The bits of some of the candidates."""
    return sum(1 << place for place, key in enumerate(candidates) if key in some)


def marked(mask: int, candidates: Sequence[int]) -> list[int]:
    """The candidates whose bits a mask has."""
    return [key for place, key in enumerate(candidates) if mask >> place & 1]


def _assign(
    cursor: duckdb.DuckDBPyConnection, chosen: Iterable[ChosenTable], first: int
) -> None:
    """Which table, numbered from the first, each subject goes to."""
    pairs = [
        (found, number)
        for number, table in enumerate(chosen, first)
        for found in table.sets
    ]
    parameters = {
        "single": [found.single for found, _ in pairs],
        "repeated": [found.repeated for found, _ in pairs],
        "star": [number for _, number in pairs],
    }
    cursor.execute(_MEMBERS, parameters)


def _build(
    cursor: duckdb.DuckDBPyConnection,
    number: int,
    known: Mapping[int, PredicateStatistics],
    points: Container[int],
) -> Mapping[int, int]:
    """Make one table and describe it; how many statements it has of each predicate."""
    table = plan_table(cursor, number, known, points)
    columns = table.columns.values()
    categories = list(categories_of(known))
    chosen = [
        _CHOSEN.filled([literal(column.predicate), identifier(column.name)])
        for column in columns
    ]
    outputs, measured = [Sql("wide.*")], []
    for column in columns:
        for part, name in map(_identifiers, column.parts.items()):
            outputs.append(name)
            measured.append(_measured(column, part, name))
    keys = [literal(column.predicate) for column in columns]
    pieces = [identifier(table.name), joined(", ", outputs), joined(", ", chosen)]
    pieces += [literal(number), literal(DEFAULT_GRAPH), joined(", ", keys)]
    order = [identifier(table.columns[key].name) for key in categories]
    by = joined(", ", [*order, identifier(SUBJECT)])
    cursor.execute(_BUILD.filled([*pieces, joined("", measured), by]))
    return describe(cursor, table, categories)


def plan_table(
    cursor: duckdb.DuckDBPyConnection,
    number: int,
    known: Mapping[int, PredicateStatistics],
    points: Container[int],
) -> StarTable:
    """A table for the subjects of some predicates, before it is made.

    Args:
        cursor: Within a transaction in which terms and quads are in the store.
        number: Its number.
        known: What is known of the predicates, in the order of their columns.
        points: Those whose objects are points, see `storage.star_points`.
    """
    columns = {
        key: StarColumn(
            key,
            is_nullable=True,
            encoding=found.encoding,
            has_text=_is_short_text(cursor, key, found.encoding),
            has_points=key in points,
        )
        for key, found in known.items()
    }
    return StarTable(number, 0, columns)


def _is_short_text(
    cursor: duckdb.DuckDBPyConnection, predicate: int, encoding: TermId
) -> bool:
    """Whether the objects are strings of which some, looked at, are short on average.

    Beside the ids they cost little, and a filter on them needs no dictionary.
    """
    if not encoding.is_within(Tag.STRING, Tag.LANGUAGE):
        return False
    parameters = {"predicate": predicate, "some": _SOME_TEXTS}
    (length,) = cursor.execute(_LENGTH_OF_SOME, parameters).fetchall()[0]
    return length is not None and length <= _SHORT_TEXT


def _measured(column: StarColumn, part: Sql, name: Sql) -> Sql:
    """The join that brings a part of what is known, of the tags that a column has."""
    if column.has_points:
        found = identifier(column.name)
        return _PLACED.filled([_AS.filled([part, name]), name, found, POINTS])
    tags = column.encoding.tags
    ends = (min(tags) << PAYLOAD_BITS, ((max(tags) + 1) << PAYLOAD_BITS) - 1)
    pieces = [_AS.filled([part, name]), part, name, identifier(column.name)]
    return _MEASURED.filled([*pieces, *map(literal, ends)])


def categories_of(known: Mapping[int, PredicateStatistics]) -> Iterator[int]:
    """The predicates of few different objects, those of fewest first.

    Rows with the same categories stand together, so that a query that asks for one
    reads its rows alone.
    """
    runs = 1
    for key, found in sorted(known.items(), key=lambda pair: pair[1].objects):
        runs *= found.objects
        if runs > min(_MOST_RUNS, found.statements // _ROWS_OF_RUN):
            return
        if found.objects > 1:
            yield key


def _identifiers(names: tuple[str, str]) -> tuple[Sql, Sql]:
    return identifier(names[0]), identifier(names[1])


def describe(
    cursor: duckdb.DuckDBPyConnection, table: StarTable, categories: Container[int]
) -> Mapping[int, int]:
    """Note what is known of the columns, from what stands in them."""
    columns = table.columns.values()
    pieces = [joined(", ", list(map(_facts, columns))), identifier(table.name)]
    subjects, *found = cursor.execute(_FROM.filled(pieces)).fetchall()[0]
    rows, is_by_subject = [], True
    for column, (count, mask, low, high, nan) in zip(columns, found, strict=True):
        key, is_nullable = column.predicate, count < subjects
        known = (is_nullable, mask, _datatype(column, mask), low, high)
        beside = (column.has_text, bool(nan), column.has_points)
        rows.append([table.number, key, *known, *beside])
        is_same = low == high and not is_nullable
        is_by_subject &= is_same or key not in categories
    described = [table.number, subjects, is_by_subject]
    cursor.execute("INSERT INTO star_tables VALUES (?, ?, ?)", described)
    cursor.executemany(
        "INSERT INTO star_columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
    )
    return {key: facts[0] for key, facts in zip(table.columns, found, strict=True)}


def _facts(column: StarColumn) -> Sql:
    """What there is to know of a column, as a list of numbers."""
    number = column.parts.get("number")
    has_nan = (
        literal(value=False)
        if number is None
        else _HAS_NAN.filled([identifier(number)])
    )
    return _FACTS.filled([identifier(column.name), literal(PAYLOAD_BITS), has_nan])


def _datatype(column: StarColumn, mask: int) -> str | None:
    """The one datatype of all literals in a column."""
    known = column.encoding.datatype
    tags = tags_of(mask) - {Tag.IRI, Tag.BLANK}
    told = {DATATYPES.get(tag, known) for tag in tags}
    return told.pop() if len(told) == 1 else known


def _fill_loose(cursor: duckdb.DuckDBPyConnection, inside: Mapping[int, int]) -> None:
    """Keep what stands in no star table; `inside` counts what does, by predicate."""
    totals = cursor.execute(_TOTALS, {"graph": DEFAULT_GRAPH}).fetchall()
    loose = [[key, number - inside.get(key, 0)] for key, number in totals]
    loose = [pair for pair in loose if pair[1]]
    if loose:
        cursor.executemany("INSERT INTO loose_statements VALUES (?, ?)", loose)
        predicates = [key for key, _ in loose]
        cursor.execute(_LOOSE, {"graph": DEFAULT_GRAPH, "predicates": predicates})
