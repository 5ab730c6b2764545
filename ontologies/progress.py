"""How long work tells how far it is, without knowing who listens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, float], None]
"""Called with the name of the stage and the fraction of it that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far and how fast a stage of work is.

    Attributes:
        stage: Its name.
        done: How much of `total` is done, in a unit of its own, such as bytes.
        total: How much there is to do.
        items: How many things were made of it so far.
        seconds: How long it has taken.
    """

    stage: str
    done: int
    total: int
    items: int
    seconds: float

    @property
    def items_per_s(self) -> float:
        """Things a second, since the beginning.

        Examples:
            >>> Pace("load", done=10, total=100, items=500, seconds=2.0).items_per_s
            250.0
        """
        return self.items / self.seconds if self.seconds else 0.0

    @property
    def eta_s(self) -> float | None:
        """The seconds that are left at this pace; None before anything is done.

        Examples:
            >>> Pace("load", done=10, total=100, items=500, seconds=2.0).eta_s
            18.0
        """
        if not self.done:
            return None
        return self.seconds * max(self.total - self.done, 0) / self.done


Watcher: TypeAlias = Callable[[Pace], None]
"""Called whenever there is news of the pace."""


def silent(stage: str, fraction: float) -> None:
    """Listen to nothing: the default where nobody watches."""
    del stage, fraction


def unwatched(pace: Pace) -> None:
    """Look at nothing: the default where nobody watches."""
    del pace
