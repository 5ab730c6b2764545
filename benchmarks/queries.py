"""Queries over features and geometries: the store, its peers, and SQL by hand.

    python benchmarks/queries.py [features]           # beside pyoxigraph and maplib
    python benchmarks/queries.py --growth [features]  # half the data and all of them

A feature has nine triples: type, class, area, probability, pixels, label and geometry,
which has type and WKT; classes form a small tree. 300,000 features are 2.7 M triples.
Peers run in environments of their own, made in the cache folder of the user. Times run
until the last row is read, the best of some runs; ours finds its plans in the cache.
All must give the same answer. The SQL is what a person would write on the store's own
tables. `benchmarks/README.md` keeps the results.
"""

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from math import isclose
from pathlib import Path
from statistics import geometric_mean
from typing import Any, Final, TypeAlias

from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.relational.encoding import INTEGER_BIAS, PAYLOAD_BITS, Tag
from strabon_store.results.solutions import Solutions
from strabon_store.storage.database import Database
from strabon_store.store import Store

Cell: TypeAlias = str | float | None
Rows: TypeAlias = list[list[Cell]]

RUNS: Final = 7
PEERS: Final = {"pyoxigraph": "0.5.13", "maplib": "0.20.26"}
CLASSES: Final = 24
BASE: Final = "http://example.org/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
PREFIXES: Final = (
    f"PREFIX : <{BASE}>\nPREFIX geo: <{GEO}>\n"
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)
COLUMNS: Final = {
    "type": RDF_TYPE,
    "class": f"{BASE}class",
    "area": f"{BASE}area",
    "probability": f"{BASE}probability",
    "pixels": f"{BASE}pixels",
    "label": LABEL,
    "geometry": f"{GEO}hasDefaultGeometry",
    "wkt": f"{GEO}asWKT",
}
"""Predicates that the SQL names, as columns of star tables."""

TERMS: Final = {
    "feature": f"{BASE}Feature",
    "class3": f"{BASE}class3",
    "class0": f"{BASE}class0",
    "broader": f"{BASE}broader",
}
"""IRIs that the SQL names by their ids."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and the same by hand.

    Attributes:
        sparql: The query without prefixes.
        sql: With names of this store's tables, columns and ids in braces.
    """

    sparql: str
    sql: str


QUESTIONS: Final = {
    "5-way star count": Question(
        "SELECT (COUNT(*) AS ?n) { ?f a :Feature ; :class ?c ; :area ?a ; "
        ":probability ?p ; rdfs:label ?l }",
        "SELECT count(*) FROM {features} WHERE {type} = {feature}",
    ),
    "group by, average": Question(
        "SELECT ?c (AVG(?p) AS ?m) (COUNT(*) AS ?n) "
        "{ ?f :class ?c ; :probability ?p } GROUP BY ?c",
        "SELECT lexical, m, n FROM (SELECT {class} AS c, avg({probability_number}) "
        "AS m, count(*) AS n FROM {features} GROUP BY {class}) JOIN terms ON c = id",
    ),
    "two numeric filters": Question(
        "SELECT (COUNT(*) AS ?n) { ?f :area ?a ; :probability ?p "
        "FILTER (?a > 5000000 && ?p > 0.9) }",
        "SELECT count(*) FROM {features} "
        "WHERE {area_number} > 5e6 AND {probability_number} > 0.9",
    ),
    "selective star, two hops": Question(
        "SELECT ?f ?l ?w { ?f :class :class3 ; :pixels 17 ; rdfs:label ?l ; "
        "geo:hasDefaultGeometry ?g . ?g geo:asWKT ?w }",
        "SELECT a.lexical, b.lexical, c.lexical "
        "FROM {features} AS f JOIN {geometries} AS g ON g.subject = f.{geometry} "
        "JOIN terms AS a ON a.id = f.subject JOIN terms AS b ON b.id = f.{label} "
        "JOIN terms AS c ON c.id = g.{wkt} "
        "WHERE f.{class} = {class3} AND f.{pixels} = {seventeen}",
    ),
    "string filter": Question(
        "SELECT (COUNT(*) AS ?n) { ?f :class :class3 ; rdfs:label ?l "
        'FILTER (CONTAINS(STR(?l), "99")) }',
        "SELECT count(*) FROM {features} JOIN terms ON id = {label} "
        "WHERE {class} = {class3} AND contains(lexical, '99')",
    ),
    "order by, limit": Question(
        "SELECT ?f ?a { ?f :class :class3 ; :area ?a } ORDER BY DESC(?a) LIMIT 10",
        "SELECT s.lexical, CAST(a.lexical AS DOUBLE) FROM (SELECT subject, "
        "{area} AS o, {area_number} AS n FROM {features} WHERE {class} = {class3} "
        "ORDER BY n DESC LIMIT 10) JOIN terms AS s ON s.id = subject "
        "JOIN terms AS a ON a.id = o ORDER BY n DESC",
    ),
    "path": Question(
        "SELECT (COUNT(*) AS ?n) { ?f :class/:broader* :class0 }",
        "WITH RECURSIVE below AS (SELECT CAST({class0} AS BIGINT) AS c UNION "
        "SELECT subject FROM quads JOIN below ON object = c "
        "WHERE predicate = {broader}) "
        "SELECT count(*) FROM {features} SEMI JOIN below ON {class} = c",
    ),
}


def write_data(path: Path, features: int) -> int:
    """Write N-Triples, the same for the same number; how many there are."""
    with path.open("w", encoding="utf-8") as file:
        count = 0
        for count, triple in enumerate(_triples(features), 1):  # noqa: B007
            file.write(triple)
    return count


def _triples(features: int) -> Iterator[str]:
    chance = random.Random(features)  # noqa: S311 - no secret
    for i in range(1, CLASSES):
        yield f"<{BASE}class{i}> <{BASE}broader> <{BASE}class{i // 2}> .\n"
    for i in range(features):
        west, south = chance.uniform(0, 40), chance.uniform(60, 80)
        east, north = west + 0.02, south + 0.01
        ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}"
        wkt = f"POLYGON (({ring}, {west} {south}))"
        feature, geometry = f"<{BASE}f{i}>", f"<{BASE}g{i}>"
        area, probability = chance.uniform(1e3, 1e7), chance.random()
        yield f"{feature} <{RDF_TYPE}> <{BASE}Feature> .\n"
        yield f"{feature} <{BASE}class> <{BASE}class{chance.randrange(CLASSES)}> .\n"
        yield f'{feature} <{BASE}area> "{area}"^^<{XSD}double> .\n'
        yield f'{feature} <{BASE}probability> "{probability}"^^<{XSD}double> .\n'
        yield f'{feature} <{BASE}pixels> "{i % 977}"^^<{XSD}integer> .\n'
        yield f'{feature} <{LABEL}> "Feature {i}"@en .\n'
        yield f"{feature} <{GEO}hasDefaultGeometry> {geometry} .\n"
        yield f"{geometry} <{RDF_TYPE}> <http://www.opengis.net/ont/sf#Polygon> .\n"
        yield f'{geometry} <{GEO}asWKT> "{wkt}"^^<{GEO}wktLiteral> .\n'


def _best(action: Callable[[], Rows]) -> tuple[float, Rows]:
    """Milliseconds of the best of some runs, and the rows; the first is no run."""
    rows = action()
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        rows = action()
        times.append((time.perf_counter() - started) * 1000)
    return min(times), rows


def _ask(store: Store, text: str) -> Rows:
    answer = store.query(PREFIXES + text)
    if not isinstance(answer, Solutions):
        raise TypeError(f"{text} has no solutions")
    return [[_cell(term) for term in row] for row in answer]


def _cell(term: Term | None) -> Cell:
    match term:
        case IRI(value):
            return value
        case Literal(lexical, datatype):
            return float(lexical) if datatype.startswith(XSD) else lexical
        case _:
            return None


def _sql_names(store: Store) -> dict[str, str]:
    """What stands in the braces of the SQL: tables, columns and ids of this store."""
    known = store._catalog.snapshot()  # noqa: SLF001 - by hand means inside
    ids = {
        name: known.term_id(IRI(iri)) or 0 for name, iri in {**COLUMNS, **TERMS}.items()
    }
    (features,) = known.stars().having(ids["area"])
    (geometries,) = known.stars().having(ids["wkt"])
    names = {"features": features.name, "geometries": geometries.name}
    for name in COLUMNS:
        table = geometries if name == "wkt" else features
        column = table.columns[ids[name]]
        names[name] = column.name
        names |= {f"{name}_{part}": held for part, held in column.parts.items()}
    seventeen = (Tag.INTEGER << PAYLOAD_BITS) + INTEGER_BIAS + 17
    return names | {n: str(ids[n]) for n in TERMS} | {"seventeen": str(seventeen)}


def _run_sql(database: Database, sql: str) -> Rows:
    with database.cursor() as cursor:
        return [list(row) for row in cursor.execute(sql).fetchall()]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one engine took.

    Attributes:
        load_s: Seconds of the load.
        ms: Milliseconds of each query, by its title.
    """

    load_s: float
    ms: Mapping[str, float]


def measure_ours(
    folder: Path, data: Path
) -> tuple[Measured, dict[str, float], dict[str, Rows]]:
    """Our times, those of the SQL, and the answers."""
    ours, by_hand, answers = {}, {}, {}
    with Store.open(folder / f"{data.stem}.store") as store:
        loaded = store.load([data]).seconds
        names = _sql_names(store)
        database = store._database  # noqa: SLF001 - by hand means inside
        for title, question in QUESTIONS.items():
            text, sql = question.sparql, question.sql.format_map(names)
            ours[title], rows = _best(partial(_ask, store, text))
            run = partial(_run_sql, database, sql)
            by_hand[title], expected = _best(run)
            _require_equal(title, "SQL by hand", rows, expected)
            answers[title] = rows
    return Measured(loaded, ours), by_hand, answers


def measure_peer(engine: str, data: Path, answers: Mapping[str, Rows]) -> Measured:
    """The times of a peer, whose answers must be ours."""
    queries = {title: PREFIXES + q.sparql for title, q in QUESTIONS.items()}
    script = Path(__file__).parent / "peers" / "ask.py"
    done = subprocess.run(  # noqa: S603 - our own script
        [_environment(engine), script, engine, data, "3"],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    times = {}
    for title, found in report["answers"].items():
        if "error" in found:
            print(f"{engine} cannot answer {title}: {found['error']}")
            continue
        _require_equal(title, engine, answers[title], found["rows"])
        times[title] = found["ms"]
    return Measured(report["load_s"], times)


def _environment(engine: str) -> Path:
    """The interpreter of an environment with this engine, made when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "pytheas-benchmarks" / f"{engine}-{PEERS[engine]}"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "venv", folder], check=True
        )
        requirement = f"{engine}=={PEERS[engine]}"
        subprocess.run(  # noqa: S603 - the interpreter just made
            [interpreter, "-m", "pip", "install", "--quiet", requirement], check=True
        )
    return interpreter


def _require_equal(title: str, who: str, ours: Rows, theirs: Rows) -> None:
    if not _equal(sorted(ours, key=str), sorted(theirs, key=str)):
        raise SystemExit(f"{title}: {who} says {theirs[:3]}, we {ours[:3]}")


def _equal(left: Rows, right: Rows) -> bool:
    return len(left) == len(right) and all(
        len(a) == len(b) and all(map(_same, a, b))
        for a, b in zip(left, right, strict=True)
    )


def _same(left: Cell, right: Cell) -> bool:
    if isinstance(left, str) or isinstance(right, str) or left is None or right is None:
        return left == right
    return isclose(left, right, rel_tol=1e-9)


def compare(folder: Path, features: int) -> None:
    """Print a table of all engines."""
    data = folder / "data.nt"
    triples = write_data(data, features)
    ours, by_hand, answers = measure_ours(folder, data)
    peers = {engine: measure_peer(engine, data, answers) for engine in PEERS}
    _print_head(triples)
    rows = [["query", "ours", "SQL by hand", "ours / SQL"]]
    rows[0] += [cell for engine in PEERS for cell in (engine, "ratio")]
    for title, ms in ours.ms.items():
        row = [
            title,
            f"{ms:.1f}",
            f"{by_hand[title]:.1f}",
            f"{ms / by_hand[title]:.2f}",
        ]
        for peer in peers.values():
            theirs = peer.ms.get(title)
            row += ["", ""] if theirs is None else [f"{theirs:.0f}", _times(theirs, ms)]
        rows.append(row)
    means = [
        geometric_mean(peer.ms[t] / ours.ms[t] for t in peer.ms)
        for peer in peers.values()
    ]
    hand = geometric_mean(ours.ms[t] / by_hand[t] for t in by_hand)
    rows.append(["geometric mean", "", "", f"{hand:.2f}"])
    rows[-1] += [cell for mean in means for cell in ("", f"{mean:.0f}x")]
    rows.append(["load (s)", f"{ours.load_s:.1f}", "", ""])
    for peer in peers.values():
        rows[-1] += [f"{peer.load_s:.1f}", _times(peer.load_s, ours.load_s)]
    _print_table(rows)


def _times(theirs: float, ours: float) -> str:
    return f"{theirs / ours:.1f}x"


def grow(folder: Path, features: int) -> None:
    """Print what twice the data cost."""
    times = []
    for size in (features // 2, features):
        data = folder / f"data{size}.nt"
        write_data(data, size)
        times.append(measure_ours(folder, data)[0])
    small, large = times
    _print_head(features * 9)
    rows = [["query", "half", "all", "ratio"]]
    for title, ms in large.ms.items():
        half = small.ms[title]
        rows.append([title, f"{half:.1f}", f"{ms:.1f}", f"{ms / half:.2f}x"])
    rows.append(["load (s)", f"{small.load_s:.1f}", f"{large.load_s:.1f}", ""])
    rows[-1][-1] = f"{large.load_s / small.load_s:.2f}x"
    _print_table(rows)


def _print_head(triples: int) -> None:
    today = datetime.now(UTC).date()
    print(f"{triples:,} triples; milliseconds; {today}; {_hardware()}")
    peers = ", ".join(f"{name} {number}" for name, number in PEERS.items())
    ours = f"Python {platform.python_version()}, duckdb {version('duckdb')}"
    print(f"ours: {ours}; peers: {peers}", end="\n\n")


def _hardware() -> str:
    processor = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = cpus.read_text("utf-8").splitlines()
        names = [line for line in lines if line.startswith("model name")]
        processor = names[0].partition(": ")[2] if names else processor
    return f"{os.cpu_count()} x {processor}"


def _print_table(rows: list[list[str]]) -> None:
    """As Markdown, so that it can be kept."""
    head, *body = rows
    print(f"| {' | '.join(head)} |")
    print(f"|---|{'---:|' * (len(head) - 1)}")
    for row in body:
        print(f"| {' | '.join(row)} |")


def main(arguments: list[str]) -> None:
    """Measure what is asked for."""
    run = grow if "--growth" in arguments else compare
    numbers = [int(each) for each in arguments if each.isdigit()]
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), numbers[0] if numbers else 300_000)


if __name__ == "__main__":
    main(sys.argv[1:])
