"""Options of the commands that ask a mapping in place of a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.map_options import MappingOptions

if TYPE_CHECKING:
    from api.virtual import VirtualEngines
    from strabon_store.services import ServiceClient
    from strabon_store.virtual.store import VirtualStore

Mapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        help="Ask what a mapping says of its sources, in place of a store: they stay "
        "where they are, and nothing is written.",
        dir_okay=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping, and what it is read with."""

    mapping: Path
    options: MappingOptions

    @classmethod
    def of(cls, mapping: Path | None, options: MappingOptions) -> "Mapped | None":
        """A mapping with its options; None where there is none."""
        return None if mapping is None else cls(mapping, options)

    def open(
        self,
        *,
        services: "ServiceClient | None" = None,
        engines: "VirtualEngines | None" = None,
    ) -> "VirtualStore":
        """The mapping as something that answers queries.

        Raises:
            MappingError: It is wrong, or does not fit its sources.
        """
        from api.virtual import open_mapping

        return open_mapping(
            self.mapping, services=services, engines=engines, **self.options.told()
        )


def one_place(location: object, mapping: Path | None) -> None:
    """That one of two is given: a store, or a mapping.

    A location of the environment gives way to a mapping.

    Raises:
        BadParameter: Neither is.
    """
    if location is None and mapping is None:
        raise typer.BadParameter(
            "give --location with a store or an endpoint, or --mapping"
        )
