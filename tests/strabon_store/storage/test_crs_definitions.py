"""CRSs without a code: defined by a statement, wherever it comes, and kept."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import duckdb
import pyproj
import pytest

from ontologies.geosparql.crs import Crs, crs_from_pyproj
from ontologies.namespaces import CRS, GEO, STRDF
from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.errors import LoadError
from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.results.solutions import Solutions
from strabon_store.storage.backup import restore
from strabon_store.storage.database import FILE_NAME
from strabon_store.storage.migrations import MIGRATIONS
from strabon_store.store import Store

CHART = crs_from_pyproj(
    pyproj.CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84 +units=m")
)
OTHER = crs_from_pyproj(
    pyproj.CRS("+proj=laea +lat_0=81.5 +lon_0=-12.25 +datum=WGS84 +units=m")
)
WKT = STRDF.term("WKT")
WKT_LITERAL = GEO.term("wktLiteral")
PREFIXES = (
    f"PREFIX geo: <{GEO}> PREFIX crs: <{CRS}> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
)
NEAR_POLE = (
    "SELECT ?s WHERE { ?s geo:asWKT ?g FILTER (geof:sfIntersects(?g, "
    'geof:metricBuffer("POINT (0 90)"^^geo:wktLiteral, 100000))) }'
)


def _literal(crs: Crs, wkt: str) -> str:
    return f'"<{crs.iri}> {wkt}"^^<{WKT_LITERAL}>'


def _geometry(name: str, crs: Crs, wkt: str) -> str:
    return f"<urn:{name}> <{GEO.term('asWKT')}> {_literal(crs, wkt)} .\n"


def _definition(crs: Crs, text: str | None = None) -> str:
    escaped = (text or crs.definition).replace("\\", "\\\\").replace('"', '\\"')
    return f'<{crs.iri}> <{CRS.term("asWKT2")}> "{escaped}" .\n'.replace("\n ", " ")


def _file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.nt"
    path.write_text("".join(lines))
    return path


def _rows(store: Store, query: str) -> list[tuple[str, ...]]:
    result = store.query(PREFIXES + query)
    assert isinstance(result, Solutions)
    return [tuple(map(_text, row)) for row in result]


def _text(term: Term | None) -> str:
    assert isinstance(term, IRI | Literal)
    return term.value if isinstance(term, IRI) else term.lexical


def _found(store: Store, query: str = NEAR_POLE) -> set[str]:
    return {text for (text,) in _rows(store, query)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened
        found = opened.verify()
        assert found.is_sound, str(found)


LINES = (
    _definition(CHART),
    _geometry("near", CHART, "POINT (1000 -2000)"),
    _geometry("far", CHART, "POINT (0 -2000000)"),
)


@pytest.mark.parametrize("lines", list(permutations(LINES)))
def test_definition_and_literals_come_in_any_order(
    store: Store, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    report = store.load([_file(tmp_path, "all", *lines)])
    assert report.ill_formed_geometries == ()
    assert _found(store) == {"urn:near"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_and_in_files_of_any_order(
    store: Store, tmp_path: Path, order: tuple[int, ...]
) -> None:
    files = [_file(tmp_path, f"{index}", LINES[index]) for index in order]
    assert store.load(files).ill_formed_geometries == ()
    assert _found(store) == {"urn:near"}


def test_literals_of_earlier_loads_are_read_when_the_definition_comes(
    store: Store, tmp_path: Path
) -> None:
    first = store.load([_file(tmp_path, "a", *LINES[1:])])
    reasons = [each.reason for each in first.ill_formed_geometries]
    assert len(reasons) == 2
    assert all(f"no definition of <{CHART.iri}>" in reason for reason in reasons)
    assert _found(store) == set()
    second = store.load([_file(tmp_path, "b", LINES[0])])
    assert second.ill_formed_geometries == ()
    assert _found(store) == {"urn:near"}
    third = store.load([_file(tmp_path, "c", *LINES)])
    assert (third.triples_added, third.ill_formed_geometries) == (0, ())


def test_what_is_malformed_is_said_when_it_can_be_read(
    store: Store, tmp_path: Path
) -> None:
    store.load([_file(tmp_path, "a", _geometry("bad", CHART, "POINT (1"))])
    report = store.load([_file(tmp_path, "b", LINES[0], LINES[1])])
    (problem,) = report.ill_formed_geometries
    assert problem.lexical == f"<{CHART.iri}> POINT (1"
    assert "bad geo:wktLiteral at character" in problem.reason
    assert _found(store) == {"urn:near"}


def test_a_definition_of_another_crs_is_reported_and_ignored(
    store: Store, tmp_path: Path
) -> None:
    wrong = _definition(CHART, OTHER.definition)
    no_crs = _definition(CHART, "PROJCRS[nothing")
    report = store.load([_file(tmp_path, "a", wrong, no_crs, LINES[1])])
    assert len(report.bad_definitions) == 2
    assert all(CHART.iri in each for each in report.bad_definitions)
    assert any(f"is that of <{OTHER.iri}>" in each for each in report.bad_definitions)
    assert "definition of a CRS ignored: " in str(report)
    assert _found(store) == set()
    assert store.load([_file(tmp_path, "b", LINES[0])]).bad_definitions == ()
    assert _found(store) == {"urn:near"}


def test_updates_define_and_read(store: Store) -> None:
    data = _geometry("near", CHART, "POINT (0 1)")
    first = store.update(f"INSERT DATA {{ {data} }}")
    assert len(first.ill_formed_geometries) == 1
    both = _geometry("other", OTHER, "POINT (0 949000)") + _definition(OTHER)
    second = store.update(
        f"INSERT DATA {{ {_definition(CHART)} }} ; INSERT DATA {{ {both} }}"
    )
    assert second.ill_formed_geometries == ()
    assert _found(store) == {"urn:near", "urn:other"}
    third = store.update(f"INSERT DATA {{ {_definition(CHART, OTHER.definition)} }}")
    assert len(third.bad_definitions) == 1
    assert third.as_json()["bad_definitions"] == list(third.bad_definitions)


def test_an_operation_sees_what_the_one_before_defined(store: Store) -> None:
    near = _geometry("near", CHART, "POINT (0 1)")
    store.update(
        f"{PREFIXES} INSERT DATA {{ GRAPH <urn:g> {{ {_definition(CHART)} }} {near} }}"
        " ; "
        "INSERT { ?s <urn:is> <urn:polar> } WHERE { ?s geo:asWKT ?g "
        "FILTER (geof:maxX(?g) = 0 && geof:metricDistance(?g, "
        '"POINT (0 90)"^^geo:wktLiteral) < 2) }'
    )
    assert _found(store, "SELECT ?s { ?s <urn:is> <urn:polar> }") == {"urn:near"}


def test_an_update_may_insert_computed_literals(store: Store) -> None:
    store.update(f"INSERT DATA {{ {_definition(CHART)} <urn:near> <urn:p> 1 }}")
    store.update(
        f"{PREFIXES} INSERT {{ ?s geo:asWKT ?g }} WHERE {{ ?s <urn:p> ?x "
        f'BIND (STRDT(CONCAT("<{CHART.iri}> POINT (0 ", STR(?x), ")"), '
        "geo:wktLiteral) AS ?g) }"
    )
    assert _found(store) == {"urn:near"}


def test_a_definition_that_is_taken_away_breaks_nothing(
    store: Store, tmp_path: Path
) -> None:
    store.load([_file(tmp_path, "a", *LINES)])
    store.update(f"{PREFIXES} DELETE WHERE {{ ?c crs:asWKT2 ?text }}")
    assert _found(store) == {"urn:near"}
    store.load([_file(tmp_path, "b", _geometry("later", CHART, "POINT (5 5)"))])
    assert _found(store) == {"urn:near", "urn:later"}


def test_a_constant_in_such_a_crs_is_read_once_it_is_defined(
    store: Store, tmp_path: Path
) -> None:
    chart = crs_from_pyproj(
        pyproj.CRS("+proj=stere +lat_0=90 +lon_0=33.5 +k=1 +datum=WGS84")
    )
    store.load([_file(tmp_path, "a", '<urn:s> <urn:p> "POINT (33.5 80)" .\n')])
    query = (
        "SELECT ?s WHERE { ?s <urn:p> ?text "
        "FILTER (geof:metricDistance(STRDT(?text, geo:wktLiteral), "
        f"{_literal(chart, 'POINT (0 -1117600)')}) < 100000) }}"
    )
    assert _found(store, query) == set()
    store.load([_file(tmp_path, "b", _definition(chart))])
    assert _found(store, query) == {"urn:s"}


def test_the_literal_comes_out_as_it_went_in(store: Store, tmp_path: Path) -> None:
    wkt = (
        "POLYGON ((-489524.123456789 -1426091.25, 0 0.10, 1e3 -0, "
        "-489524.123456789 -1426091.25))"
    )
    store.load([_file(tmp_path, "a", LINES[0], _geometry("x", CHART, wkt))])
    query = "SELECT ?g (geof:transform(?g, geof:getSRID(?g)) AS ?same) "
    (row,) = _rows(store, query + "{ ?s geo:asWKT ?g }")
    assert row[0] == f"<{CHART.iri}> {wkt}"
    assert row[1] == (
        f"<{CHART.iri}> POLYGON ((-489524.123456789 -1426091.25, 0 0.1, 1000 -0, "
        "-489524.123456789 -1426091.25))"
    )


@pytest.mark.parametrize("ending", [".nq", ".ttl"])
def test_a_dump_is_loaded_again(store: Store, tmp_path: Path, ending: str) -> None:
    store.load([_file(tmp_path, "a", *LINES)])
    store.dump(tmp_path / f"dump{ending}")
    with Store.open(tmp_path / "second") as second:
        report = second.load([tmp_path / f"dump{ending}"])
        assert report.ill_formed_geometries == ()
        assert _found(second) == {"urn:near"}


SCRIPT = """
import sys
from pathlib import Path
from strabon_store.store import Store
with Store.open(Path(sys.argv[1]), read_only=True) as store:
    assert store.verify().is_sound
    print(*(row[0].value for row in store.query(sys.argv[2]).rows))
"""


def _asked_elsewhere(location: Path) -> str:
    """The answer of a process that has never heard of the CRS."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(location), PREFIXES + NEAR_POLE],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_backup_restore_and_another_process_keep_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as opened:
        opened.load([_file(tmp_path, "a", *LINES)])
        opened.update(f"{PREFIXES} DELETE WHERE {{ ?c crs:asWKT2 ?text }}")
        opened.backup(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    assert _asked_elsewhere(tmp_path / "restored") == "urn:near"


FORMAT_BEFORE = next(
    number
    for number, step in MIGRATIONS.items()
    if any("TABLE crs_definitions" in statement for statement in step.statements)
)


def test_a_store_of_the_format_before_learns_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as opened:
        opened.load([_file(tmp_path, "a", '<urn:s> <urn:p> "x" .\n')])
    with duckdb.connect(str(tmp_path / "store" / FILE_NAME)) as connection:
        connection.execute("DROP TABLE crs_definitions")
        connection.execute("ALTER TABLE star_columns DROP COLUMN has_points")
        connection.execute(
            "UPDATE meta SET value = ? WHERE key = 'format'", [FORMAT_BEFORE]
        )
    with Store.open(tmp_path / "store") as opened:
        opened.load([_file(tmp_path, "b", *LINES)])
        assert _found(opened) == {"urn:near"}
        assert opened.verify().is_sound


def test_optimize_lets_literals_wait(store: Store, tmp_path: Path) -> None:
    store.load([_file(tmp_path, "a", *LINES[1:])])
    assert store.optimize().geometries == 0
    assert _found(store) == set()
    store.load([_file(tmp_path, "b", LINES[0])])
    assert _found(store) == {"urn:near"}


SHIFT = (int(Tag.GEOMETRY) - int(Tag.OTHER)) << PAYLOAD_BITS
"""From the id of a geometry to that of another literal of its key."""

AS_OTHERS = (
    "UPDATE terms SET id = id - {} WHERE contains(datatype, 'wktLiteral')",
    "UPDATE term_hashes SET id = id - {} WHERE id NOT IN (SELECT id FROM terms)",
    "UPDATE quads SET object = object - {} WHERE object NOT IN (SELECT id FROM terms)",
    "DELETE FROM quads_by_object",
    "INSERT INTO quads_by_object FROM quads",
)


def test_optimize_reads_what_an_older_program_called_ill_formed(
    tmp_path: Path,
) -> None:
    with Store.open(tmp_path / "store") as opened:
        opened.load([_file(tmp_path, "a", *LINES)])
    with duckdb.connect(str(tmp_path / "store" / FILE_NAME)) as connection:
        connection.execute("DELETE FROM geometries")
        for statement in AS_OTHERS:
            connection.execute(statement.format(SHIFT))
    with Store.open(tmp_path / "store") as opened:
        assert _found(opened) == set()
        assert opened.optimize().geometries == 2
        assert _found(opened) == {"urn:near"}
        assert opened.verify().is_sound


def test_a_load_that_fails_defines_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as opened:
        with pytest.raises(LoadError, match=":4:1: "):
            opened.load([_file(tmp_path, "a", *LINES, "broken\n")])
        opened.load([_file(tmp_path, "b", LINES[1])])
        assert _found(opened) == set()


def test_gml_and_strdf_name_it_too(store: Store, tmp_path: Path) -> None:
    gml = (
        f"<gml:Point xmlns:gml='http://www.opengis.net/gml/3.2' srsName='{CHART.iri}'>"
        "<gml:pos>1000 -2000</gml:pos></gml:Point>"
    )
    lines = (
        f'<urn:gml> <{GEO.term("asWKT")}> "{gml}"^^<{GEO.term("gmlLiteral")}> .\n',
        f'<urn:s> <{GEO.term("asWKT")}> "POINT (1000 -2000);{CHART.iri}"^^<{WKT}> .\n',
    )
    store.load([_file(tmp_path, "a", *lines, LINES[0])])
    assert _found(store) == {"urn:gml", "urn:s"}


def test_what_is_no_geometry_is_not_read(store: Store, tmp_path: Path) -> None:
    lines = (f'<urn:s> <urn:note> "see <{CHART.iri}>" .\n', LINES[0])
    store.load([_file(tmp_path, "a", *lines)])
    query = "SELECT ?o { <urn:s> <urn:note> ?o }"
    assert _found(store, query) == {f"see <{CHART.iri}>"}


def test_many_literals_are_read_in_batches(store: Store, tmp_path: Path) -> None:
    count = 45_000
    lines = [_geometry(f"s{n}", CHART, f"POINT ({n} {-n})") for n in range(count)]
    store.load([_file(tmp_path, "a", *lines, LINES[0])])
    assert store.statistics().geometries == count
