"""The page on GeoSPARQL against the table of functions."""

import re
from pathlib import Path

import pytest

from ontologies.geosparql.functions import FUNCTIONS

PAGE = Path(__file__).parents[3] / "docs" / "geosparql.md"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented(name: str) -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert any(re.search(rf"`(?:geof:)?{name}[`(]", row) for row in rows)
