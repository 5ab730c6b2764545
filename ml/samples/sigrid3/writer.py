"""Ice charts as SIGRID-3 version 3.0 shapefiles: written; and charts of our maps."""

import tempfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyogrio.raw import write
from pyproj import CRS
from pyproj.enums import WktVersion

from engines.geodesy import area_m2, perimeter_m, transform
from ml.errors import SamplesError
from ml.polygons import PolygonTable
from ml.rasters import writing
from ml.samples.sigrid3.chart import ChartPolygon, IceChart
from ml.samples.sigrid3.codes import ICE_FREE, TEN_TENTHS, UNKNOWN, PolyType
from ml.samples.sigrid3.dbase import Column, render_table
from ml.samples.sigrid3.egg import Egg, Part
from ml.samples.sigrid3.errors import NoIceClasses
from ml.samples.sigrid3.fields import COMPOUND, POLY_TYPE, TABLES, codes_of
from ml.samples.sigrid3.metadata import metadata_xml
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri, crs_from_pyproj
from ontologies.vocabulary import Concept, ConceptScheme, concept_scheme

_MEASURES: Final = (Column("AREA", "N", 20, 2), Column("PERIMETER", "N", 20, 2))


class Spelling(StrEnum):
    """Which names the columns have (table A-1)."""

    SIGRID = "sigrid"
    ICE_OBJECTS = "ice-objects"


def write_chart(
    path: Path, chart: IceChart, spelling: Spelling = Spelling.SIGRID
) -> None:
    """Write the `.shp` and the four files beside it; the `.shp` appears last.

    AREA and PERIMETER are geodesic, on WGS 84, in m2 and m.

    Law: `read_chart` gives the same polygons, codes and CRS; rows count from 1 again.

    Raises:
        SamplesError: The chart has no polygons, or the name does not end in `.shp`.
    """
    if path.suffix.lower() != ".shp":
        raise SamplesError(f"{path}: a chart is a shapefile; name it NAME.shp")
    if not chart.polygons:
        raise SamplesError(f"{path}: the chart has no polygons")
    geometries = np.array([one.geometry for one in chart.polygons], dtype=object)
    columns = [*_MEASURES, Column(POLY_TYPE, "C", 1), *_code_columns(spelling)]
    rows = _rows(chart, geometries, spelling)
    contents = {
        ".dbf": render_table(columns, rows),
        ".prj": _prj(chart.crs).encode(),
        ".xml": metadata_xml(path.stem, [c.name for c in columns]).encode(),
        **_shapes(geometries, chart.crs),
    }
    for ending in (".dbf", ".prj", ".xml", ".shx", ".shp"):
        with writing(path.with_suffix(ending)) as unfinished:
            unfinished.write_bytes(contents[ending])


def _shapes(geometries: NDArray[np.object_], crs: CRS) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        shapes = Path(folder, "shapes.shp")
        write(
            shapes,
            shapely.to_wkb(geometries),
            field_data=[],
            fields=[],
            geometry_type="Polygon",
            driver="ESRI Shapefile",
            # GDAL's .prj is not kept: it may have a code where the chart has none.
            crs=crs.to_wkt(),
        )
        return {e: shapes.with_suffix(e).read_bytes() for e in (".shp", ".shx")}


def _prj(crs: CRS) -> str:
    """The text that the CRS was read from, or what ESRI would write."""
    if crs.srs.startswith(("PROJCS", "GEOGCS")):
        return crs.srs
    return crs.to_wkt(WktVersion.WKT1_ESRI)


def _code_columns(spelling: Spelling) -> list[Column]:
    if spelling is Spelling.SIGRID:
        return [Column(field, "C", 2) for field in TABLES]
    names = {name: fields for name, fields in COMPOUND.items() if name != "CF"}
    compound = [Column(name, "C", 2 * len(fields)) for name, fields in names.items()]
    return [*compound, Column("FP", "C", 2), Column("FS", "C", 2)]


def _rows(
    chart: IceChart, geometries: NDArray[np.object_], spelling: Spelling
) -> list[Mapping[str, str]]:
    on_globe = transform(
        geometries, crs_from_pyproj(chart.crs), crs_from_iri(CRS84_IRI)
    )
    measures = zip(area_m2(on_globe), perimeter_m(on_globe), strict=True)
    return [
        {
            "AREA": f"{area:.2f}",
            "PERIMETER": f"{perimeter:.2f}",
            POLY_TYPE: polygon.egg.poly_type.value,
            **_cells(codes_of(polygon.egg), spelling),
        }
        for polygon, (area, perimeter) in zip(chart.polygons, measures, strict=True)
    ]


def _cells(codes: Mapping[str, str], spelling: Spelling) -> dict[str, str]:
    if spelling is Spelling.SIGRID:
        return dict(codes)
    compound = {
        name: "".join(codes[field].ljust(2) for field in fields)
        for name, fields in COMPOUND.items()
    }
    return {**compound, "FP": codes["FP"], "FS": codes["FS"]}


def chart_of_map(polygons: PolygonTable, path: Path) -> IceChart:
    """The chart of the polygons of one of our maps.

    A polygon of a map is of one class all over, so ice has a total of 10/10 and one
    part.  Classes of other schemes become the codes to which they are matched, exactly,
    closely or as something narrower; what is merely related becomes ice of unknown
    concentration and stage.

    Args:
        polygons: The map's.
        path: The `.shp` that the chart is to become.

    Raises:
        NoIceClasses: A class says nothing about ice.
    """
    iris = polygons.table["class_iri"].to_pylist()
    eggs = {iri: egg_of_class(iri) for iri in dict.fromkeys(iris)}
    return IceChart(
        path=path,
        crs=polygons.crs,
        polygons=tuple(
            ChartPolygon(row, geometry, eggs[iri])
            for row, (geometry, iri) in enumerate(
                zip(polygons.geometries, iris, strict=True), start=1
            )
        ),
    )


def egg_of_class(iri: str) -> Egg:
    """What SIGRID-3 says for a class of a map.

    Raises:
        NoIceClasses: The class says nothing about ice.

    Examples:
        >>> egg_of_class("https://w3id.org/pytheas/code/stage/95").parts[0].stage
        '95'
    """
    for name in ("stage", "concentration", "form"):
        found = _find(concept_scheme(name), [iri])
        if found is not None:
            return _egg(name, found.notation)
    own = _find(concept_scheme("icetype"), [iri])
    if own is None:
        raise NoIceClasses(iri)
    matches = [
        iri
        for kind in ("exactMatch", "closeMatch", "broadMatch")
        for iri in own.matches.get(kind, ())
    ]
    for name in ("stage", "concentration", "form"):
        found = _find(concept_scheme(name), matches)
        if found is not None:
            return _egg(name, found.notation)
    return Egg(PolyType.ICE, UNKNOWN, (Part(stage=UNKNOWN), Part(), Part()))


def _find(scheme: ConceptScheme, iris: Sequence[str]) -> Concept | None:
    return next((c for c in scheme.values() if c.iri in iris), None)


def _egg(scheme: str, code: str) -> Egg:
    if scheme == "concentration":
        is_free = code in {ICE_FREE, "02"}
        return Egg(PolyType.WATER if is_free else PolyType.ICE, code)
    if (scheme, code) == ("stage", "01"):
        return Egg(PolyType.WATER, ICE_FREE)
    part = Part(stage=code) if scheme == "stage" else Part(stage=UNKNOWN, form=code)
    return Egg(PolyType.ICE, TEN_TENTHS, (part, Part(), Part()))
