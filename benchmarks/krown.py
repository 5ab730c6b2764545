"""KROWN's scenarios, regenerated: ours beside Morph-KGC (and SDM-RDFizer, if told).

    python benchmarks/krown.py [scale]

Sizes are those of KROWN's middle cases times `scale` (default 1): rows and columns of
raw data, duplicates, empty values, triples maps, joins of 1-1, n-1 and n-m, named
graphs. A table says CPU seconds, peak memory and whether the sets of triples are equal.
Peers are told by environment variables (`peers/mappers.py`).
"""

import csv
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.mappers import as_2014, cost, engines

HEAD = """
@prefix rml: <http://w3id.org/rml/> .
@prefix ex: <http://example.com/> .
@base <http://example.com/map/> .
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Data, and what is made of them."""

    name: str
    write: Callable[[Path], str]
    ending: str = ".nt"


def table(
    path: Path, rows: int, columns: int, value: Callable[[int, int], str]
) -> None:
    """A CSV with an id and columns p1, p2, ..."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *(f"p{i}" for i in range(1, columns + 1))])
        writer.writerows(
            [str(row), *(value(row, column) for column in range(1, columns + 1))]
            for row in range(rows)
        )


def triples_map(
    name: str,
    file: str,
    columns: Sequence[int],
    *,
    graph: str = "",
    extra: str = "",
    template: str = "http://example.com/{id}",
) -> str:
    """A triples map with a property for each column."""
    maps = [
        f'[ rml:predicate ex:p{i} ; rml:objectMap [ rml:reference "p{i}" ] ]'
        for i in columns
    ] + ([extra] if extra else [])
    properties = " , ".join(maps)
    tail = f" ;\n  rml:predicateObjectMap {properties}" if maps else ""
    return (
        f"<{name}> a rml:TriplesMap ; rml:logicalSource [ a rml:LogicalSource ;\n"
        f'  rml:source [ a rml:RelativePathSource ; rml:path "{file}" ] ;\n'
        f"  rml:referenceFormulation rml:CSV ] ;\n"
        f'  rml:subjectMap [ rml:template "{template}"{graph} ]{tail} .\n'
    )


def raw(rows: int, columns: int) -> Callable[[Path], str]:
    """Rows of distinct values."""

    def write(folder: Path) -> str:
        table(folder / "d.csv", rows, columns, lambda row, i: f"value {i} of {row}")
        return triples_map("m", "d.csv", range(1, columns + 1))

    return write


def duplicates(rows: int, percent: int) -> Callable[[Path], str]:
    """Rows of which some percent say the same."""

    def write(folder: Path) -> str:
        distinct = max(rows * (100 - percent) // 100, 1)
        with (folder / "d.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *(f"p{i}" for i in range(1, 21))])
            for row in range(rows):
                one = row % distinct
                writer.writerow([one, *(f"value {i} of {one}" for i in range(1, 21))])
        return triples_map("m", "d.csv", range(1, 21))

    return write


def empty(rows: int, percent: int) -> Callable[[Path], str]:
    """Rows of which some percent of the values are empty."""

    def write(folder: Path) -> str:
        chance = random.Random(percent)  # noqa: S311 - no secret

        def value(row: int, i: int) -> str:
            return "" if chance.randrange(100) < percent else f"value {i} of {row}"

        table(folder / "d.csv", rows, 20, value)
        return triples_map("m", "d.csv", range(1, 21)).replace(
            '"d.csv" ]', '"d.csv" ; rml:null "" ]'
        )

    return write


def maps(rows: int, count: int, properties: int) -> Callable[[Path], str]:
    """Many triples maps, each with some properties."""

    def write(folder: Path) -> str:
        table(folder / "d.csv", rows, properties, lambda row, i: f"value {i} of {row}")
        template = "http://example.com/m{number}/"
        return "".join(
            triples_map(
                f"m{number}",
                "d.csv",
                range(1, properties + 1),
                template=template.format(number=number) + "{id}",
            )
            for number in range(count)
        )

    return write


def joined(rows: int, here: int, there: int) -> Callable[[Path], str]:
    """A join in which `here` rows meet `there` rows."""

    def write(folder: Path) -> str:
        table(folder / "a.csv", rows, 1, lambda row, _: f"key {row // here}")
        table(folder / "b.csv", rows, 1, lambda row, _: f"key {row // there}")
        join = (
            "[ rml:predicate ex:j ; rml:objectMap [ rml:parentTriplesMap <b> ;"
            ' rml:joinCondition [ rml:child "p1" ; rml:parent "p1" ] ] ]'
        )
        parent = triples_map("b", "b.csv", [1], template="http://example.com/b/{id}")
        return triples_map("a", "a.csv", [1], extra=join) + parent

    return write


def graphs(rows: int, count: int) -> Callable[[Path], str]:
    """Statements in some named graphs."""

    def write(folder: Path) -> str:
        table(folder / "d.csv", rows, 5, lambda row, i: f"g{row % count}-{i}")
        graph = ' ; rml:graphMap [ rml:template "http://example.com/graph/{p1}" ]'
        return triples_map("m", "d.csv", range(1, 6), graph=graph)

    return write


def scenarios(scale: float) -> Iterator[Scenario]:
    """KROWN's kinds of data and of mappings."""

    def some(count: int) -> int:
        return max(int(count * scale), 1)

    yield Scenario("raw: 10 k rows x 20 columns", raw(some(10_000), 20))
    yield Scenario("raw: 100 k rows x 20 columns", raw(some(100_000), 20))
    yield Scenario("raw: 100 k rows x 1 column", raw(some(100_000), 1))
    yield Scenario("raw: 100 k rows x 30 columns", raw(some(100_000), 30))
    for percent in (0, 50, 100):
        yield Scenario(f"duplicates: {percent} %", duplicates(some(100_000), percent))
    for percent in (0, 50, 100):
        yield Scenario(f"empty values: {percent} %", empty(some(100_000), percent))
    yield Scenario("mappings: 15 maps x 1 property", maps(some(100_000), 15, 1))
    yield Scenario("mappings: 1 map x 15 properties", maps(some(100_000), 1, 15))
    yield Scenario("join 1-1, 100 k", joined(some(100_000), 1, 1))
    yield Scenario("join n-1, n = 10", joined(some(100_000), 10, 1))
    yield Scenario("join n-m, 5-5", joined(some(100_000), 5, 5))
    yield Scenario("named graphs: 15", graphs(some(100_000), 15), ".nq")


def main(scale: float) -> None:
    """Print a row of the table for each scenario."""
    names = list(engines())
    print(f"| scenario | {' | '.join(names)} | same |")
    print("|---" * (len(names) + 2) + "|")
    for scenario in scenarios(scale):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            mapping = scenario.write(folder)
            (folder / "mapping.ttl").write_text(HEAD + mapping, encoding="utf-8")
            (folder / "mapping-2014.ttl").write_text(as_2014(HEAD + mapping), "utf-8")
            costs = [cost(engine, folder, scenario.ending) for engine in names]
        digests = {one.digest for one in costs if one is not None}
        cells = [
            "failed"
            if one is None
            else f"{one.cpu_s:.2f} s, {one.peak_mb:.0f} MB, {one.triples:,}"
            for one in costs
        ]
        same = "yes" if len(digests) == 1 else "no"
        print(f"| {scenario.name} | {' | '.join(cells)} | {same} |", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
