"""Cost of the RML engine on a CSV: rows x 9 triples to N-Triples, beside peers.

    python benchmarks/geotriples_csv.py [rows ...]

Peers are told by environment variables (`peers/mappers.py`).

The data have the shape of the comparison in the design: 7 columns, two triples maps
with a class each, templates with text that must be encoded, typed and tagged literals,
a link.
"""

import csv
import random
import sys
import tempfile
from pathlib import Path

from peers.mappers import as_2014, cost, engines

MAPPING = """
@prefix rml: <http://w3id.org/rml/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.com/> .

ex:source rml:source [ a rml:RelativePathSource ; rml:path "data.csv" ] ;
    rml:referenceFormulation rml:CSV .

ex:person rml:logicalSource ex:source ;
    rml:subjectMap [ rml:template "http://example.com/person/{id}" ;
                     rml:class ex:Person ] ;
    rml:predicateObjectMap
        [ rml:predicate ex:name ; rml:objectMap [ rml:reference "name" ] ] ,
        [ rml:predicate ex:age ;
          rml:objectMap [ rml:reference "age" ; rml:datatype xsd:integer ] ] ,
        [ rml:predicate ex:height ;
          rml:objectMap [ rml:reference "height" ; rml:datatype xsd:decimal ] ] ,
        [ rml:predicate ex:note ;
          rml:objectMap [ rml:reference "note" ; rml:language "en" ] ] ,
        [ rml:predicate ex:livesIn ;
          rml:objectMap [ rml:template "http://example.com/city/{city}/{id}" ] ] .

ex:city rml:logicalSource ex:source ;
    rml:subjectMap [ rml:template "http://example.com/city/{city}/{id}" ;
                     rml:class ex:City ] ;
    rml:predicateObjectMap
        [ rml:predicate ex:name ; rml:objectMap [ rml:reference "city" ] ] ,
        [ rml:predicate ex:code ; rml:objectMap [ rml:reference "code" ] ] .
"""
CITIES = ("Tromsø", "New York", "Athína", "Reykjavík", "Nuuk", "Longyearbyen")


def write_data(path: Path, rows: int) -> None:
    """Write the CSV; the same for the same number of rows."""
    chance = random.Random(rows)  # noqa: S311 - no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "age", "height", "city", "code", "note"])
        for i in range(rows):
            city = chance.choice(CITIES)
            age, height = chance.randrange(100), chance.randrange(120, 210) / 100
            note = f'said "{i}"' if i % 50 == 0 else f"note number {i}"
            writer.writerow([i, f"Person {i}", age, height, city, f"C{i % 997}", note])


def main(sizes: list[int]) -> None:
    """Print one line for each size and engine."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_data(folder / "data.csv", rows)
            (folder / "mapping.ttl").write_text(MAPPING, encoding="utf-8")
            (folder / "mapping-2014.ttl").write_text(as_2014(MAPPING), "utf-8")
            costs = {engine: cost(engine, folder) for engine in engines()}
        ours = costs["pytheas"]
        for engine, one in costs.items():
            print(f"{rows:>9,} rows  {engine:12}  {one or 'failed'}", end="")
            if ours is not None and one is not None and engine != "pytheas":
                same = "same" if one.digest == ours.digest else "other"
                print(f"  {one.cpu_s / ours.cpu_s:5.1f} x  {same} triples", end="")
            print(flush=True)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [100_000])
