"""The classes of a model, looked up in our concept schemes."""

from collections.abc import Sequence

from ml.maps import MapClass
from ontologies.vocabulary import concept_scheme


def legend_of_codes(scheme: str, codes: Sequence[str]) -> tuple[MapClass, ...]:
    """A class per notation, in their order, with the indices 1, 2, ...

    Band i of a probability raster is thus that of the class with index i.

    Raises:
        UnknownConcept: A notation is not in the concept scheme.

    Examples:
        >>> legend_of_codes("icetype", ["level", "deformed"])[1].label
        'Deformed ice'
    """
    concepts = concept_scheme(scheme)
    return tuple(
        MapClass(index, code, concept.iri, concept.label, concept.colour)
        for index, code in enumerate(codes, start=1)
        for concept in [concepts[code]]
    )
