"""What only the start of a training on several processes raises.

* MlError
  - LaunchError             the processes did not end well
"""

from ml.errors import MlError


class LaunchError(MlError):
    """Processes that were to train together did not end well.

    Attributes:
        launcher: What started them.
    """

    def __init__(self, launcher: str, reason: str) -> None:
        self.launcher = launcher
        super().__init__(
            f"{launcher}: {reason}; with the same checkpoints the training goes on "
            "from the newest"
        )
