"""Any product as observations: which reader a file is for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ml.errors import UnreadableProduct
from ml.products.access import Access
from ml.products.files import open_files
from ml.products.observations import Observation, observation_of
from ml.products.sentinel2 import Radiometry, is_sentinel2, open_sentinel2

SENTINEL1: Final = "Sentinel-1"
SENTINEL2: Final = "Sentinel-2"


def open_observations(
    location: str, access: Access, radiometry: Radiometry | None = None
) -> Sequence[Observation]:
    """What a product has seen, by date.

    Args:
        location: A path, or a URL.
        access: What may be read.
        radiometry: How numbers become reflectances, where the user says so.

    Raises:
        ProductError: It cannot be read.
    """
    path = access.open(location)
    kind = kind_of(path)
    if kind == SENTINEL2:
        return [observation_of(open_sentinel2(path, radiometry))]
    reason = f"it is a product of {kind}, which has no reflectances"
    raise UnreadableProduct(location, reason, "use `pytheas ml prep s1`")


def kind_of(path: Path) -> str:
    """What a product is, by its name and its files.

    Raises:
        UnreadableProduct: There is none.
    """
    return SENTINEL2 if is_sentinel2(open_files(path)) else SENTINEL1
