"""What only the reading of products raises.

* MlError
  - ProductError
    - MissingGeolocation      nothing says where on Earth the pixels are
    - UnknownScaling          nothing says which reflectance a number stands for
    - ForbiddenPlace          a document leads where nobody allowed to read
"""

from pathlib import Path

from ml.errors import ProductError


class MissingGeolocation(ProductError):
    """The annotation does not say where on Earth the pixels are.

    Attributes:
        lacking: The element that is absent or too short.
    """

    def __init__(self, path: Path | str, lacking: str) -> None:
        self.lacking = lacking
        super().__init__(
            path,
            f"its annotation has no usable {lacking}, so its pixels have no place on "
            "Earth; fetch the product again",
        )


class UnknownScaling(ProductError):
    """Nothing says which reflectance a number stands for; it is not guessed.

    Attributes:
        reason: What is missing.
    """

    def __init__(self, path: Path | str, reason: str, cure: str) -> None:
        self.reason = reason
        super().__init__(path, f"{reason}; {cure}")


class ForbiddenPlace(ProductError):
    """A file or URL may not be read.

    Attributes:
        reason: Why not, and how it is allowed.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.reason = reason
        super().__init__(path, reason)
