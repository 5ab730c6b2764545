"""Fixtures that several packages' tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.solutions")

# CI asks the same questions every time; at a desk every run asks new ones.
settings.register_profile("ci", derandomize=True)
# For `pytest --hypothesis-profile nightly`.
settings.register_profile("nightly", max_examples=3000)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")

ROOT = Path(__file__).resolve().parent.parent


def _external(variable: str, default: str) -> Path:
    path = Path(os.environ.get(variable, ROOT.parent / "shared" / default)).resolve()
    if not path.is_dir():
        message = f"{path} is absent; point {variable} at it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def suites() -> Path:
    """The conformance suites that others wrote, read where they lie."""
    return _external("PYTHEAS_SUITES", "suites")


@pytest.fixture(scope="session")
def data() -> Path:
    """Real data that others made, read where they lie."""
    return _external("PYTHEAS_DATA", "data")
