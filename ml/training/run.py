"""What is particular to one run of a recipe: its seed, and where it goes on from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ontologies.progress import Progress, silent

_SEEDS = 1000
"""Seeds that a run has for its members."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a recipe.

    Attributes:
        seed: Of all that is random in it.
        checkpoints: Folder for those of all members; None to keep none.
        epochs: How often a sample is seen; None for as often as the recipe says.
        progress: Told of each step of each member.
    """

    seed: int = 0
    checkpoints: Path | None = None
    epochs: int | None = None
    progress: Progress = silent

    def seed_of(self, member: int) -> int:
        """The seed of a member of an ensemble."""
        return self.seed * _SEEDS + member

    def checkpoints_of(self, member: int) -> Path | None:
        """Where a member keeps its checkpoints."""
        return self.checkpoints and self.checkpoints / f"member-{member}"

    def progress_of(self, member: int) -> Callable[[str, float], None]:
        """What is told of a member, by its number from 1."""
        return lambda stage, done: self.progress(f"{stage} network {member + 1}", done)


ONCE = Run()
