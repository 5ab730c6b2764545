"""How long work tells how far it is, without knowing who listens."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, float], None]
"""Called with the name of the stage and the fraction of it that is done, 0 to 1."""


def silent(stage: str, fraction: float) -> None:
    """Listen to nothing: the default where nobody watches."""
    del stage, fraction
