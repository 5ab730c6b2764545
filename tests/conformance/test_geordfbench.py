"""Ten thousand triples of OpenStreetMap: the counts that their benchmark gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.conformance.manifests import SUITES

_DATA: Final = SUITES / "geordfbench" / "data" / "scalability_10K.nt.gz"
_QUERIES: Final = SUITES / "geographica2" / "queries" / "Scalability"
_POLYGON: Final = SUITES / "geographica2" / "params" / "givenPolygonCrossesEurope.txt"
_GOLD: Final = {"00_SC1": 554, "01_SC2": 2, "02_SC3": 2}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, suites: Path) -> Iterator[Store]:
    assert suites.is_dir()
    with Store.open(tmp_path_factory.mktemp("geordfbench") / "store") as opened:
        opened.load([_DATA])
        yield opened


@pytest.mark.parametrize("name", _GOLD)
def test_the_answer_has_as_many_rows_as_it_should(store: Store, name: str) -> None:
    (path,) = _QUERIES.glob(f"{name}*.rq")
    polygon = f'"{_POLYGON.read_text().strip()}"^^geo:wktLiteral'
    text = path.read_text().replace("{{givenPolygon}}", polygon)
    answer = store.query(text)
    assert isinstance(answer, Solutions)
    assert len(list(answer)) == _GOLD[name]
