"""Arrow has its memory from where NumPy has it, unless people say otherwise."""

import os
import subprocess
import sys

import pytest

_ASK = """
import pyarrow as pa
from engines.arrow_memory import share_memory
share_memory()
print(pa.default_memory_pool().backend_name)
"""


_VARIABLE = "ARROW_DEFAULT_MEMORY_POOL"


@pytest.mark.parametrize(
    ("chosen", "used"),
    [({}, "system"), ({_VARIABLE: "mimalloc"}, "mimalloc")],
)
def test_memory_is_shared_unless_people_chose(
    chosen: dict[str, str], used: str
) -> None:
    others = {name: said for name, said in os.environ.items() if name != _VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        env=others | chosen,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == used
