"""What a training does, as data that can be written down and compared."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass

from ml.errors import InvalidTraining


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a network is trained; the same config gives the same network.

    Attributes:
        steps: Batches in all.
        batch: Samples in a batch, over all processes.
        learning_rate: At its highest.
        weight_decay: Of AdamW.
        warm_up: Share of the steps in which the learning rate rises.
        label_smoothing: Share of the probability that all classes share.
        balance: How much rare classes count more, 0 (as they come) to 1 (as if all
            classes were as frequent).
        seed: Of the order of samples, of dropout and of augmentation.
        checkpoint_steps: Steps between two checkpoints.
    """

    steps: int
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    warm_up: float = 0.1
    label_smoothing: float = 0.0
    balance: float = 0.0
    seed: int = 0
    checkpoint_steps: int = 500

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "checkpoint_steps"):
            if getattr(self, name) < 1:
                raise InvalidTraining(f"{name} is {getattr(self, name)}, not 1 or more")
        for name in ("warm_up", "label_smoothing", "balance"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidTraining(f"{name} is {getattr(self, name)}, not 0 to 1")

    def learning_rate_at(self, step: int) -> float:
        """Rises evenly, then falls along half a cosine to nothing.

        Examples:
            >>> config = TrainingConfig(steps=100, learning_rate=1.0)
            >>> [round(config.learning_rate_at(step), 2) for step in (0, 10, 55, 99)]
            [0.1, 1.0, 0.5, 0.0]
        """
        rising = max(1, round(self.warm_up * self.steps))
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        done = (step - rising) / max(1, self.steps - rising)
        return self.learning_rate * (1 + math.cos(math.pi * done)) / 2

    @property
    def digest(self) -> str:
        """SHA-256 of the config, hexadecimal."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
