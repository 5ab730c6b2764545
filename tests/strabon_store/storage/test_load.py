"""What goes into the tables comes out again, once, and all of it or nothing."""

import gzip
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyoxigraph as ox
import pytest
import shapely

from engines.duckdb import connect
from ontologies.namespaces import GEO, XSD
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import LoadError, StoreUnavailable
from strabon_store.relational.encoding import DEFAULT_GRAPH, TermId
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.solutions import Row
from strabon_store.storage import loader, reader
from strabon_store.storage.catalog import Catalog
from strabon_store.storage.database import Database, open_database

WKT = GEO.term("wktLiteral")

ALL_TERMS = """
SELECT graph, g.lexical, g.datatype, g.language,
       subject, s.lexical, s.datatype, s.language,
       predicate, p.lexical, p.datatype, p.language,
       object, o.lexical, o.datatype, o.language
FROM quads
LEFT JOIN terms g ON graph = g.id
LEFT JOIN terms s ON subject = s.id
LEFT JOIN terms p ON predicate = p.id
LEFT JOIN terms o ON object = o.id
"""

AWKWARD: tuple[Term, ...] = (
    Literal(""),
    Literal(" "),
    Literal("\t\b\n\r\f\"'\\"),
    Literal("\x00 and \x7f"),
    Literal("ä 漢字 \U0001f9ca \ufffe"),
    Literal("x" * 100_000),
    Literal("true"),
    Literal("is", language="da"),
    Literal("is", language="en-gb"),
    Literal("https://e.org/p"),
    Literal("https://e.org/p", XSD.term("anyURI")),
    *(
        Literal(lexical, XSD.term(name))
        for name, lexicals in {
            "integer": ("0", "-0", "+1", "01", "-7", "9" * 40, "one", " 1 ", ""),
            "decimal": ("1.0", "1.00", "-1.50", "0.0", "-0.0", ".5", "1.", "1e3"),
            "boolean": ("true", "false", "1", "0", "TRUE"),
            "double": ("1", "1.0", "1e0", "1.0E0", "NaN", "-INF", "-0.0", "inf"),
            "float": ("0.1", "1e-50"),
            "byte": ("1", "300"),
            "dateTime": (
                "2024-02-29T12:00:00Z",
                "2024-02-29T12:00:00.000Z",
                "2024-02-29T12:00:00",
                "2024-02-29T12:00:00+01:00",
                "2024-02-30T12:00:00Z",
                "0001-01-01T00:00:00Z",
                "-0044-03-15T12:00:00Z",
                "300000-01-01T00:00:00Z",
            ),
            "date": ("2024-02-29", "2024-02-29Z", "2023-02-29", "0001-01-01"),
            "time": ("12:00:00", "24:00:00Z"),
        }.items()
        for lexical in lexicals
    ),
    Literal("POINT (5 51)", WKT),
    Literal("POINT(5 51)", WKT),
    Literal("POINT Z (5 51 3)", WKT),
    Literal("POINT EMPTY", WKT),
    Literal("", WKT),
    Literal("POINT (5", WKT),
    Literal('{"type": "Point", "coordinates": [5, 51]}', GEO.term("geoJSONLiteral")),
    Literal("{", GEO.term("geoJSONLiteral")),
    IRI("https://e.org/ä?q=1#f"),
    BlankNode("x"),
)


def to_oxigraph(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    match term:
        case IRI(value):
            return ox.NamedNode(value)
        case BlankNode(label):
            return ox.BlankNode(label)
        case Literal(lexical, datatype, None):
            return ox.Literal(lexical, datatype=ox.NamedNode(datatype))
        case Literal(lexical, _, language):
            return ox.Literal(lexical, language=language)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "store")
    yield opened
    opened.close()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def contents(database: Database) -> set[Row]:
    reader = database.connection.execute(ALL_TERMS).to_arrow_reader()
    columns = [DecodedColumn(name, TermId()) for name in "gspo"]
    # The default graph is no term: take its id for unbound.
    batches = decode_batches(map(_without_default, reader), columns)
    return {row for batch in batches for row in batch.rows()}


def _without_default(batch: pa.RecordBatch) -> pa.RecordBatch:
    ids = [None if each == DEFAULT_GRAPH else each for each in batch[0].to_pylist()]
    arrays = [pa.array(ids, pa.int64()), *batch.columns[1:]]
    return pa.RecordBatch.from_arrays(arrays, [str(n) for n in range(len(arrays))])


def test_every_term_comes_back(database: Database, tmp_path: Path) -> None:
    subject, predicate = ox.NamedNode("https://e.org/s"), ox.NamedNode("https://e.org/")
    quads = [ox.Quad(subject, predicate, to_oxigraph(each)) for each in AWKWARD]
    path = tmp_path / "a.nt"
    ox.serialize(quads, str(path), ox.RdfFormat.N_TRIPLES)
    report = loader.load(database, [path])
    assert report.triples_added == report.triples_total == len(AWKWARD)
    loaded = {row[3] for row in contents(database)}
    blank = {each for each in loaded if isinstance(each, BlankNode)}
    assert len(blank) == 1
    assert loaded - blank == set(AWKWARD) - {BlankNode("x")}


def test_the_catalog_knows_what_was_loaded(database: Database, tmp_path: Path) -> None:
    quad = ox.Quad(
        ox.NamedNode("https://e.org/s"), ox.NamedNode("https://e.org/p"), ox.Literal("")
    )
    quads = [ox.Quad(quad.subject, quad.predicate, to_oxigraph(e)) for e in AWKWARD]
    path = tmp_path / "a.nt"
    ox.serialize(quads, str(path), ox.RdfFormat.N_TRIPLES)
    catalog = Catalog(database)
    assert catalog.term_id(IRI("https://e.org/s")) is None
    loader.load(database, [path])
    terms = [each for each in AWKWARD if not isinstance(each, BlankNode)]
    ids = catalog.term_ids(terms)
    assert set(ids) == set(terms)
    assert len(set(ids.values())) == len(terms)
    assert catalog.term_ids(terms) == ids
    assert catalog.term_id(Literal("is")) is None
    predicate = catalog.term_id(IRI("https://e.org/p"))
    assert predicate is not None
    assert catalog.snapshot().predicates[predicate].statements == len(AWKWARD)


def test_terms_that_share_a_hash_are_told_apart(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The engine's own function gives way to one that can hardly tell anything.
    macro = (
        "CREATE MACRO hash(a) AS CAST(length(a) % 3 AS UBIGINT), "
        "(a, b, c) AS CAST(length(a) % 3 AS UBIGINT)"
    )

    def connect_alike(*, threads: int) -> duckdb.DuckDBPyConnection:
        connection = connect(threads=threads)
        connection.execute(macro)
        return connection

    database.connection.execute(macro)
    monkeypatch.setattr(loader, "connect", connect_alike)
    quads = [
        ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), to_oxigraph(each))
        for each in AWKWARD
    ]
    for half in (quads[::2], quads):
        path = tmp_path / f"{len(half)}.nt"
        ox.serialize(half, str(path), ox.RdfFormat.N_TRIPLES)
        loader.load(database, [path])
    terms = [each for each in AWKWARD if not isinstance(each, BlankNode)]
    loaded = {row[3] for row in contents(database)}
    assert {each for each in loaded if not isinstance(each, BlankNode)} == set(terms)
    ids = Catalog(database).term_ids(terms)
    assert len(set(ids.values())) == len(terms)


def test_an_iri_is_no_blank_node(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.nt", "_:x <urn:p> _:x .\n")
    loader.load(database, [path])
    (row,) = contents(database)
    node = row[1]
    assert isinstance(node, BlankNode)
    catalog = Catalog(database)
    assert catalog.term_id(node) is not None
    assert catalog.term_id(IRI(node.label)) is None
    # Even when both are there.
    label = node.label
    loader.load(
        database, [write(tmp_path / "b.nt", f"<urn:p> <urn:p> <urn:{label}> .\n")]
    )
    assert catalog.term_id(IRI(f"urn:{label}")) != catalog.term_id(node)


def _generation(database: Database) -> int:
    return Catalog(database).snapshot().generation


def test_blank_nodes_of_many_blocks_are_the_same_when_loaded_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They are numbered block by block, so blocks must not depend on what a load
    # happens to find in memory.
    monkeypatch.setattr(reader, "BLOCK_BYTES", 2000)
    lines = (
        f"_:{'x' * (number % 37)}{number} <urn:p> _:y{number * 7919 % 4000} .\n"
        for number in range(4000)
    )
    path = write(tmp_path / "a.nt", "".join(lines))
    assert loader.load(database, [path]).triples_added == 4000
    assert loader.load(database, [path]).triples_added == 0


@pytest.mark.parametrize("block_bytes", [1, 200, 1 << 26])
def test_loading_again_changes_nothing(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block_bytes: int,
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", block_bytes)
    path = write(
        tmp_path / "a.trig",
        "@prefix : <urn:x:> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
        ':a :p 1, "1", 1.0, [ :q ( 1 2 ) ], "POINT (1 2)"^^geo:wktLiteral .\n'
        ':a :p 1, "broken"^^geo:wktLiteral .\n:g { :a :p 1 . _:b :p _:c }\n',
    )
    first = loader.load(database, [path])
    before, generation = contents(database), _generation(database)
    assert first.triples_total == first.triples_added == len(before)
    assert first.triples_read == first.triples_added + 1
    assert [each.lexical for each in first.ill_formed_geometries] == ["broken"]
    second = loader.load(database, [path, path])
    assert (second.triples_added, second.triples_total) == (0, len(before))
    assert second.ill_formed_geometries == ()
    assert contents(database) == before
    assert _generation(database) == generation
    for repeated in (
        "SELECT count(*) - count(DISTINCT id) FROM terms",
        "SELECT count(*) - count(DISTINCT (lexical, datatype, language)) FROM terms",
        "SELECT count(*) - count(DISTINCT id) FROM geometries",
        "SELECT count(*) - count(DISTINCT quads) FROM quads",
    ):
        assert database.connection.execute(repeated).fetchone() == (0,)


def test_blank_nodes_belong_to_their_file(database: Database, tmp_path: Path) -> None:
    one = write(tmp_path / "1.nt", "_:b <urn:p> _:b .\n")
    two = write(tmp_path / "2.nt", "_:b <urn:p> _:b . # another file\n")
    loader.load(database, [one, two])
    assert len({row[1] for row in contents(database)}) == 2


def test_relative_iris_are_resolved(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ttl", "<#s> <urn:p> <b.ttl> .")
    loader.load(database, [path])
    (row,) = contents(database)
    assert row[1] == IRI(path.resolve().as_uri() + "#s")
    assert row[3] == IRI((tmp_path / "b.ttl").resolve().as_uri())


NQUADS = '<urn:s> <urn:p> "ü" .\n'
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
    '<rdf:Description rdf:about="urn:s"><u:p>ü</u:p></rdf:Description></rdf:RDF>'
)


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        (".nt", NQUADS),
        (".NQ", NQUADS),
        (".ttl", NQUADS),
        (".trig", NQUADS),
        (".rdf", XML),
        (".jsonld", '{"@id": "urn:s", "urn:p": "ü"}'),
    ],
)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_formats(
    database: Database, tmp_path: Path, ending: str, text: str, *, is_compressed: bool
) -> None:
    data = text.encode()
    path = tmp_path / f"some.data{ending}{'.gz' if is_compressed else ''}"
    path.write_bytes(gzip.compress(data, mtime=0) if is_compressed else data)
    fractions: list[float] = []
    report = loader.load(database, [path], lambda _, done: fractions.append(done))
    assert contents(database) == {(None, IRI("urn:s"), IRI("urn:p"), Literal("ü"))}
    assert report.triples_read == 1
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_an_empty_file_has_no_triples(database: Database, tmp_path: Path) -> None:
    report = loader.load(database, [write(tmp_path / "a.ttl", "")])
    assert (report.triples_read, report.triples_total) == (0, 0)


GOOD = "<urn:s> <urn:p> <urn:o> .\n"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bad.ttl", b"<urn:a> <urn:b> .", r"bad\.ttl:1:17: not Turtle"),
        ("bad.nt", GOOD.encode() + b'<urn:s> <urn:p> "', r"bad\.nt:2:\d+: not N-Tr"),
        ("bad.nt", b"<urn:s> <urn:p> <o> .", r"bad\.nt:1:\d+: .*IRI"),
        ("bad.ttl", b'<urn:s> <urn:p> "\xff" .', r"bad\.ttl:1:\d+: .*UTF-8"),
        ("bad.rdf", b"<rdf:RDF", r"bad\.rdf:1:1: not RDF/XML: unclosed token"),
        (
            "bad.nt.gz",
            gzip.compress(GOOD.encode(), mtime=0)[:-12],
            "cut short or damaged",
        ),
        ("bad.nt.gz", GOOD.encode(), "cut short or damaged"),
        ("bad.nt.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\3zzzz", "cut short or damaged"),
        ("bad.txt", b"", r"one of \.ttl, \.nt"),
        ("bad", b"", r"one of \.ttl, \.nt"),
        ("bad.gz", b"", r"one of \.ttl, \.nt"),
        ("star.ttl", b"<urn:s> <urn:p> <<(<urn:a> <urn:b> 1)>> .", "quoted triple"),
        ("dir.ttl", b'<urn:s> <urn:p> "x"@en--ltr .', "text direction"),
    ],
)
def test_one_bad_file_and_nothing_is_loaded(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    data: bytes,
    message: str,
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", 1)
    loader.load(database, [write(tmp_path / "old.nt", GOOD)])
    before = contents(database)
    new = write(tmp_path / "new.nt", '<urn:new> <urn:p> "POINT (1 2)" .\n')
    bad = tmp_path / name
    bad.write_bytes(data)
    with pytest.raises(LoadError, match=message):
        loader.load(database, [new, bad])
    assert contents(database) == before
    assert Catalog(database).term_id(IRI("urn:new")) is None
    # And the store goes on.
    assert loader.load(database, [new]).triples_added == 1


@pytest.mark.parametrize(
    ("name", "message"), [("absent.ttl", "no file"), ("", "is not a file")]
)
def test_no_file(database: Database, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        loader.load(database, [tmp_path / name])


def test_an_interrupted_load_leaves_nothing(database: Database, tmp_path: Path) -> None:
    def interrupt(_: str, __: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader.load(database, [write(tmp_path / "a.nt", GOOD)], interrupt)
    assert contents(database) == set()
    assert loader.load(database, [tmp_path / "a.nt"]).triples_added == 1


def test_a_reading_store_loads_nothing(tmp_path: Path) -> None:
    open_database(tmp_path / "s").close()
    database = open_database(tmp_path / "s", read_only=True)
    with pytest.raises(StoreUnavailable, match="reading only"):
        loader.load(database, [write(tmp_path / "a.nt", GOOD)])
    database.close()


def geometry_file(path: Path, *wkts: str) -> Path:
    lines = [f'<urn:{n}> <urn:wkt> "{wkt}"^^<{WKT}> .' for n, wkt in enumerate(wkts)]
    return write(path, "\n".join(lines))


def test_geometries_are_in_crs84(database: Database, tmp_path: Path) -> None:
    epsg = "<http://www.opengis.net/def/crs/EPSG/0/{}> "
    report = loader.load(
        database,
        [
            geometry_file(
                tmp_path / "a.nt",
                "POINT Z (5 51 7)",
                epsg.format(4326) + "POINT (51 5)",
                epsg.format(3413) + "POINT (0 -1000000)",
                "POLYGON ((170 0, -170 0, -170 9, 170 9, 170 0))",
                "POLYGON ((0 80, 120 80, -120 80, 0 80))",
                "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
                "POINT EMPTY",
                "POINT (1",
                epsg.format(999999) + "POINT (0 0)",
                epsg.format(32631) + "POINT (1e300 1e300)",
            )
        ],
    )
    rows = database.connection.execute(
        "SELECT lexical, crs, ST_AsWKB(geometry), minx, maxx, is_valid, "
        "crosses_antimeridian, contains_pole "
        "FROM geometries JOIN terms USING (id)"
    ).fetchall()
    found = {row[0].rpartition("> ")[2]: row[1:] for row in rows}
    assert len(found) == 7
    point = shapely.from_wkb(found["POINT Z (5 51 7)"][1])
    assert shapely.get_coordinates(point, include_z=True).tolist() == [[5, 51, 7]]
    assert shapely.from_wkb(found["POINT (51 5)"][1]) == shapely.Point(5, 51)
    assert found["POINT (51 5)"][0] == epsg.format(4326)[1:-2]
    assert found["POINT (0 -1000000)"][2] == pytest.approx(-45)
    box = found["POLYGON ((170 0, -170 0, -170 9, 170 9, 170 0))"]
    assert box[2:] == (-180, 180, True, True, False)
    assert found["POLYGON ((0 80, 120 80, -120 80, 0 80))"][6]
    assert not found["POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"][4]
    assert found["POINT EMPTY"][2:5] == (None, None, True)
    reasons = [each.reason for each in report.ill_formed_geometries]
    assert len(reasons) == 3
    assert "3 geometry literals are ill-formed" in str(report)
    for reason, part in zip(reasons, ("character", "999999", "cannot be"), strict=True):
        assert part in reason


def test_rows_are_sorted_after_a_large_load(database: Database, tmp_path: Path) -> None:
    lines = [f"<urn:{n % 5}> <urn:p{n % 3}> {n} ." for n in range(30)]
    loader.load(database, [write(tmp_path / "a.ttl", "\n".join(lines[::2]))])
    loader.load(database, [write(tmp_path / "b.ttl", "\n".join(lines[1::2]))])
    points = [f"POINT ({x * 61 % 360 - 180} 10)" for x in range(40)]
    loader.load(database, [geometry_file(tmp_path / "c.nt", *points)])
    quads = database.connection.execute(
        "SELECT predicate, subject, object FROM quads"
    ).fetchall()
    assert quads == sorted(quads)
    assert len(quads) == 70
    xs = [
        x
        for (x,) in database.connection.execute(
            "SELECT minx FROM geometries"
        ).fetchall()
    ]
    steps = [abs(b - a) for a, b in pairwise(xs)]
    assert sum(steps) < 40 * 61 / 2


def test_a_reader_sees_the_store_as_it_was(database: Database, tmp_path: Path) -> None:
    lines = [f"<urn:s> <urn:p> {n} ." for n in range(5_000)]
    loader.load(database, [write(tmp_path / "a.ttl", "\n".join(lines))])
    with database.cursor() as reader:
        batches = reader.execute("FROM quads").to_arrow_reader(100)
        seen = batches.read_next_batch().num_rows
        # Rewrites the table, under the reader's eyes.
        text = "\n".join(lines).replace("urn:p", "urn:q")
        loader.load(database, [write(tmp_path / "b.ttl", text)])
        seen += sum(batch.num_rows for batch in batches)
    assert seen == 5_000
    assert len(contents(database)) == 10_000
