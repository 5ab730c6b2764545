"""Crops in the words of HCAT 3, as EuroCrops publishes parcels.

`EC_hcat_c` is the code of ten digits, `EC_hcat_n` the name as HCAT spells it.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from ontologies.vocabulary import SCHEMES, Concept, concept_scheme

NAME: Final = "EC_hcat_n"
CODE: Final = "EC_hcat_c"

_SCHEME: Final = "hcat"
_MAPPINGS: Final = ("exactMatch", "closeMatch", "broadMatch")
"""What may stand for a class: its equal, or what is wider."""


def hcat_columns(iris: Iterable[str]) -> dict[str, list[str | None]]:
    """Names and codes of classes; None for those that HCAT has not."""
    found = [_hcat(iri) for iri in iris]
    return {
        NAME: [None if each is None else _name(each) for each in found],
        CODE: [None if each is None else each.notation for each in found],
    }


@lru_cache
def _hcat(iri: str) -> Concept | None:
    hcat = {concept.iri: concept for concept in concept_scheme(_SCHEME).values()}
    if iri in hcat:
        return hcat[iri]
    for scheme in SCHEMES:
        for concept in concept_scheme(scheme).values():
            if concept.iri == iri:
                return _matched(concept, hcat)
    return None


def _matched(concept: Concept, hcat: dict[str, Concept]) -> Concept | None:
    for mapping in _MAPPINGS:
        for other in concept.matches.get(mapping, ()):
            if other in hcat:
                return hcat[other]
    return None


def _name(concept: Concept) -> str:
    """HCAT's labels are made from its names.

    Examples:
        >>> _name(concept_scheme("hcat")["3301010101"])
        'winter_common_soft_wheat'
    """
    return concept.label.lower().replace(" ", "_")
