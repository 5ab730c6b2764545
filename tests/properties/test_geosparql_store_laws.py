"""Laws of GeoSPARQL's relations as a store answers them, stored and constant."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from ontologies.geosparql.crs import CRS84_IRI, PLANE_IRI
from ontologies.geosparql.relations import RELATIONS
from strabon_store.store import Store
from tests.geometries import EPSG, rows, store_of
from tests.properties.test_geosparql_laws import geometries

_Values: TypeAlias = Mapping[tuple[str, str], tuple[bool | None, ...]]

PLACES: Final = {
    "plane": (PLANE_IRI, lambda xy: xy),
    "moved": (PLANE_IRI, lambda xy: np.add(xy, (4096, -512))),
    "lonlat": (CRS84_IRI, lambda xy: xy),
    "latlon": (EPSG + "4326", lambda xy: xy[:, ::-1]),
}
"""The same shapes in several places; on a grid of whole numbers all of it is exact."""

CALLS: Final = [f"geof:{name}(?x, ?y)" for name in RELATIONS]
BY_PATTERN: Final = [
    " || ".join(f'geof:relate(?x, ?y, "{pattern}")' for pattern in each.patterns)
    for each in RELATIONS.values()
]


def literal(shape: BaseGeometry, place: str) -> str:
    iri, move = PLACES[place]
    return f"<{iri}> {shapely.transform(shape, move).wkt}"


def values(store: Store, place: str, calls: list[str]) -> _Values:
    """What the calls give, of each pair in one place."""
    named = " ".join(f"({call} AS ?v{n})" for n, call in enumerate(calls))
    pattern = (
        f'?a g:has ?x . ?b g:has ?y FILTER(STRSTARTS(STR(?a), "http://g/{place}"))'
    )
    text = f"{pattern} FILTER(STRSTARTS(STR(?b), 'http://g/{place}'))"
    found = rows(store, f"SELECT ?a ?b {named} {{ {text} }}")
    return {(a[-1], b[-1]): tuple(row) for a, b, *row in found}


@settings(max_examples=8, deadline=None)
@given(st.lists(geometries, min_size=3, max_size=7))
def test_relations_keep_their_laws_in_a_store(shapes: list[BaseGeometry]) -> None:
    literals = {
        f"{place}{number}": literal(shape, place)
        for place in PLACES
        for number, shape in enumerate(shapes)
    }
    with TemporaryDirectory() as folder, store_of(Path(folder), literals) as store:
        found = {place: values(store, place, CALLS) for place in PLACES}
        known = found["plane"]
        # A change of the CRS, of the order of axes or of the origin changes nothing.
        assert all(each == known for each in found.values())
        assert values(store, "plane", BY_PATTERN) == known
        assert values(store, "lonlat", BY_PATTERN) == known
        for index, (name, relation) in enumerate(RELATIONS.items()):
            back = list(RELATIONS).index(relation.converse)
            for (a, b), row in known.items():
                assert row[index] == known[b, a][back], name
                assert row[index] is not None
        equal = [list(RELATIONS).index(name) for name in ("sfEquals", "ehEquals")]
        assert all(known[a, b][i] for a, b in known if a == b for i in equal)
        _compare_with_constants(store, shapes, known)


def _compare_with_constants(
    store: Store, shapes: list[BaseGeometry], known: _Values
) -> None:
    for place in ("plane", "latlon"):
        constant = f'"{literal(shapes[0], place)}"^^geo:wktLiteral'
        texts = [call.replace("?x", constant) for call in CALLS]
        named = " ".join(f"({text} AS ?v{n})" for n, text in enumerate(texts))
        text = (
            f"SELECT ?b {named} {{ ?b g:has ?y FILTER(CONTAINS(STR(?b), '{place}')) }}"
        )
        for name, *row in rows(store, text):
            assert tuple(row) == known["0", name[-1]]


@settings(max_examples=20, deadline=None)
@given(st.lists(geometries, min_size=1, max_size=5), st.sampled_from(sorted(PLACES)))
def test_geometries_come_back_from_a_store(
    shapes: list[BaseGeometry], place: str
) -> None:
    literals = {f"n{n}": literal(shape, place) for n, shape in enumerate(shapes)}
    with TemporaryDirectory() as folder, store_of(Path(folder), literals) as store:
        for call in ("?x", "geof:asWKT(?x)", "geof:transform(?x, geof:getSRID(?x))"):
            found = rows(store, f"SELECT ?a ({call} AS ?v) {{ ?a g:has ?x }}")
            for name, text in found:
                iri, _, wkt = text.rpartition("> ")
                assert iri in {"", f"<{PLACES[place][0]}"}
                written = literals[name].rpartition("> ")[2]
                assert shapely.equals_identical(
                    shapely.from_wkt(wkt), shapely.from_wkt(written)
                )
