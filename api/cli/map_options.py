"""Options that the commands of `pytheas map` share."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from geotriples.mapping.model import DatabaseAccess

Mapping = Annotated[Path, typer.Argument(help="The mapping, in Turtle.")]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        help="The file that a path of the mapping stands for; may be given again.",
        metavar="NAME=PATH",
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        help="The value of the reference pytheas:KEY; may be given again.",
        metavar="KEY=VALUE",
    ),
]
Base = Annotated[
    str | None,
    typer.Option(help="What relative IRIs are appended to.", metavar="IRI"),
]

Database = Annotated[
    str | None,
    typer.Option(
        help="The database of an R2RML mapping: a URL such as "
        "postgresql://me@host/name, or a SQLite file. A password may be in PGPASSWORD "
        "or MYSQL_PWD.",
        metavar="URL",
    ),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        help="A host that the mapping's sources may be fetched from; may be given "
        "again.",
        metavar="HOST[:PORT]",
    ),
]
AllowedBuckets = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-bucket",
        help="A bucket from which the mapping's sources (s3://BUCKET/KEY) may be read; "
        "may be given again. AWS_ENDPOINT_URL and the like say where, and who asks.",
        metavar="BUCKET",
    ),
]
AllowedFolders = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-folder",
        help="A folder below which the mapping may read, beside its own and the "
        "current one; may be given again.",
        metavar="FOLDER",
        file_okay=False,
    ),
]


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """What a mapping is read with, by the commands that run, check or ask one."""

    source: Sources = None
    param: Parameters = None
    base: Base = None
    database: Database = None
    allow_host: AllowedHosts = None
    allow_folder: AllowedFolders = None
    allow_bucket: AllowedBuckets = None

    def told(self) -> dict[str, Any]:
        """The same as arguments of what reads a mapping (`reports.prepare_run`).

        Raises:
            BadParameter: An option says what it cannot.
        """
        from api.mapping_sources import permissions
        from ontologies.namespaces import ID

        return {
            "sources": source_paths(self.source),
            "parameters": pairs("--param", self.param),
            "base": self.base or ID,
            "database": database_access(self.database),
            "permissions": permissions(
                self.allow_host, self.allow_folder, self.allow_bucket
            ),
        }


def pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """Names and values of an option that was given several times.

    Raises:
        BadParameter: One has no name, or a name stands twice.
    """
    found: dict[str, str] = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{option} {one!r} is not NAME=VALUE")
        if name in found:
            raise typer.BadParameter(f"{option} says {name!r} twice")
        found[name] = value
    return found


def database_access(url: str | None) -> "DatabaseAccess | None":
    """The database of `--database`."""
    from geotriples.mapping.model import DatabaseAccess

    return None if url is None else DatabaseAccess(url)


def source_paths(given: Sequence[str] | None) -> dict[str, Path]:
    """The files of `--source`.

    Raises:
        BadParameter: One is a URL.
    """
    found = pairs("--source", given)
    for name, value in found.items():
        if "://" in value:
            reason = "a file stands for a name; a URL stands in the mapping"
            raise typer.BadParameter(f"--source {name}={value}: {reason}")
    return {name: Path(value) for name, value in found.items()}
