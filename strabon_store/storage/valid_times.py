"""Statements of stSPARQL with a valid time behind them, as quads (docs/adr/0019).

`s p o "[2012-01-01T00:00:00,UC)"^^strdf:period .` is no N-Quads, as a graph is no
literal. It becomes a quad in the graph that the time names, and a statement in the
default graph of which time that is; `s p o g "..."^^strdf:period .` in the graph `g`.
"""

import re
from typing import Final

import pyoxigraph as ox

from ontologies.errors import OntologyError
from ontologies.geosparql.periods import (
    HAS_VALID_TIME,
    INSTANT,
    PERIODS,
    check_valid_time,
    graph_of_valid_time,
)

_DATATYPES: Final = "|".join(map(re.escape, (*PERIODS, INSTANT)))
_TIMED: Final = re.compile(
    rf'(.*?\S)\s+("(?:[^"\\]|\\.)*"\^\^<(?:{_DATATYPES})>)\s*\.\s*(?:#.*)?',
    re.DOTALL,
)


class BadValidTime(OntologyError):
    """What stands for a valid time is none.

    Attributes:
        column: Where it begins in its line, from 1.
    """

    def __init__(self, column: int, reason: str) -> None:
        self.column = column
        super().__init__(reason)


def as_quads(line: bytes) -> bytes | None:
    """The N-Quads of a line with a valid time; None of any other line.

    Raises:
        BadValidTime: It is a statement with a period that is none.
    """
    found = _TIMED.fullmatch(line.decode(errors="replace"))
    if found is None:
        return None
    try:
        (quad,) = ox.parse(f"{found[1]} .", ox.RdfFormat.N_QUADS)
    except (SyntaxError, ValueError):
        # The literal is the object, or the line is bad in another way.
        return None
    (time,) = ox.parse(f"<urn:s> <urn:p> {found[2]} .", ox.RdfFormat.N_TRIPLES)
    literal = time.object
    try:
        check_valid_time(literal.value, literal.datatype.value)
    except OntologyError as error:
        raise BadValidTime(found.start(2) + 1, str(error)) from error
    within = quad.graph_name
    named = None if isinstance(within, ox.DefaultGraph) else within.value
    time_of = graph_of_valid_time(literal.value, literal.datatype.value, named)
    graph = ox.NamedNode(time_of)
    quads = (
        ox.Quad(quad.subject, quad.predicate, quad.object, graph),
        ox.Quad(graph, ox.NamedNode(HAS_VALID_TIME), literal, within),
    )
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
