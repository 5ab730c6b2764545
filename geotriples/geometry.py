"""Columns of geometries -> columns of geometry literals, as functions on Arrow.

Each takes and gives Arrow arrays, so that any engine with vectorized functions can call
them (DuckDB here, `pandas_udf` on Spark).  A null geometry gives null.  CRS columns are
constants in practice; rows are grouped by them all the same.

Coordinates that come out of a transformation are rounded to 1e-9 degree or 1e-4 metre
(0.1 mm): beyond that they are noise of the projection, and equal vertices stay equal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from engines.errors import EngineError
from engines.geodesy import transform_rounded
from geotriples.errors import FunctionFailure
from geotriples.geometry_facts import geometry_cells, geometry_facts, geometry_pairs
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import Crs, crs_from_iri, crs_from_pyproj
from ontologies.geosparql.literals import parse_wkt_literals, render_wkt_literals
from ontologies.namespaces import GEOF

_TRANSFORM: Final = GEOF.term("transform")
_DEGREE_DECIMALS: Final = 9
_METRE_DECIMALS: Final = 4

Objects = NDArray[np.object_]


def wkt_literals(wkb: pa.Array, crs: pa.Array) -> pa.Array:
    """WKB in a file's CRS -> geo:wktLiteral in it, axis order by authority."""

    def render(geometries: Objects, definition: str) -> Objects:
        return render_wkt_literals(geometries, crs_of_file(definition))

    return _by_group(_geometries(wkb), (crs,), render)


def transform_wkb(wkb: pa.Array, source: pa.Array, target: pa.Array) -> pa.Array:
    """WKB in a file's CRS -> geo:wktLiteral in the CRS of the IRI `target`.

    Raises:
        FunctionFailure: The target is no CRS, or a coordinate has no place in it.
    """

    def render(geometries: Objects, definition: str, iri: str) -> Objects:
        return _transformed(geometries, crs_of_file(definition), _crs_of_iri(iri))

    return _by_group(_geometries(wkb), (source, target), render)


def transform_literals(literals: pa.Array, target: pa.Array) -> pa.Array:
    """geo:wktLiteral -> geo:wktLiteral in the CRS of the IRI `target`.

    Raises:
        FunctionFailure: A string is no literal, or `transform_wkb`'s reasons.
    """
    geometries, iris = _parsed(literals)

    def render(chosen: Objects, source: str, iri: str) -> Objects:
        return _transformed(chosen, _crs_of_iri(source), _crs_of_iri(iri))

    return _by_group(geometries, (pa.array(iris, pa.string()), target), render)


def geometry_types_wkb(wkb: pa.Array) -> pa.Array:
    """WKB -> local names of the Simple Features classes."""
    return _type_names(_geometries(wkb))


def geometry_types_literal(literals: pa.Array) -> pa.Array:
    """geo:wktLiteral -> local names of the Simple Features classes.

    Raises:
        FunctionFailure: A string is no literal.
    """
    return _type_names(_parsed(literals)[0])


@dataclass(frozen=True, slots=True)
class Primitive:
    """A function on columns, with the SQL types of its arguments; it gives text."""

    argument_types: tuple[str, ...]
    call: Callable[..., pa.Array]


PRIMITIVES: Final[Mapping[str, Primitive]] = MappingProxyType(
    {
        "rdf_wkt_literal": Primitive(("BLOB", "VARCHAR"), wkt_literals),
        "rdf_transform_wkb": Primitive(("BLOB", "VARCHAR", "VARCHAR"), transform_wkb),
        "rdf_transform_literal": Primitive(("VARCHAR", "VARCHAR"), transform_literals),
        "rdf_geometry_type_wkb": Primitive(("BLOB",), geometry_types_wkb),
        "rdf_geometry_type_literal": Primitive(("VARCHAR",), geometry_types_literal),
        "rdf_geometry_cells": Primitive(("VARCHAR", "VARCHAR"), geometry_cells),
        "rdf_geometry_fact": Primitive(("VARCHAR", "VARCHAR"), geometry_facts),
        "rdf_geometry_pair": Primitive(
            ("VARCHAR", "VARCHAR", "VARCHAR"), geometry_pairs
        ),
    }
)
"""SQL name to primitive; engines register them under these names."""


def _geometries(wkb: pa.Array) -> Objects:
    return _objects(shapely.from_wkb(_objects(wkb.to_pylist())))


def _parsed(literals: pa.Array) -> tuple[Objects, Objects]:
    parsed = parse_wkt_literals(literals.to_pylist())
    if parsed.errors:
        _, error = parsed.errors[0]
        raise FunctionFailure(_TRANSFORM, str(error)) from error
    return parsed.geometries, parsed.crs_iris


def _by_group(
    geometries: Objects, keys: tuple[pa.Array, ...], render: Callable[..., Objects]
) -> pa.Array:
    if (constants := _constants(keys)) is not None:
        return pa.array(render(geometries, *constants), pa.string(), from_pandas=False)
    rows: dict[tuple[str | None, ...], list[int]] = {}
    for row, key in enumerate(zip(*(key.to_pylist() for key in keys), strict=True)):
        rows.setdefault(key, []).append(row)
    result = np.full(len(geometries), None, dtype=object)
    for key, chosen in rows.items():
        if None not in key:
            result[chosen] = render(geometries[chosen], *key)
    return pa.array(result, pa.string(), from_pandas=False)


def _constants(keys: tuple[pa.Array, ...]) -> list[str] | None:
    """What each key is in all rows; None where one differs from row to row."""
    # Definitions of CRSs are long: they are compared where they lie.
    if not all(len(key) and pc.all(pc.equal(key, key[0])).as_py() for key in keys):
        return None
    return None if any(key.null_count for key in keys) else [k[0].as_py() for k in keys]


def _transformed(geometries: Objects, source: Crs, target: Crs) -> Objects:
    if source == target:
        return render_wkt_literals(geometries, target)
    decimals = _DEGREE_DECIMALS if target.is_geographic else _METRE_DECIMALS
    try:
        moved = transform_rounded(geometries, source, target, decimals)
    except EngineError as error:
        raise FunctionFailure(_TRANSFORM, str(error)) from error
    return render_wkt_literals(moved, target)


def _type_names(geometries: Objects) -> pa.Array:
    names = [
        None if geometry is None else geometry.geom_type.replace("LinearRing", "Line")
        for geometry in geometries
    ]
    return pa.array(names, pa.string())


@lru_cache(maxsize=64)
def crs_of_file(definition: str) -> Crs:
    """The CRS that a source declares.

    Raises:
        FunctionFailure: It cannot be read.
    """
    try:
        return crs_from_pyproj(CRS.from_user_input(definition))
    except CRSError as error:
        reason = f"the source's CRS is unreadable: {error}"
        raise FunctionFailure(_TRANSFORM, reason) from error


def _crs_of_iri(iri: str) -> Crs:
    try:
        return crs_from_iri(iri)
    except OntologyError as error:
        raise FunctionFailure(_TRANSFORM, str(error)) from error


def _objects(values: Any) -> Objects:
    return np.asarray(values, dtype=object)
