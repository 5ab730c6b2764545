"""What must be true of a store at rest, as questions to its tables.

Every check is one query for the rows that break it. Reading every column also makes the
engine compare the checksum of each block. A new table brings its checks here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from ontologies.geosparql.crs import CRS84_IRI, OWN_CRS, OWN_CRS_BASE
from ontologies.progress import Progress, silent
from strabon_store.backends.sql import Sql, Template, identifier, joined, literal
from strabon_store.relational.encoding import (
    DEFAULT_GRAPH,
    INLINE,
    PAYLOAD_BITS,
    PAYLOAD_MASK,
    Tag,
)
from strabon_store.relational.stars import POINT, StarTable
from strabon_store.storage.database import Database
from strabon_store.storage.geometries import IS_ON_EDGE
from strabon_store.storage.star_points import POINTS
from strabon_store.storage.stars import read_stars


@dataclass(frozen=True, slots=True)
class Check:
    """A claim about the tables.

    Attributes:
        claim: What holds in a sound store.
        offenders: SQL for the rows that break it, one column each; a `$name` is one of
            `_PARAMETERS`.
    """

    claim: str
    offenders: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A claim that does not hold.

    Attributes:
        claim: The claim.
        count: How many rows break it; None where the tables could not be read.
        example: One of the rows, or what the engine says.
    """

    claim: str
    count: int | None
    example: str

    def __str__(self) -> str:
        """The problem in a line."""
        if self.count is None:
            return f"broken: {self.claim} (not to be read: {self.example})"
        return f"broken: {self.claim} ({self.count:,} rows; first: {self.example})"


@dataclass(frozen=True, slots=True)
class Verification:
    """What the checks found.

    Attributes:
        claims: All claims, in the order in which they were checked.
        problems: Those that do not hold.
    """

    claims: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every claim holds."""
        return not self.problems

    def __str__(self) -> str:
        """A line for each claim."""
        broken = {problem.claim: str(problem) for problem in self.problems}
        return "\n".join(broken.get(claim, f"holds:  {claim}") for claim in self.claims)


_PARAMETERS: Final = {
    "bits": PAYLOAD_BITS,
    "payload": PAYLOAD_MASK,
    "inline": sorted(int(tag) for tag in INLINE),
    "keyed": sorted(int(tag) for tag in Tag if tag not in INLINE),
    "default_graph": DEFAULT_GRAPH,
    "iri": int(Tag.IRI),
    "blank": int(Tag.BLANK),
    "language": int(Tag.LANGUAGE),
    "geometry": int(Tag.GEOMETRY),
    "numbers": [int(Tag.NUMBER), int(Tag.EXACT)],
    "own_crs": OWN_CRS.pattern,
    "own_crs_base": OWN_CRS_BASE,
}
"""What the queries call by name."""

CHECKS: Final = (
    Check(
        "a graph is the default graph, or an IRI or blank node of the dictionary",
        """
        SELECT graph FROM quads ANTI JOIN terms ON terms.id = graph
        WHERE graph <> $default_graph
        UNION ALL SELECT graph FROM quads WHERE graph >> $bits > $blank
        """,
    ),
    Check(
        "a subject is an IRI or a blank node of the dictionary",
        """
        SELECT subject FROM quads ANTI JOIN terms ON terms.id = subject
        UNION ALL SELECT subject FROM quads WHERE subject >> $bits > $blank
        """,
    ),
    Check(
        "a predicate is an IRI of the dictionary",
        """
        SELECT predicate FROM quads ANTI JOIN terms ON terms.id = predicate
        UNION ALL SELECT predicate FROM quads WHERE predicate >> $bits <> $iri
        """,
    ),
    Check(
        "an object is inline or in the dictionary",
        """
        SELECT object FROM quads ANTI JOIN terms ON terms.id = object
        WHERE NOT list_contains($inline, object >> $bits)
        """,
    ),
    Check(
        "no statement stands twice",
        """
        SELECT [graph, subject, predicate, object] FROM quads
        GROUP BY graph, subject, predicate, object HAVING count(*) > 1
        """,
    ),
    Check(
        "both orders hold the same statements",
        """
        (SELECT [graph, subject, predicate, object] FROM quads EXCEPT ALL
         SELECT [graph, subject, predicate, object] FROM quads_by_object)
        UNION ALL
        (SELECT [graph, subject, predicate, object] FROM quads_by_object EXCEPT ALL
         SELECT [graph, subject, predicate, object] FROM quads)
        """,
    ),
    Check(
        "the statistics count the statements of each predicate",
        """
        SELECT coalesce(counted.predicate, known.predicate)
        FROM (SELECT predicate, count(*) AS n FROM quads GROUP BY predicate) AS counted
        FULL JOIN predicate_statistics AS known USING (predicate)
        WHERE n IS DISTINCT FROM statements
        """,
    ),
    Check(
        "the statistics tell every kind of object",
        """
        SELECT predicate FROM quads JOIN predicate_statistics USING (predicate)
        WHERE tags & (1::BIGINT << (object >> $bits)) = 0
        """,
    ),
    Check(
        "the statistics claim no datatype that an object has not",
        """
        SELECT object FROM quads JOIN predicate_statistics AS known USING (predicate)
        JOIN terms ON terms.id = object
        WHERE known.datatype <> terms.datatype
        """,
    ),
    Check(
        "an id is that of one term",
        "SELECT id FROM terms GROUP BY id HAVING count(*) > 1",
    ),
    Check(
        "a term has one id",
        """
        SELECT lexical FROM terms
        GROUP BY lexical, datatype, language,
                 CASE WHEN datatype IS NULL THEN id >> $bits END
        HAVING count(*) > 1
        """,
    ),
    Check(
        "a term is found by its hash, and nothing else is",
        """
        SELECT coalesce(written.id, term_hashes.id)
        FROM (SELECT *, hash(lexical, datatype, language) AS hash FROM terms) AS written
        FULL JOIN term_hashes USING (id, hash)
        WHERE written.id IS NULL OR term_hashes.id IS NULL
        """,
    ),
    Check(
        "the dictionary has terms of its kinds only",
        "SELECT id FROM terms WHERE NOT list_contains($keyed, id >> $bits)",
    ),
    Check(
        "IRIs and blank nodes have no datatype, literals have one",
        """
        SELECT lexical FROM terms WHERE (datatype IS NULL) <> (id >> $bits <= $blank)
        """,
    ),
    Check(
        "language-tagged strings have a tag, and nothing else has",
        """
        SELECT lexical FROM terms
        WHERE (language IS NOT NULL) <> (id >> $bits = $language)
        """,
    ),
    Check(
        "numbers have a value, and nothing else has",
        """
        SELECT lexical FROM terms
        WHERE (number IS NOT NULL) <> (id >> $bits IN (SELECT unnest($numbers)))
        """,
    ),
    Check(
        "the next key is free",
        """
        SELECT id FROM terms WHERE id & $payload >=
          (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'next_key')
        """,
    ),
    Check(
        "every well-formed geometry literal has its geometry, and nothing else has",
        """
        SELECT coalesce(literals.id, geometries.id)
        FROM (FROM terms WHERE id >> $bits = $geometry) AS literals
        FULL JOIN geometries ON literals.id = geometries.id
        WHERE literals.id IS NULL
           OR (geometries.id IS NULL AND NOT regexp_matches(literals.lexical, $own_crs))
        """,
    ),
    Check(
        "a geometry in a CRS without a code has its definition",
        """
        SELECT id FROM geometries ANTI JOIN crs_definitions AS known
          ON known.iri = geometries.crs
        WHERE regexp_full_match(crs, $own_crs)
        """,
    ),
    Check(
        "a definition of a CRS is that of its IRI, and the only one",
        """
        SELECT iri FROM crs_definitions
        WHERE iri <> $own_crs_base || left(sha256(definition), 16)
        UNION ALL SELECT iri FROM crs_definitions GROUP BY iri HAVING count(*) > 1
        """,
    ),
    Check(
        "a geometry's bounds are those of its coordinates",
        Template("""
        SELECT id FROM (SELECT *, coalesce(geometry, native) AS drawn FROM geometries)
        WHERE (geometry IS NULL OR native IS NULL AND NOT coalesce(:a, FALSE)) AND (
              minx IS DISTINCT FROM ST_XMin(drawn)
           OR miny IS DISTINCT FROM ST_YMin(drawn)
           OR maxx IS DISTINCT FROM ST_XMax(drawn)
           OR maxy IS DISTINCT FROM ST_YMax(drawn))
        """).filled([IS_ON_EDGE]),
    ),
    Check(
        "what is on the antimeridian or at a pole has a box of all longitudes, and "
        "the plane of CRS84 is noted for it",
        Template("""
        SELECT id FROM geometries
        WHERE geometry IS NOT NULL AND :a AND NOT coalesce(
          minx = -180 AND maxx = 180 AND :b IN (FROM planes), FALSE)
        """).filled([IS_ON_EDGE, literal(CRS84_IRI)]),
    ),
    Check(
        "the box of a geometry that is in a plane and on Earth is around its shape",
        """
        SELECT id FROM geometries
        WHERE geometry IS NOT NULL AND native IS NOT NULL AND NOT coalesce(
          minx <= ST_XMin(geometry) AND miny <= ST_YMin(geometry) AND
          maxx >= ST_XMax(geometry) AND maxy >= ST_YMax(geometry), minx IS NULL)
        """,
    ),
    Check(
        "a geometry is on Earth or in a plane, and its plane is among those noted",
        """
        SELECT id FROM geometries
        WHERE geometry IS NULL AND native IS NULL
           OR native IS NOT NULL AND crs NOT IN (FROM planes)
        """,
    ),
    Check(
        "a geometry says whether it is valid",
        """
        SELECT id FROM geometries
        WHERE is_valid <> ST_IsValid(coalesce(native, geometry))
        """,
    ),
)
"""The claims about tables that every store has."""


_STAR_CLAIM: Final = "the star tables and the loose statements are the default graph"
_IN_STAR: Final = Template(
    "SELECT subject, :a AS predicate, :b AS object FROM :c WHERE :b IS NOT NULL"
)
_STAR_OFFENDERS: Final = Template("""
WITH starred AS (:a),
plain AS (SELECT subject, predicate, object FROM quads WHERE graph = :b)
SELECT [subject, predicate, object] FROM (FROM starred EXCEPT ALL FROM plain)
UNION ALL
SELECT [subject, predicate, object] FROM (FROM plain EXCEPT ALL FROM starred)
""")


_PARTS_CLAIM: Final = (
    "what star tables hold beside ids is what is known of them, NaN where it may be"
)
_OTHER_PART: Final = Template("""
SELECT subject FROM :a JOIN terms ON terms.id = :a.:b
WHERE :a.:c IS DISTINCT FROM terms.:d
""")
_OTHER_POINT: Final = Template("""
SELECT subject FROM :a LEFT JOIN geometries AS placed ON placed.id = :b
LEFT JOIN :e AS points ON points.id = :b
WHERE :b IS NOT NULL AND (placed.id IS NULL OR :c IS DISTINCT FROM points.:d)
""")
_IS_NAN: Final = Template("SELECT subject FROM :a WHERE isnan(:b)")


def _star_checks(cursor: duckdb.DuckDBPyConnection) -> tuple[Check, Check]:
    """What must be true of the star tables that there are."""
    tables = read_stars(cursor).tables
    return _statements_check(tables), _parts_check(tables)


def _parts_check(tables: Sequence[StarTable]) -> Check:
    found = [Sql("SELECT 0 AS subject WHERE FALSE")]
    for table in tables:
        for column in table.columns.values():
            star, objects = identifier(table.name), identifier(column.name)
            for part, name in column.parts.items():
                pieces = [star, objects, identifier(name), identifier(part)]
                is_place = part in POINT
                claim = _OTHER_POINT if is_place else _OTHER_PART
                found.append(claim.filled([*pieces, *[POINTS] * is_place]))
            if "number" in column.parts and not column.encoding.may_be_nan:
                numbers = identifier(column.parts["number"])
                found.append(_IS_NAN.filled([star, numbers]))
    return Check(_PARTS_CLAIM, joined(" UNION ALL ", found))


def _statements_check(tables: Sequence[StarTable]) -> Check:
    """That each statement stands once; without star tables, that nothing is loose."""
    if not tables:
        return Check(_STAR_CLAIM, "SELECT subject FROM loose")
    parts = [
        _IN_STAR.filled([literal(each.predicate), identifier(each.name), name])
        for table in tables
        for name in [identifier(table.name)]
        for each in table.columns.values()
    ]
    parts.append(Sql("SELECT subject, predicate, object FROM loose"))
    starred = joined(" UNION ALL ", parts)
    return Check(_STAR_CLAIM, _STAR_OFFENDERS.filled([starred, literal(DEFAULT_GRAPH)]))


def verify(database: Database, progress: Progress = silent) -> Verification:
    """Check every claim on the store as it is now; whatever is wrong is in the answer.

    Each check sees one committed state, so that a load that ends meanwhile is harmless.

    Args:
        database: The open store; nothing is written.
        progress: Told the fraction of the claims that are checked.
    """
    problems: list[Problem] = []
    with database.cursor() as cursor:
        checks = (*CHECKS, *_star_checks(cursor))
        for done, check in enumerate(checks, start=1):
            problem = _problem(cursor, check)
            if problem is not None:
                problems.append(problem)
            progress("verify", done / len(checks))
    return Verification(tuple(check.claim for check in checks), tuple(problems))


def _problem(cursor: duckdb.DuckDBPyConnection, check: Check) -> Problem | None:
    named = re.findall(r"\$(\w+)", check.offenders)
    parameters = {name: _PARAMETERS[name] for name in named}
    try:
        offenders = cursor.sql(check.offenders, params=parameters)
        found = offenders.aggregate("count(*), any_value(COLUMNS(*))").fetchall()
    except duckdb.Error as error:
        # A damaged block; the engine may refuse all that follows, which is shown too.
        return Problem(check.claim, None, str(error).splitlines()[0])
    ((count, example),) = found
    return Problem(check.claim, count, str(example)) if count else None
