"""Options of the commands that ask a mapping in place of a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.map_options import database_access, pairs, source_paths

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
    """A mapping with the options of its run.

    Attributes:
        mapping: The mapping's file.
        source: `--source`.
        param: `--param`.
        base: `--base`.
        database: `--database`.
        allow_host: `--allow-host`.
        allow_folder: `--allow-folder`.
    """

    mapping: Path
    source: Sequence[str] | None = None
    param: Sequence[str] | None = None
    base: str | None = None
    database: str | None = None
    allow_host: Sequence[str] | None = None
    allow_folder: Sequence[Path] | None = None

    @classmethod
    def of(cls, mapping: Path | None, *options: Any) -> "Mapped | None":
        """A mapping with its options, in their order; None where there is none."""
        return None if mapping is None else cls(mapping, *options)

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
        from api.mapping_sources import permissions
        from api.virtual import open_mapping
        from ontologies.namespaces import ID

        return open_mapping(
            self.mapping,
            sources=source_paths(self.source),
            parameters=pairs("--param", self.param),
            base=self.base or ID,
            database=database_access(self.database),
            permissions=permissions(self.allow_host or (), self.allow_folder or ()),
            services=services,
            engines=engines,
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
