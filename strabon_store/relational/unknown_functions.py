"""What to say of a function that there is none of."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from ontologies.geosparql.strabon import BOX_RELATIONS, DIRECTIONS, SAME_FUNCTIONS
from ontologies.namespaces import compact
from strabon_store.relational.functions import CASTS
from strabon_store.relational.geo import AGGREGATES, SUPPORTED
from strabon_store.relational.periods import PERIOD_FUNCTIONS

_LOCAL: Final = re.compile(r"[^/#]*$")


def no_such(function: str) -> str:
    """What is wrong with a call of it, and what may have been meant.

    Examples:
        >>> no_such("http://www.opengis.net/ont/geosparql#sfWithin").partition("; ")[2]
        'did you mean geof:sfWithin?'
        >>> no_such("urn:f")
        'there is no function <urn:f>'
    """
    if function in _KNOWN:
        return f"<{function}> does not take so many arguments"
    near = next(_near(function), None)
    hint = "" if near is None else f"; did you mean {compact(near)}?"
    return f"there is no function <{function}>{hint}"


def _near(function: str) -> Iterator[str]:
    """Functions of the same name elsewhere, and of nearly the same name."""
    local = _local(function)
    named = {_local(iri).casefold(): iri for iri in reversed(_KNOWN)}
    if local.casefold() in named:
        yield named[local.casefold()]
    namespace = function.removesuffix(local)
    beside = {_local(iri): iri for iri in _KNOWN if iri.startswith(namespace)}
    for names in (beside, {_local(iri): iri for iri in reversed(_KNOWN)}):
        for name in get_close_matches(local, names, n=1, cutoff=0.7):
            yield names[name]


def _local(iri: str) -> str:
    found = _LOCAL.search(iri)
    return found[0] if found else ""


_KNOWN: Final = (
    *sorted(SUPPORTED | AGGREGATES),
    *sorted({*SAME_FUNCTIONS, *BOX_RELATIONS, *DIRECTIONS, *PERIOD_FUNCTIONS}),
    *sorted(CASTS),
)
"""Where two have one name, that of GeoSPARQL comes first."""
