"""The classes of a foreign map, looked up in our concept schemes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import UnknownClass
from ml.maps import MapClass
from ontologies.vocabulary import concept_scheme


def legend_of(
    path: Path, codes: Mapping[int, str], scheme: str = "worldcereal/croptype"
) -> tuple[MapClass, ...]:
    """The classes with these indices and notations, by ascending index.

    Raises:
        UnknownClass: A notation is not in the concept scheme.
    """
    concepts = concept_scheme(scheme)
    legend = []
    for index, code in sorted(codes.items()):
        if code not in concepts:
            raise UnknownClass(path, code, 0, None)
        concept = concepts[code]
        legend.append(MapClass(index, code, concept.iri, concept.label, concept.colour))
    return tuple(legend)


def check_classes(
    path: Path,
    classes_HW: NDArray[np.integer],
    valid_HW: NDArray[np.bool_],
    legend: Sequence[MapClass],
) -> None:
    """Nothing, where each valid pixel has a class of the legend.

    Raises:
        UnknownClass: One has not; the smallest such code is named, with its first
            pixel.
    """
    indices = [c.index for c in legend]
    unknown_HW = valid_HW & ~np.isin(classes_HW, indices)
    if not unknown_HW.any():
        return
    code = int(classes_HW[unknown_HW].min())
    places = np.argwhere(valid_HW & (classes_HW == code))
    row, column = (int(i) for i in places[0])
    raise UnknownClass(path, code, len(places), (row, column))
