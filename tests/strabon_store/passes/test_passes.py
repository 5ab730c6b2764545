"""Each pass does what its name says: `tests/passes/<pass>.txt`, a case per heading."""

from pathlib import Path

import pytest

from strabon_store.algebra.render import render_query
from strabon_store.algebra.validate import check_same_scope, validate
from strabon_store.frontend import parse_query
from strabon_store.passes import PASSES, Pass, run_passes
from tests.strabon_store.before_after import read_cases

FIXTURES = Path(__file__).resolve().parent.parent.parent / "passes"
PREFIX = "PREFIX : <e:>\n"


CASES = [
    pytest.param(rewrite, query, expected, id=f"{rewrite.__name__}: {title}")
    for rewrite in PASSES
    for title, query, expected in read_cases(FIXTURES / f"{rewrite.__name__}.txt")
]


@pytest.mark.parametrize(("rewrite", "text", "expected"), CASES)
def test_a_pass_does_what_its_name_says(
    rewrite: Pass, text: str, expected: str
) -> None:
    before = parse_query(PREFIX + text)
    after = run_passes(before, (rewrite,))
    assert render_query(after) == expected
    validate(after.pattern)
    check_same_scope(before, after)
    assert run_passes(after, (rewrite,)) == after


def test_every_pass_has_cases_and_every_file_a_pass() -> None:
    names = {rewrite.__name__ for rewrite in PASSES}
    assert {path.stem for path in FIXTURES.glob("*.txt")} == names
