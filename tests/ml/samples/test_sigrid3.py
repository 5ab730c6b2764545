"""Ice charts read and written: codes, eggs, both spellings, and what is wrong."""

import re
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from defusedxml import ElementTree
from pyproj import CRS, Geod

from ml.maps import Generalization
from ml.polygons import PolygonTable
from ml.samples.sigrid3.chart import IceChart, read_chart
from ml.samples.sigrid3.codes import (
    Interval,
    PolyType,
    UnknownCode,
    code_of,
    interval_of,
)
from ml.samples.sigrid3.drawing import egg_svg
from ml.samples.sigrid3.egg import Egg, Part, contradictions
from ml.samples.sigrid3.errors import (
    InvalidChart,
    NoIceClasses,
    NoSuchRow,
    UnreadableChart,
)
from ml.samples.sigrid3.writer import Spelling, chart_of_map, egg_of_class, write_chart
from ml.vectorize.polygonize import polygonize
from ontologies.vocabulary import concept_scheme
from tests.ml.class_maps import class_map, smooth_classes
from tests.ml.samples.ice_charts import CODES, PRJ, ROWS, write_service_chart

OLD_AND_THIN = Egg(
    PolyType.ICE,
    "91",
    (Part("70", "95", "06"), Part("20", "87", "05"), Part()),
    predominant="06",
    secondary="05",
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_service_chart(tmp_path_factory.mktemp("chart") / "chart.shp")


@pytest.fixture(scope="module")
def chart(path: Path) -> IceChart:
    return read_chart(path)


def test_every_concentration_code_is_the_interval_that_its_label_says() -> None:
    for code, concept in concept_scheme("concentration").items():
        tenths = [int(n) / 10 for n in re.findall(r"(\d+)/10", concept.label)]
        if tenths:
            assert interval_of(code) == Interval(tenths[0], tenths[-1])
    water = [interval_of(code) for code in ("98", "02", "01")]
    assert water == [Interval(0, 0), Interval(0, 0), Interval(0, 0.1)]
    assert interval_of("99") is None


@pytest.mark.parametrize(
    ("text", "scheme", "code"),
    [
        ("1", "concentration", "01"),
        (" 91.000", "concentration", "91"),
        ("00", "concentration", "98"),
        ("55", "concentration", "98"),
        ("", "stage", None),
        ("-9", "stage", None),
        ("**", "form", None),
        ("10", "form", "10"),
    ],
)
def test_cells_are_codes(text: str, scheme: str, code: str | None) -> None:
    assert code_of(text, scheme) == code


@pytest.mark.parametrize(
    ("text", "scheme"), [("14", "concentration"), ("90", "stage"), ("ice", "form")]
)
def test_what_no_table_has_is_no_code(text: str, scheme: str) -> None:
    with pytest.raises(UnknownCode, match=f"no code of the table of {scheme}s"):
        code_of(text, scheme)


def test_a_chart_is_read(chart: IceChart) -> None:
    assert [one.egg.poly_type.value for one in chart.polygons] == list("IIIWLI")
    assert chart.polygons[0].egg == OLD_AND_THIN
    assert chart.polygons[2].egg.parts == (Part(None, "93", "08"), Part(), Part())
    assert chart.polygons[5].egg.parts[2] == Part("20", "81", "22")
    # The .prj as it is: no code was put in its place.
    assert chart.crs.srs == PRJ
    assert chart.crs.to_epsg(100) is None
    assert chart.contradictions() == []


def test_names_of_columns_may_be_small_and_numbers(path: Path, tmp_path: Path) -> None:
    frame = geopandas.read_file(path).rename(columns=str.lower)
    for name in ("ct", "ca", "sa", "fa"):
        frame[name] = frame[name].replace("", None).astype(float)
    # Numbers without a value are -9 in the files of ExtremeEarth.
    frame = frame.fillna(dict.fromkeys(("ct", "ca", "sa", "fa"), -9))
    frame.to_file(tmp_path / "small.shp")
    (tmp_path / "small.prj").write_text(PRJ)
    small = read_chart(tmp_path / "small.shp")
    eggs = [one.egg for one in read_chart(path).polygons]
    assert [one.egg for one in small.polygons] == eggs


@pytest.mark.parametrize("spelling", list(Spelling))
def test_what_is_written_is_read_again(
    chart: IceChart, tmp_path: Path, spelling: Spelling
) -> None:
    full = Egg(
        PolyType.ICE,
        "92",
        (Part("60", "97", "07"), Part("30", "93", "05"), Part("10", "91", "04")),
        trace="98",
        remaining="84",
        predominant="07",
        secondary="11",
    )
    # Blank first pairs of ICESOD and a part without concentration keep their place.
    first = replace(chart.polygons[0], egg=full)
    third = replace(
        chart.polygons[2],
        geometry=shapely.union_all(
            [chart.polygons[2].geometry, shapely.box(0, 5e5, 1e4, 6e5)]
        ),
    )
    polygons = (first, chart.polygons[1], third, *chart.polygons[3:])
    wanted = replace(chart, polygons=polygons)
    written = tmp_path / "written.shp"
    write_chart(written, wanted, spelling)
    restored = read_chart(written)
    assert [one.egg for one in restored.polygons] == [one.egg for one in polygons]
    assert restored.crs.srs == PRJ
    for ours, theirs in zip(restored.polygons, polygons, strict=True):
        assert shapely.equals(ours.geometry, theirs.geometry)
    assert {each.suffix for each in tmp_path.iterdir()} == {
        *(".shp", ".shx", ".dbf", ".prj", ".xml")
    }


def test_every_code_of_the_tables_is_written_and_read_again(
    chart: IceChart, tmp_path: Path
) -> None:
    eggs = [
        *(Egg(PolyType.ICE, code) for code in concept_scheme("concentration")),
        *(
            Egg(PolyType.ICE, "92", (Part(None, code), Part(), Part()))
            for code in concept_scheme("stage")
        ),
        *(
            Egg(PolyType.ICE, "92", (Part(None, "86", code), Part(), Part()))
            for code in concept_scheme("form")
        ),
        *(Egg(poly_type) for poly_type in PolyType),
    ]
    assert len(eggs) == 31 + 97 + 24 + 5
    polygons = tuple(
        replace(chart.polygons[0], row=row, egg=egg)
        for row, egg in enumerate(eggs, start=1)
    )
    wanted = replace(chart, polygons=polygons)
    for spelling in Spelling:
        write_chart(tmp_path / "all.shp", wanted, spelling)
        assert read_chart(tmp_path / "all.shp").polygons == polygons


def test_others_read_what_is_written(chart: IceChart, tmp_path: Path) -> None:
    write_chart(tmp_path / "written.shp", chart)
    frame = geopandas.read_file(tmp_path / "written.shp")
    assert list(frame["POLY_TYPE"]) == list("IIIWLI")
    assert list(frame["SA"].fillna("")) == ["95", "87", "93", "", "", "84"]
    to_globe = frame.to_crs("OGC:CRS84")
    for row in (0, 1, 4, 5):  # the pole is in the others
        area, perimeter = Geod(ellps="WGS84").geometry_area_perimeter(
            to_globe.geometry[row]
        )
        assert frame["AREA"][row] == pytest.approx(abs(area), rel=1e-6)
        assert frame["PERIMETER"][row] == pytest.approx(perimeter, rel=1e-6)
    document = ElementTree.fromstring((tmp_path / "written.xml").read_bytes())
    described = [each.text for each in document.iter("attrlabl")]
    assert described == [name for name in frame.columns if name != "geometry"]


def test_an_egg_is_text_and_a_drawing() -> None:
    text = str(OLD_AND_THIN)
    assert [line.split() for line in text.splitlines()] == [
        ["9+"],
        ["7", "2"],
        ["7•", "7"],
        ["6", "5"],
    ]
    full = replace(OLD_AND_THIN, trace="98", remaining="81")
    assert str(full).splitlines()[2].split() == ["▲•", "7•", "7", "1"]
    drawing = ElementTree.fromstring(egg_svg(full))
    space = "{http://www.w3.org/2000/svg}"
    texts = {
        (each.text, float(each.get("x", "0"))) for each in drawing.iter(f"{space}text")
    }
    # So stands to the left of the oval, Sd to the right; CT in the middle.
    assert {("9+", 100.0), ("▲•", 16.0), ("1", 184.0)} <= texts
    assert len(drawing.findall(f"{space}ellipse")) == 1
    assert ElementTree.fromstring(egg_svg(Egg(PolyType.LAND))).tag == f"{space}svg"


@pytest.mark.parametrize(
    ("egg", "reason"),
    [
        (
            Egg(
                PolyType.ICE,
                "90",
                (Part("30", "95"), Part("20", "87"), Part("10", "81")),
            ),
            "sum to 6 tenths, the total is 9",
        ),
        (
            Egg(PolyType.ICE, "46", (Part("60", "95"), Part("20", "87"), Part())),
            "sum to 8 tenths, the total is 4-6",
        ),
        (Egg(PolyType.ICE, "90", (Part("90"), Part(), Part())), "CA has no stage SA"),
        (Egg(PolyType.WATER, "90"), "POLY_TYPE is water, the total concentration 9"),
        (Egg(PolyType.ICE), "there is no total concentration"),
        (
            Egg(PolyType.ICE, "90", (Part(), Part("90", "95"), Part())),
            "part B is filled, part A is not",
        ),
    ],
)
def test_contradictions_are_told(egg: Egg, reason: str) -> None:
    assert [one for one in contradictions(egg) if reason in one]


def test_parts_that_can_be_the_total_are_no_contradiction() -> None:
    egg = Egg(PolyType.ICE, "91", (Part("57", "95"), Part("23", "87"), Part()))
    assert list(contradictions(egg)) == []


def test_unknown_codes_have_row_and_column(tmp_path: Path) -> None:
    rows = (ROWS[0], ("I", "14", *ROWS[1][2:]), ("X", *ROWS[2][1:]), ROWS[3])
    bad = write_service_chart(tmp_path / "bad.shp", rows)
    message = (
        "row 2, column CT: '14' is no code of the table of concentrations; "
        "row 3, column POLY_TYPE: 'X' is no type of polygon; there are L, W, I, N, S"
    )
    with pytest.raises(InvalidChart, match=re.escape(message)):
        read_chart(bad)
    rest = read_chart(bad, skip_bad=True)
    assert [one.row for one in rest.polygons] == [1, 4]
    assert [(one.row, one.column) for one in rest.refused] == [
        (2, "CT"),
        (3, "POLY_TYPE"),
    ]
    with pytest.raises(NoSuchRow, match="there is no row 2"):
        rest.polygon(2)
    only = write_service_chart(tmp_path / "only.shp", rows[1:2])
    with pytest.raises(InvalidChart):
        read_chart(only, skip_bad=True)


def test_a_pair_cut_in_half_is_named(tmp_path: Path) -> None:
    rows = (("I", "90", "935"),)
    bad = write_service_chart(tmp_path / "bad.shp", rows, ("ICEACT", "ICESOD"))
    with pytest.raises(InvalidChart, match="ICESOD: '935' is not up to 5 codes of two"):
        read_chart(bad)


def test_polygons_without_a_shape_are_named(tmp_path: Path) -> None:
    square = shapely.box(0, 0, 1, 1)
    bad = write_service_chart(tmp_path / "b.shp", ROWS[:2], geometries=[None, square])
    with pytest.raises(InvalidChart, match="row 1, column geometry: '' is no polygon"):
        read_chart(bad)


def test_what_is_no_chart_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableChart, match="there is no such file"):
        read_chart(tmp_path / "absent.shp")
    twice = write_service_chart(
        tmp_path / "twice.shp", (("I", "90", "90"),), ("CT", "ICEACT")
    )
    with pytest.raises(UnreadableChart, match="CT, ICEACT say one thing twice"):
        read_chart(twice)
    other = write_service_chart(tmp_path / "other.shp")
    other.with_suffix(".prj").write_text("PROJCS[nonsense")
    with pytest.raises(UnreadableChart, match=r"other\.prj is no CRS"):
        read_chart(other)
    other.with_suffix(".prj").unlink()
    with pytest.raises(UnreadableChart, match=r"no \.prj names its CRS"):
        read_chart(other)
    other.with_suffix(".prj").write_text(PRJ)
    table = other.with_suffix(".dbf")
    content = table.read_bytes()
    table.write_bytes(content[:-20])
    with pytest.raises(UnreadableChart, match=r"other\.dbf: it is cut off: 6 rows"):
        read_chart(other)
    table.write_bytes(content)
    shapes = other.read_bytes()
    other.write_bytes(b"no shapes")
    with pytest.raises(UnreadableChart, match="it is no shapefile"):
        read_chart(other)
    other.write_bytes(shapes)
    table.write_bytes(path.with_suffix(".shx").read_bytes())
    with pytest.raises(UnreadableChart, match=r"other\.dbf: it is no dBase table"):
        read_chart(other)
    table.unlink()
    with pytest.raises(UnreadableChart, match=r"other\.dbf"):
        read_chart(other)
    lines = geopandas.read_file(path).rename(columns={"POLY_TYPE": "LINE_TYPE"})
    lines.to_file(tmp_path / "lines.shp")
    with pytest.raises(UnreadableChart, match="no column POLY_TYPE"):
        read_chart(tmp_path / "lines.shp")


def _map(iris: dict[str, str]) -> PolygonTable:
    polygons = polygonize(class_map(smooth_classes((40, 40))), Generalization())
    column = [iris[iri] for iri in polygons.table["class_iri"].to_pylist()]
    position = polygons.table.schema.get_field_index("class_iri")
    table = polygons.table.set_column(position, "class_iri", [column])
    return replace(polygons, table=table)


def test_a_map_becomes_a_chart_that_reads_back_equal(tmp_path: Path) -> None:
    codes = ("stage/95", "stage/01", "concentration/46", "icetype/level")
    code = "https://w3id.org/pytheas/code/"
    polygons = _map(
        {f"https://example.org/c{i}": code + one for i, one in enumerate(codes, 1)}
    )
    made = chart_of_map(polygons, tmp_path / "map.shp")
    write_chart(tmp_path / "map.shp", made)
    restored = read_chart(tmp_path / "map.shp")
    assert restored.crs == CRS("EPSG:3413")
    assert [one.egg for one in restored.polygons] == [one.egg for one in made.polygons]
    ours, theirs = (
        np.array([one.geometry for one in each.polygons]) for each in (restored, made)
    )
    assert shapely.equals(ours, theirs).all()
    assert shapely.coverage_is_valid(ours)
    assert restored.contradictions() == []
    expected = {
        "stage/95": ("I", "92", "95", None),
        "stage/01": ("W", "98", None, None),
        "concentration/46": ("I", "46", None, None),
        "icetype/level": ("I", "92", "99", "21"),
    }
    names = [iri.removeprefix(code) for iri in polygons.table["class_iri"].to_pylist()]
    for name, one in zip(names, restored.polygons, strict=True):
        part = one.egg.parts[0]
        told = (one.egg.poly_type.value, one.egg.total, part.stage, part.form)
        assert told == expected[name]


def test_classes_that_are_merely_related_claim_nothing() -> None:
    leads = egg_of_class("https://w3id.org/pytheas/code/icetype/leads-water-new")
    assert leads == Egg(PolyType.ICE, "99", (Part(None, "99"), Part(), Part()))
    with pytest.raises(NoIceClasses, match="is no class of ice"):
        egg_of_class("https://example.org/wheat")


def test_columns_of_versions_before_the_third(chart: IceChart) -> None:
    assert CODES[-1] == "CF"
    assert chart.polygons[5].egg.predominant == "03"
    assert chart.polygons[5].egg.secondary == "99"
    assert chart.polygons[1].egg.predominant is None
