"""The same mapping asked in place, in a store, and as text by pyoxigraph."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyoxigraph as ox

from api.mapping import map_into
from api.virtual import VirtualEngines, open_mapping
from geotriples import run_local
from geotriples.mapping.model import DatabaseAccess
from strabon_store.store import Store
from strabon_store.virtual.store import VirtualStore
from tests.solutions import Answer, assert_same_solutions, read_all, read_oxigraph

PREFIXES = """
PREFIX ex: <http://example.com/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Three that must give equal answers.

    Attributes:
        virtual: The mapping, in place.
        store: What a run put into a store.
        oracle: The text of a run, in pyoxigraph.
    """

    virtual: VirtualStore
    store: Store
    oracle: ox.Store

    def check(self, text: str, *, by_oracle: bool = True) -> Answer | bool:
        """Ask all of them, or all but pyoxigraph."""
        query = PREFIXES + text
        found = self.virtual.query(query)
        expected = self.store.query(query)
        if isinstance(found, bool):
            assert found == expected
            if by_oracle:
                assert found == bool(self.oracle.query(query))
            return found
        assert not isinstance(expected, bool)
        answer = read_all(found)
        assert_same_solutions(answer, read_all(expected))
        if by_oracle:
            oracle = self.oracle.query(query)
            assert isinstance(oracle, ox.QuerySolutions)
            assert_same_solutions(answer, read_oxigraph(oracle))
        return answer

    def reads(self, text: str) -> tuple[str, ...]:
        """What is read for a query."""
        return self.virtual.explain(PREFIXES + text).reads


@contextmanager
def asked(
    folder: Path, mapping: str, engines: VirtualEngines, database: str | None = None
) -> Iterator[Asked]:
    """A mapping over the sources in a folder."""
    path = folder / "m.ttl"
    path.write_text(mapping, encoding="utf-8")
    access = None if database is None else DatabaseAccess(database)
    run = partial(run_local.run, path, database=access)
    run(folder / "text.nq")
    map_into(folder / "store", partial(run, None))
    oracle = ox.Store()
    oracle.load(path=str(folder / "text.nq"), format=ox.RdfFormat.N_QUADS)
    with ExitStack() as stack:
        virtual = stack.enter_context(
            open_mapping(path, database=access, engines=engines)
        )
        store = stack.enter_context(Store.open(folder / "store", read_only=True))
        yield Asked(virtual, store, oracle)
