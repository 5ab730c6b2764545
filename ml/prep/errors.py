"""What only the preparation of products raises.

* MlError
  - ProductError
    - MissingNoise            the product carries no usable noise table
  - UnsuitableCrs           a CRS that the grid of a scene cannot have
"""

from pathlib import Path

from ml.errors import MlError, ProductError


class MissingNoise(ProductError):
    """The product carries no noise table that could be subtracted.

    Attributes:
        polarization: Whose table it is.
    """

    def __init__(self, path: Path | str, polarization: str, reason: str) -> None:
        self.polarization = polarization
        super().__init__(
            path,
            f"the noise table of {polarization} {reason}; keep the noise with "
            "--keep-noise, or take the product as a newer processor made it",
        )


class UnsuitableCrs(MlError):
    """A CRS that the grid of a scene cannot have.

    Attributes:
        text: What names the CRS.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        super().__init__(
            f"{text} does not fit this scene: {reason}; use a projected CRS in metres "
            "that covers it, for example EPSG:3413 or EPSG:5938 in the Arctic"
        )
