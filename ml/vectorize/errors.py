"""What only the drawing of maps raises.

* MlError
  - InvalidSmoothing        a window that has no middle
"""

from ml.errors import MlError


class InvalidSmoothing(MlError):
    """A window that has no middle, or is one pixel.

    Attributes:
        window_px: Its rows and columns.
    """

    def __init__(self, window_px: int) -> None:
        self.window_px = window_px
        super().__init__(
            f"a window of {window_px} pixels smooths nothing evenly: use 3, 5, 7, ..."
        )
