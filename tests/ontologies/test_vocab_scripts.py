"""The concept schemes are what their programs write: nobody edited them by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ontologies.vocabulary import SCHEMES, vocabulary_file

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "vocab_hcat.py": {"hcat.ttl"},
    "vocab_worldcereal.py": {"worldcereal-croptype.ttl"},
    "vocab_icetype.py": {"ice-type.ttl"},
    "vocab_sigrid3.py": {
        "sigrid3-stage.ttl",
        "sigrid3-concentration.ttl",
        "sigrid3-form.ttl",
    },
}


@pytest.mark.parametrize("program", FILES)
def test_a_program_writes_the_committed_files(
    program: str, data: Path, tmp_path: Path
) -> None:
    script = str(ROOT / "scripts" / program)
    command = [sys.executable, script, "--data", str(data), "--output", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, env=environment)
    assert {path.name for path in tmp_path.iterdir()} == FILES[program]
    for name in FILES[program]:
        written = (tmp_path / name).read_text(encoding="utf-8")
        assert written == vocabulary_file(name).read_text(encoding="utf-8")


def test_every_scheme_has_its_program() -> None:
    assert set.union(*FILES.values()) == set(SCHEMES.values())
