"""What only predictions raise.

* MlError
  - UnsuitableModel         a model is not for what it is asked to look at
"""

from ml.errors import MlError


class UnsuitableModel(MlError):
    """A model is not for what it is asked to look at.

    Attributes:
        model: Its name and version.
    """

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        super().__init__(f"{model}: {reason}")
