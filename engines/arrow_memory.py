"""Where Arrow has its memory from."""

import os
from typing import Final

import pyarrow as pa

_CHOSEN: Final = "ARROW_DEFAULT_MEMORY_POOL"
"""By this variable of the environment people say it themselves."""


def share_memory() -> None:
    """Let Arrow have memory from where NumPy has it, unless people chose otherwise.

    Columns go from one to the other all the time. What one has freed is used again by
    the other; with an allocator of its own Arrow asks the system for new pages, and to
    be given those takes longer than to fill them.
    """
    if _CHOSEN not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
