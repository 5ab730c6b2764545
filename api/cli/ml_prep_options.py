"""Where `pytheas ml prep` may read products, and which numbers it takes."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ml.products.access import Fetch


AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        help="A server that may be asked for products, as host or host:port; may be "
        "given again.",
        metavar="HOST",
    ),
]
AllowBucket = Annotated[
    list[str] | None,
    typer.Option(
        help="A bucket of the S3 service of AWS_ENDPOINT_URL that may be read; may be "
        "given again.",
        metavar="BUCKET",
    ),
]
AllowFolder = Annotated[
    list[Path] | None,
    typer.Option(
        help="A folder, beside their own, in which the files of items may lie; may be "
        "given again.",
        metavar="FOLDER",
    ),
]


def fetcher(hosts: list[str] | None, buckets: list[str] | None) -> "Fetch | None":
    """What asks the hosts and buckets that are allowed; None where none is."""
    from api.mapping_sources import permissions

    return permissions(hosts, None, buckets).fetch


def finite(given: Any) -> Any:
    """Refuse NaN and infinity, which are numbers as well: for one, or a tuple."""
    numbers = given if isinstance(given, tuple) else (given,)
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise typer.BadParameter("must be finite")
    return given
