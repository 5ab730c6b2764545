"""Stores of geometry literals, and what GeoSPARQL queries on them answer."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import shapely
import shapely.affinity

from ontologies.geosparql.literals import parse_wkt_literal
from ontologies.namespaces import GEO, GEOF, UNIT, UOM
from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.solutions import read_all

PROLOGUE: Final = (
    f"PREFIX geo: <{GEO}>\nPREFIX geof: <{GEOF}>\nPREFIX uom: <{UOM}>\n"
    f"PREFIX unit: <{UNIT}>\nPREFIX : <http://g/>\n"
    "PREFIX g: <http://g/>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
)
EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
"""Begins the IRIs of CRSs of EPSG."""

CROSSED: Final = (
    "POLYGON ((137.64 86.04, -159.03 64.21, 53.25 60.15, 129.95 41.78, 137.64 86.04))"
)
"""An area around the pole whose outline crosses itself, so that GEOS cannot cut it."""


def store_of(folder: Path, literals: Mapping[str, str], kind: str = "wkt") -> Store:
    """A store in which `<http://g/{name}> <http://g/has>` each literal."""
    path = folder / "literals.ttl"
    lines = (
        f"<http://g/{name}> <http://g/has> {text!r}^^<{GEO}{kind}Literal> ."
        for name, text in literals.items()
    )
    path.write_text("\n".join(lines))
    store = Store.open(folder / "store")
    store.load([path])
    return store


def terms(store: Store, text: str) -> list[tuple[Term | None, ...]]:
    """The rows of a query."""
    result = store.query(PROLOGUE + text)
    assert isinstance(result, Solutions)
    return list(read_all(result).rows)


def rows(store: Store, text: str) -> list[tuple[Any, ...]]:
    """The rows of a query as names, numbers, truth values and texts."""
    return [tuple(map(plain, row)) for row in terms(store, text)]


def plain(term: Term | None) -> Any:
    """What a term says, as a value of Python's."""
    match term:
        case IRI(value):
            return value.removeprefix("http://g/")
        case Literal(lexical, datatype):
            name = datatype.rpartition("#")[2]
            if name in {"double", "decimal", "integer"}:
                return float(lexical)
            return lexical == "true" if name == "boolean" else lexical
        case _:
            return None


def by_name(store: Store, expression: str) -> dict[str, Any]:
    """The value of an expression in ?x for each literal."""
    text = f"SELECT ?a ?v {{ ?a g:has ?x BIND ({expression} AS ?v) }}"
    return dict(rows(store, text))


def shape(text: str | None) -> Any:
    """The shapely geometry of a geo:wktLiteral, x = east."""
    assert text is not None
    return parse_wkt_literal(text).shapely


def same(one: Any, other: Any, tolerance: float = 1e-9) -> bool:
    """Whether two geometries are the same, whatever the order of their vertices."""
    ours, theirs = shapely.normalize([one, other])
    if one.geom_type == other.geom_type and ours.equals_exact(theirs, tolerance):
        return True
    return bool(one.equals(other)) or (one.is_empty and other.is_empty)


def degrees_between(one: Any, other: Any) -> float:
    """In the plane, over the antimeridian, and to a pole from everywhere.

    What is invalid is nowhere.
    """
    if not (one.is_valid and other.is_valid):
        return math.inf
    turns = [shapely.affinity.translate(other, turn) for turn in (-360, 0, 360)]
    found = [float(shapely.distance(one, turned)) for turned in turns]
    for at, far in ((one, other), (other, one)):
        (_, south, _, north), (_, low, _, high) = at.bounds, far.bounds
        found += [90 - high] * (north == 90) + [low + 90] * (south == -90)
    return min(found)
