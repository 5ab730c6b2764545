"""Periods of stSPARQL, and the graphs in which triples of one valid time stand.

A `strdf:period` is `[begin, end]` with either bracket round where that end is left out.
Its ends are as `xsd:dateTime`, also with a space for the `T` and hours alone as zone;
without a zone they are in UTC, without a time at midnight. `UC`, until changed, is an
end later than all others, and `NOW` the moment of the query.

Time has steps of a microsecond: `[a, b]` means the same as `[a, b + 1 us)`.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from ontologies.errors import OntologyError
from ontologies.namespaces import STRDF, XSD

PERIOD: Final = STRDF.term("period")
"""The datatype of periods."""

INSTANT: Final = XSD.term("dateTime")
"""The datatype of instants, which are periods of a microsecond."""

PERIODS: Final = (PERIOD, STRDF.term("validTime"))
"""Datatypes of periods; the second is what early versions of Strabon called it."""

HAS_VALID_TIME: Final = STRDF.term("hasValidTime")
"""From the graph of a valid time to that."""

VALID_TIME_BASE: Final = "https://w3id.org/pytheas/valid-time/"
"""Begins the IRIs of graphs whose triples are valid for a time."""

UNTIL_CHANGED: Final = 1 << 62
"""Where `UC` is, in microseconds since 1970: behind all that can be written."""

_POINT: Final = (
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?"
    r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?|NOW|UC"
)
LEXICAL: Final = rf"\s*([\[(])\s*({_POINT})\s*,\s*({_POINT})\s*([\])])\s*"
"""What a period looks like: brackets and ends."""

_LEXICAL: Final = re.compile(LEXICAL)
_HOURS: Final = re.compile(r"([+-]\d\d)$")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)


def check_valid_time(lexical: str, datatype: str) -> None:
    """Refuse what is no valid time: neither a period nor an instant, or ill-formed.

    Raises:
        OntologyError: It is none, and why.

    Examples:
        >>> check_valid_time("[2012-01-01T00:00:00, UC)", PERIOD)
        >>> check_valid_time("[2012-01-01, 2011-01-01)", PERIOD)
        Traceback (most recent call last):
          ...
        ontologies.errors.OntologyError: '[2012-01-01, 2011-01-01)' is empty
    """
    if datatype == INSTANT:
        _micros(lexical)
    elif datatype not in PERIODS:
        raise OntologyError(
            f"<{datatype}> is no valid time; write a strdf:period or an xsd:dateTime"
        )
    elif (found := _LEXICAL.fullmatch(lexical)) is None:
        raise OntologyError(
            f"{lexical!r} is no period; write one as "
            "[2012-01-01T00:00:00, 2012-02-01T00:00:00)"
        )
    elif "NOW" not in found[0]:
        begin = _micros(found[2]) + (found[1] == "(")
        end = _micros(found[3]) + (found[4] == "]")
        if begin >= end:
            raise OntologyError(f"{lexical!r} is empty")


def graph_of_valid_time(lexical: str, datatype: str, graph: str | None = None) -> str:
    """The IRI of the graph of all triples with a valid time, as it is written.

    Args:
        lexical: The time.
        datatype: That of a period, or of an instant.
        graph: The IRI of the graph that they are in; None: the default graph.

    Examples:
        >>> graph_of_valid_time("[2012-01-01,UC)", PERIOD)
        'https://w3id.org/pytheas/valid-time/period/%5B2012-01-01,UC%29'
        >>> graph_of_valid_time("2012-01-01T00:00:00", INSTANT, "urn:ice")
        'https://w3id.org/pytheas/valid-time/instant/2012-01-01T00:00:00?graph=urn%3Aice'
    """
    kind = "instant" if datatype == INSTANT else datatype.rpartition("#")[2]
    iri = f"{VALID_TIME_BASE}{kind}/{quote(lexical, safe=',:+-.')}"
    return iri if graph is None else f"{iri}?graph={quote(graph, safe='')}"


def _micros(point: str) -> int:
    if point == "UC":
        return UNTIL_CHANGED
    text = _HOURS.sub(r"\1:00", point) if ":" in point else point
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise OntologyError(f"{point!r} is no xsd:dateTime: {error}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _STEP
