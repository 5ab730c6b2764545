"""Random queries over random data: a virtual graph and the store.

Each data set becomes tables, one for each predicate, graph and kind of ends, and a
mapping of them with constants and templates, so that there is much to leave unread.

CI asks a few data sets, always the same. Ten thousand:

    pytest tests/differential/test_random_virtual.py --hypothesis-profile nightly \
        --timeout 0
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.virtual import VirtualEngines, open_mapping
from strabon_store.results.graphs import Graph, Result
from strabon_store.store import Store
from tests.geotriples.rml import PREFIXES
from tests.solutions import Answer, assert_same_solutions, read_all
from tests.strategies import CORE, datasets, queries
from tests.strategies_wide import WIDE

THOROUGH: Final = settings(
    max_examples=max(settings().max_examples // 12, 1),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
BASE: Final = "http://example.org/"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that is emptied and loaded anew for each data set."""
    with Store.open(tmp_path_factory.mktemp("random") / "store") as opened:
        yield opened


@pytest.fixture(scope="module")
def engines() -> Iterator[VirtualEngines]:
    """Engines for all data sets."""
    with closing(VirtualEngines()) as started:
        yield started


def _map(quads: list[ox.Quad], folder: Path) -> Path:
    """Tables of the quads, and a mapping that makes them again."""
    tables: dict[tuple[object, ...], list[ox.Quad]] = defaultdict(list)
    for quad in quads:
        ends = type(quad.subject), type(quad.object)
        tables[quad.predicate, quad.graph_name, *ends].append(quad)
    maps = [PREFIXES]
    for number, rows in enumerate(tables.values()):
        path = folder / f"t{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["s", "o", "datatype", "language"])
            # Rows that repeat make no more statements; where none does and subjects are
            # keys, groups are counted where the rows are.
            again = rows[:1] if number % 2 else []
            writer.writerows([_row(one) for one in (*rows, *again)])
        maps.append(_triples_map(number, rows[0]))
    (folder / "m.ttl").write_text("\n".join(maps), encoding="utf-8")
    return folder / "m.ttl"


def _row(quad: ox.Quad) -> list[str]:
    value = quad.object
    datatype = value.datatype.value if isinstance(value, ox.Literal) else ""
    language = value.language or "" if isinstance(value, ox.Literal) else ""
    return [_text(quad.subject), _text(value), datatype, language]


def _text(term: object) -> str:
    match term:
        case ox.NamedNode():
            return term.value.removeprefix(BASE)
        case ox.BlankNode() | ox.Literal():
            return term.value
        case _:
            raise TypeError(term)


def _triples_map(number: int, quad: ox.Quad) -> str:
    graph = ""
    if isinstance(quad.graph_name, ox.NamedNode):
        graph = f"rml:graph <{quad.graph_name.value}> ;"
    return f"""
ex:m{number} rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:path "t{number}.csv" ] ;
    rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ {_node(quad.subject, "s")} ; {graph} ] ;
  rml:predicateObjectMap [ rml:predicate <{quad.predicate.value}> ;
    rml:objectMap [ {_node(quad.object, "o")} ] ] .
"""


def _node(term: object, column: str) -> str:
    match term:
        case ox.NamedNode():
            return f'rml:template "{BASE}{{{column}}}"'
        case ox.BlankNode():
            return f'rml:reference "{column}" ; rml:termType rml:BlankNode'
        case _:
            return (
                f'rml:reference "{column}" ; '
                'rml:datatypeMap [ rml:reference "datatype" ]'
            )


def _plain(data: str) -> list[ox.Quad]:
    """The quads that a table can hold: a tag and a datatype are two columns."""
    # A mapping is of something.
    known = f"<{BASE}known> <{BASE}known> <{BASE}known> ."
    return [
        quad
        for quad in ox.parse(f"{data}\n{known}", format=ox.RdfFormat.N_QUADS)
        if not (isinstance(quad.object, ox.Literal) and quad.object.language)
        and not (isinstance(quad.object, ox.Literal) and not quad.object.value)
    ]


def _read(result: Result) -> Answer | bool:
    assert not isinstance(result, Graph)
    return result if isinstance(result, bool) else read_all(result)


@pytest.mark.parametrize("language", [CORE, WIDE], ids=["core", "wide"])
def test_a_virtual_graph_answers_as_the_store(
    language: object,
    store: Store,
    engines: VirtualEngines,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert language in {CORE, WIDE}
    chosen = CORE if language is CORE else WIDE

    @THOROUGH
    @given(datasets(chosen), st.lists(queries(chosen), min_size=4, max_size=6))
    def check(data: str, texts: list[str]) -> None:
        quads = _plain(data)
        folder = tmp_path_factory.mktemp("tables")
        written = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
        (folder / "data.nq").write_bytes(written)
        store.update("DROP ALL")
        store.load([folder / "data.nq"])
        with open_mapping(_map(quads, folder), engines=engines) as virtual:
            for text in texts:
                found, expected = _read(virtual.query(text)), _read(store.query(text))
                if isinstance(found, bool) or isinstance(expected, bool):
                    assert found == expected, text
                else:
                    assert_same_solutions(found, expected)

    check()
