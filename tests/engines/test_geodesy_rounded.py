"""What is transformed in one go is what is transformed, wrapped and rounded."""

import numpy as np
import pytest
import shapely

from engines.errors import TransformFailed
from engines.geodesy import transform, transform_rounded, wrap
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
POLAR, CRS84 = crs_from_iri(f"{EPSG}3413"), crs_from_iri(CRS84_IRI)
random = np.random.default_rng(5)
# Around the pole, over the antimeridian, and on it once it is rounded.
CORNERS = random.uniform(-3e5, 3e5, (200, 2))
SEAM = np.radians(135)
SHAPES = np.array(
    [
        *map(shapely.box, *CORNERS.T, *(CORNERS + random.uniform(1, 5e4, (200, 2))).T),
        shapely.box(-1e6, -1e6, 1e6, 1e6),
        shapely.LineString([(-1e5, 1e5 + 1e-7), (-1e5 + 1e-7, 1e5)]),
        shapely.Point(1e6 * np.cos(SEAM), 1e6 * np.sin(SEAM)),
        shapely.from_wkt("POLYGON Z ((0 -9e5 1, 9 -9e5 2, 9 -8e5 3, 0 -9e5 1))"),
        shapely.from_wkt("POINT M (5 -1000000 7)"),
        shapely.from_wkt("MULTIPOINT ((1 -1e6), EMPTY)"),
        shapely.Point(),
        None,
    ],
    dtype=object,
)


def _apart(shapes: np.ndarray, decimals: int) -> list[str | None]:
    rounded = shapely.transform(shapes, lambda xy: np.round(xy, decimals))
    return [None if one is None else one.wkt for one in rounded]


@pytest.mark.parametrize("rows", [slice(None), slice(0, 0), slice(-1, None)])
def test_degrees_are_wrapped_and_rounded(rows: slice) -> None:
    shapes = SHAPES[rows]
    found = transform_rounded(shapes, POLAR, CRS84, 9)
    moved = wrap(transform(shapes, POLAR, CRS84)).geometries
    assert [None if one is None else one.wkt for one in found] == _apart(moved, 9)


def test_metres_are_rounded() -> None:
    other = crs_from_iri(f"{EPSG}3995")
    found = transform_rounded(SHAPES, POLAR, other, 4)
    moved = transform(SHAPES, POLAR, other)
    assert [None if one is None else one.wkt for one in found] == _apart(moved, 4)


def test_what_has_no_image_is_named() -> None:
    shapes = np.array([shapely.Point(0, 0), shapely.Point(1e30, 0)])
    with pytest.raises(TransformFailed) as caught:
        transform_rounded(shapes, crs_from_iri(f"{EPSG}32633"), CRS84, 9)
    assert caught.value.row == 1
