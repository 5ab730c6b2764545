"""Random queries over random data: the store, its passes off and on, and an oracle."""

import tempfile
from pathlib import Path

import pyoxigraph as ox
from hypothesis import HealthCheck, given, settings

from strabon_store.passes import PASSES
from tests.solutions import assert_same_solutions, read_all, read_oxigraph
from tests.star_tables import open_with_star_tables
from tests.strategies import datasets, queries


def _ask_oracle(data: str, text: str) -> ox.QuerySolutions | ox.QueryBoolean:
    oracle = ox.Store()
    oracle.load(data.encode(), format=ox.RdfFormat.N_QUADS)
    answer = oracle.query(text)
    assert isinstance(answer, ox.QuerySolutions | ox.QueryBoolean)
    return answer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=datasets(), text=queries())
def test_the_store_answers_as_oxigraph_does(data: str, text: str) -> None:
    expected = _ask_oracle(data, text)
    wanted = (
        bool(expected)
        if isinstance(expected, ox.QueryBoolean)
        else read_oxigraph(expected)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.nq"
        path.write_text(data)
        with open_with_star_tables(Path(folder) / "store") as store:
            store.load([path])
            for passes, star_tables in (((), False), (PASSES, False), (PASSES, True)):
                store.reads_star_tables = star_tables
                answer = store.query(text, passes=passes)
                if isinstance(answer, bool):
                    assert answer == wanted
                else:
                    assert not isinstance(wanted, bool)
                    assert_same_solutions(read_all(answer), wanted)
