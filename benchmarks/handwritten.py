"""Queries of SPARQL beside SQL that a person would write, on the same star tables.

    python benchmarks/handwritten.py [features | store]

The data are those of `store_basics.py`; a directory with a store of them spares the
load. Both sides are timed until the last row is read, the best of some runs taken in
turns; our queries find their plans in the cache. `rows` must agree.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from store_basics import PREFIXES, write_data

from strabon_store.algebra.terms import IRI
from strabon_store.relational.stars import StarTable
from strabon_store.results.solutions import Solutions
from strabon_store.storage.catalog import Catalog
from strabon_store.storage.database import Database, open_database
from strabon_store.storage.documents import Documents
from strabon_store.store import Store

RUNS: Final = 15
EXAMPLE: Final = "http://example.org/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
NAMES: Final = {
    "type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "class": f"{EXAMPLE}class",
    "area": f"{EXAMPLE}area",
    "probability": f"{EXAMPLE}probability",
    "pixels": f"{EXAMPLE}pixels",
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "geometry": f"{GEO}hasDefaultGeometry",
    "wkt": f"{GEO}asWKT",
}
CONSTANTS: Final = {"feature": f"{EXAMPLE}Feature", "class3": f"{EXAMPLE}class3"}
PAIRS: Final = {
    "5-way star count": (
        (
            "SELECT (COUNT(*) AS ?n) { ?f a :Feature ; :class ?c ; :area ?a ; "
            ":probability ?p ; rdfs:label ?l }"
        ),
        "SELECT count(*) FROM {features} WHERE {type} = {feature}",
    ),
    "group by, average": (
        (
            "SELECT ?c (AVG(?p) AS ?m) (COUNT(*) AS ?n) "
            "{ ?f :class ?c ; :probability ?p } GROUP BY ?c"
        ),
        (
            "SELECT lexical, m, n FROM (SELECT {class} AS c, avg({probability_number}) "
            "AS m, count(*) AS n FROM {features} GROUP BY {class}) JOIN terms ON c = id"
        ),
    ),
    "two numeric filters": (
        (
            "SELECT (COUNT(*) AS ?n) { ?f :area ?a ; :probability ?p "
            "FILTER (?a > 5e6 && ?p > 0.9) }"
        ),
        (
            "SELECT count(*) FROM {features} "
            "WHERE {area_number} > 5e6 AND {probability_number} > 0.9"
        ),
    ),
    "selective star, two hops": (
        (
            "SELECT ?f ?l ?w { ?f :class :class3 ; :pixels 17 ; rdfs:label ?l ; "
            "geo:hasDefaultGeometry ?g . ?g geo:asWKT ?w }"
        ),
        (
            "SELECT a.lexical, b.lexical, b.language, c.lexical, c.datatype "
            "FROM {features} AS f JOIN {geometries} AS g ON g.subject = f.{geometry} "
            "JOIN terms AS a ON a.id = f.subject JOIN terms AS b ON b.id = f.{label} "
            "JOIN terms AS c ON c.id = g.{wkt} "
            "WHERE f.{class} = {class3} AND f.{pixels} = {seventeen}"
        ),
    ),
    "string filter": (
        (
            "SELECT (COUNT(*) AS ?n) { ?f :class :class3 ; rdfs:label ?l "
            'FILTER (CONTAINS(?l, "99")) }'
        ),
        (
            "SELECT count(*) FROM {features} JOIN terms ON id = {label} "
            "WHERE {class} = {class3} AND contains(lexical, '99')"
        ),
    ),
    "order by, limit": (
        "SELECT ?f ?a { ?f :class :class3 ; :area ?a } ORDER BY DESC(?a) LIMIT 10",
        (
            "SELECT s.lexical, a.lexical, a.datatype FROM (SELECT subject, "
            "{area} AS o, {area_number} AS n FROM {features} WHERE {class} = {class3} "
            "ORDER BY n DESC LIMIT 10) JOIN terms AS s ON s.id = subject "
            "JOIN terms AS a ON a.id = o ORDER BY n DESC"
        ),
    ),
    "optional": (
        (
            "SELECT (COUNT(?a) AS ?n) (AVG(?p) AS ?m) { ?f a :Feature "
            "OPTIONAL { ?f :area ?a } OPTIONAL { ?f :probability ?p } }"
        ),
        (
            "SELECT count({area}), avg({probability_number}) FROM {features} "
            "WHERE {type} = {feature}"
        ),
    ),
}


def _names(catalog: Catalog) -> dict[str, str]:
    """What stands in the braces: tables, columns and ids of this store."""
    terms = catalog.term_ids(map(IRI, {**NAMES, **CONSTANTS}.values()))
    ids = {IRI(value): name for name, value in {**NAMES, **CONSTANTS}.items()}
    found = {ids[term]: key for term, key in terms.items() if isinstance(term, IRI)}
    tables = catalog.snapshot().star_tables.tables
    features = _having(tables, found["area"])
    geometries = _having(tables, found["wkt"])
    names = {"features": features.name, "geometries": geometries.name}
    for name in NAMES:
        table = geometries if name == "wkt" else features
        column = table.columns[found[name]]
        names[name] = column.name
        names |= {f"{name}_{part}": source for part, source in column.parts.items()}
    names |= {name: str(found[name]) for name in CONSTANTS}
    names["seventeen"] = str((6 << 59) + 17 + (1 << 58))
    return names


def _having(tables: tuple[StarTable, ...], predicate: int) -> StarTable:
    return next(table for table in tables if predicate in table.columns)


def _milliseconds(action: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    rows = action()
    return (time.perf_counter() - start) * 1000, rows


def _ask(store: Store, text: str) -> int:
    answer = store.query(PREFIXES + text)
    return sum(1 for _ in answer) if isinstance(answer, Solutions) else 1


def _run(database: Database, sql: str) -> int:
    with database.cursor() as cursor:
        return len(cursor.execute(sql).fetchall())


def _compare(location: Path) -> None:
    database = open_database(location)
    store = Store(database, Documents(()))
    names = _names(Catalog(database))
    print(f"{'query':26}{'ours ms':>10}{'SQL ms':>10}{'ratio':>8}{'rows':>8}")
    for title, (text, template) in PAIRS.items():
        sql = template.format_map(names)
        ours, theirs = [], []
        for _ in range(RUNS):
            ours.append(_milliseconds(lambda text=text: _ask(store, text)))
            theirs.append(_milliseconds(lambda sql=sql: _run(database, sql)))
        (a, rows), (b, expected) = min(ours), min(theirs)
        agree = f"{rows:8}" if rows == expected else f"{rows} != {expected}"
        print(f"{title:26}{a:10.2f}{b:10.2f}{a / b:8.2f}{agree}")
    store.close()


def main() -> None:
    """Load, ask and print a table."""
    argument = sys.argv[1] if len(sys.argv) > 1 else "270000"
    if not argument.isdigit():
        _compare(Path(argument))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.nt"
        write_data(path, int(argument))
        with Store.open(Path(folder) / "store") as store:
            print(store.load([path]))
        _compare(Path(folder) / "store")


if __name__ == "__main__":
    main()
