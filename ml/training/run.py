"""What is particular to one run of a recipe: its seed, and where it goes on from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ml.training.processes import Processes
from ontologies.progress import Progress, silent

Curve: TypeAlias = Callable[[str, Sequence[float]], None]


def _ignored(name: str, values: Sequence[float]) -> None:
    del name, values


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
        processes: Those that train together.
        curve: Told the losses of each member, by a name.
        part: Which part of the run it is, for the names of curves.
    """

    seed: int = 0
    checkpoints: Path | None = None
    epochs: int | None = None
    progress: Progress = silent
    processes: Processes = field(default_factory=Processes)
    curve: Curve = _ignored
    part: str = ""

    def seed_of(self, member: int) -> int:
        """The seed of a member of an ensemble."""
        return self.seed * _SEEDS + member

    def checkpoints_of(self, member: int) -> Path | None:
        """Where a member keeps its checkpoints."""
        return self.checkpoints and self.checkpoints / f"member-{member}"

    def progress_of(self, member: int) -> Callable[[str, float], None]:
        """What is told of a member, by its number from 1."""
        return lambda stage, done: self.progress(f"{stage} network {member + 1}", done)

    def told(self, member: int, losses: Sequence[float]) -> None:
        """Tell the losses of a member that is trained."""
        part = f" ({self.part})" if self.part else ""
        self.curve(f"loss of network {member + 1}{part}", losses)


ONCE = Run()
