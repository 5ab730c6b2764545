"""What only predictions raise.

* MlError
  - UnsuitableModel         a model is not for what it is asked to look at
  - InvalidTiling           tiles that are all edge
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


class InvalidTiling(MlError):
    """Tiles so small that nothing is left of them within their edges.

    Attributes:
        size_px: Rows and columns of a tile.
        least_px: Of the smallest that would do.
    """

    def __init__(self, size_px: int, least_px: int) -> None:
        self.size_px, self.least_px = size_px, least_px
        super().__init__(
            f"tiles of {size_px} pixels are too small: use {least_px} or more"
        )
