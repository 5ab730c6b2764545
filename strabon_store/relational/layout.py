"""The tables of a store, as data; `storage` makes and fills them.

`terms` holds the terms of dictionary kinds only, `quads` is a set that stands in two
orders, and `geometries` has
a row for each well-formed geometry literal, parsed once: in CRS84 and cut at the
antimeridian, and in the plane of its CRS where that has one. Bounds are NULL for the
empty geometry.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from strabon_store.relational.encoding import TermId


class ColumnType(StrEnum):
    """The types that columns have, in the words of SQL."""

    BIGINT = "BIGINT"
    BOOLEAN = "BOOLEAN"
    DOUBLE = "DOUBLE"
    GEOMETRY = "GEOMETRY"
    TIMESTAMP = "TIMESTAMP"
    UBIGINT = "UBIGINT"
    VARCHAR = "VARCHAR"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column of a table.

    Attributes:
        name: Its name.
        type: Its type.
        is_nullable: Whether NULL can stand in it.
    """

    name: str
    type: ColumnType
    is_nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: Its name.
        columns: Its columns in order.
    """

    name: str
    columns: tuple[ColumnSpec, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns in order."""
        return tuple(column.name for column in self.columns)


TERMS: Final = Table(
    "terms",
    (
        ColumnSpec("id", ColumnType.BIGINT),
        ColumnSpec("lexical", ColumnType.VARCHAR),
        # NULL for IRIs and blank nodes.
        ColumnSpec("datatype", ColumnType.VARCHAR, is_nullable=True),
        ColumnSpec("language", ColumnType.VARCHAR, is_nullable=True),
        # The value of numbers, rounded to a double.
        ColumnSpec("number", ColumnType.DOUBLE, is_nullable=True),
        # In UTC; what has no zone is taken as UTC, for ordering only.
        ColumnSpec("moment", ColumnType.TIMESTAMP, is_nullable=True),
    ),
)
"""The dictionary, sorted by id within what one load added."""

TERM_HASHES: Final = Table(
    "term_hashes",
    (
        # Of lexical form, datatype and language, by the engine's own function.
        ColumnSpec("hash", ColumnType.UBIGINT),
        ColumnSpec("id", ColumnType.BIGINT),
    ),
)
"""Where a term is found by what it says: `terms` by hash, sorted so."""

QUADS: Final = Table(
    "quads",
    (
        ColumnSpec("graph", ColumnType.BIGINT),
        ColumnSpec("subject", ColumnType.BIGINT),
        ColumnSpec("predicate", ColumnType.BIGINT),
        ColumnSpec("object", ColumnType.BIGINT),
    ),
)
"""The statements, as term ids, by predicate, subject, object and graph."""

QUADS_BY_OBJECT: Final = Table("quads_by_object", QUADS.columns)
"""The same statements by predicate, object, subject and graph."""

GEOMETRIES: Final = Table(
    "geometries",
    (
        ColumnSpec("id", ColumnType.BIGINT),
        # IRI of the CRS of the literal.
        ColumnSpec("crs", ColumnType.VARCHAR),
        # In CRS84, x = longitude, y = latitude, degrees; NULL in an engineering CRS.
        ColumnSpec("geometry", ColumnType.GEOMETRY, is_nullable=True),
        # Of `geometry` where `native` is NULL, else around what `geometry` and the
        # image of `native` hold; of `native` where `geometry` is NULL. What is on the
        # antimeridian or at a pole has all longitudes.
        ColumnSpec("minx", ColumnType.DOUBLE, is_nullable=True),
        ColumnSpec("miny", ColumnType.DOUBLE, is_nullable=True),
        ColumnSpec("maxx", ColumnType.DOUBLE, is_nullable=True),
        ColumnSpec("maxy", ColumnType.DOUBLE, is_nullable=True),
        ColumnSpec("is_valid", ColumnType.BOOLEAN),
        ColumnSpec("crosses_antimeridian", ColumnType.BOOLEAN),
        ColumnSpec("contains_pole", ColumnType.BOOLEAN),
        # In the plane of a projected or engineering CRS, x = east, y = north; NULL in
        # others.
        ColumnSpec("native", ColumnType.GEOMETRY, is_nullable=True),
    ),
)
"""The geometry of each well-formed geometry literal, by the literal's id."""

PLANES: Final = Table("planes", (ColumnSpec("crs", ColumnType.VARCHAR),))
"""IRIs of the CRSs in whose planes there may be geometries; that of CRS84 where some
are on the edge of its plane, which is none on Earth."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What valid geometries a column has, empty ones left out.

    Attributes:
        count: How many there are.
        are_points: Whether all of them are points in CRS84, with no plane of their
            own; their boxes are where they are, but on the antimeridian.
        are_areas: Whether all of them are polygons and multipolygons.
        boxes: The area of their boxes together, in square degrees.
        sides: Width and height of their boxes together, in degrees.
        vertices: How many vertices they have together.
        heights: The height of each times its vertices, together.
        are_lines: Whether all of them are line strings and multi line strings.
        length: How long they are together, in degrees.
        extent: The area of the box around all of them, in square degrees.
    """

    count: int
    are_points: bool
    are_areas: bool
    boxes: float
    sides: float
    vertices: float
    heights: float
    are_lines: bool
    length: float
    extent: float


PREDICATES: Final = Table(
    "predicate_statistics",
    (
        ColumnSpec("predicate", ColumnType.BIGINT),
        ColumnSpec("statements", ColumnType.BIGINT),
        # Estimates; never below 1, and after deletions maybe too high.
        ColumnSpec("subjects", ColumnType.BIGINT),
        ColumnSpec("objects", ColumnType.BIGINT),
        # A bit for each tag that ids of objects have; 1 << tag.
        ColumnSpec("tags", ColumnType.BIGINT),
        # The one datatype of all literals among the objects.
        ColumnSpec("datatype", ColumnType.VARCHAR, is_nullable=True),
    ),
)
"""What is known of the statements of each predicate, in all graphs together.

`statements` is exact; `tags` and `datatype` say no less than what there is.
"""

STAR_TABLES: Final = Table(
    "star_tables",
    (
        # The table is named `star_` and this number; no number is used twice.
        ColumnSpec("star", ColumnType.BIGINT),
        # How many subjects it was built with.
        ColumnSpec("subjects", ColumnType.BIGINT),
        # Whether its rows are sorted by subject, and by nothing before.
        ColumnSpec("is_by_subject", ColumnType.BOOLEAN),
    ),
)
"""The star tables that there are."""

STAR_COLUMNS: Final = Table(
    "star_columns",
    (
        ColumnSpec("star", ColumnType.BIGINT),
        ColumnSpec("predicate", ColumnType.BIGINT),
        ColumnSpec("is_nullable", ColumnType.BOOLEAN),
        # As in `predicate_statistics`, of the objects in this column.
        ColumnSpec("tags", ColumnType.BIGINT),
        ColumnSpec("datatype", ColumnType.VARCHAR, is_nullable=True),
        # The least and the greatest id in it when it was built.
        ColumnSpec("lowest", ColumnType.BIGINT),
        ColumnSpec("highest", ColumnType.BIGINT),
        # Whether the lexical forms stand beside the ids.
        ColumnSpec("has_text", ColumnType.BOOLEAN),
        # Whether a number in it may be NaN.
        ColumnSpec("may_be_nan", ColumnType.BOOLEAN),
        # Whether the coordinates of points stand beside the ids.
        ColumnSpec("has_points", ColumnType.BOOLEAN),
    ),
)
"""Their columns, but for `subject`: each holds the objects of a predicate."""

LOOSE: Final = Table("loose", QUADS.columns[1:])
"""The statements of the default graph that stand in no star table, by predicate,
subject and object; empty while there is no star table at all."""

LOOSE_STATEMENTS: Final = Table(
    "loose_statements",
    (
        ColumnSpec("predicate", ColumnType.BIGINT),
        ColumnSpec("statements", ColumnType.BIGINT),
    ),
)
"""How many of them each predicate has; no row: none."""

CRS_DEFINITIONS: Final = Table(
    "crs_definitions",
    (
        # Of a CRS without a code; made of the hash of the definition.
        ColumnSpec("iri", ColumnType.VARCHAR),
        # WKT2.
        ColumnSpec("definition", ColumnType.VARCHAR),
    ),
)
"""What the store was told of CRSs without a code; no row is ever taken away."""

META: Final = Table(
    "meta",
    (ColumnSpec("key", ColumnType.VARCHAR), ColumnSpec("value", ColumnType.VARCHAR)),
)
"""Format version, generation and counters."""

TABLES: Final = (
    TERMS,
    TERM_HASHES,
    QUADS,
    QUADS_BY_OBJECT,
    GEOMETRIES,
    PLANES,
    PREDICATES,
    STAR_TABLES,
    STAR_COLUMNS,
    LOOSE,
    LOOSE_STATEMENTS,
    CRS_DEFINITIONS,
    META,
)
"""All tables of a store."""


@dataclass(frozen=True, slots=True)
class PredicateStatistics:
    """What is known of the statements of a predicate, in all graphs together.

    Attributes:
        statements: How many there are.
        subjects: About how many subjects they have.
        objects: About how many objects.
        encoding: What is known of the ids of the objects.
    """

    statements: int
    subjects: int
    objects: int
    encoding: TermId = field(default_factory=TermId)
