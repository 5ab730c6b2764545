"""Addresses of databases: what a JDBC or plain URL says, and who asks.

    jdbc:postgresql://db.example.org:5432/ice?user=me      postgresql://me@db/ice
    jdbc:mysql://db.example.org/ice                        mariadb://me:secret@db/ice
    jdbc:sqlite:ice.db                                     sqlite:ice.db, or ice.db

A password may also be in the environment, where the database's own clients look for it
(`PGPASSWORD`, `MYSQL_PWD`), so that it need stand in no mapping.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from geotriples.mapping.model import DatabaseAccess

_JDBC: Final = re.compile(r"^jdbc:", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
_SECRET: Final = re.compile(r"(?i)((?:password|passwd|pwd)\s*=\s*)[^\s&;]+")
_KEPT_OPTIONS: Final = frozenset({"sslmode", "sslrootcert", "connect_timeout", "host"})

SCHEMES: Final[Mapping[str, str]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "postgis": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "file": "sqlite",
}
"""Scheme of a URL to the kind of database."""

_PASSWORD_VARIABLES: Final = {"postgresql": "PGPASSWORD", "mysql": "MYSQL_PWD"}


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A database on a server.

    Attributes:
        kind: `postgresql` or `mysql`.
        host: The server; None for the client's default.
        port: Its port; None for the usual one.
        database: The database.
        username: Who asks.
        password: Their password; in no message and no `repr`.
        options: What else the URL says that the client understands.
    """

    kind: str
    host: str | None
    port: int | None
    database: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The address for messages: no user, no password, no options."""
        port = f":{self.port}" if self.port else ""
        return f"{self.kind}://{self.host or ''}{port}/{self.database}"

    def without_password(self, text: str) -> str:
        """A text of the client or the server, in which a password may stand."""
        if self.password:
            text = text.replace(self.password, "***")
        return _SECRET.sub(r"\1***", text)


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A database that is a file."""

    path: str


def parse_dsn(access: DatabaseAccess) -> ServerAddress | FileAddress:
    """What an access says.

    Raises:
        ValueError: It is no address of a database that we know; the message holds no
            password.
    """
    text = _JDBC.sub("", access.dsn.strip())
    scheme = _SCHEME.match(text)
    if scheme is None:
        return FileAddress(text)
    kind = SCHEMES.get(scheme[0][:-1].lower())
    if kind is None:
        known = ", ".join(sorted(SCHEMES))
        raise ValueError(
            f"a database of kind {scheme[0]!r} cannot be read; {known} can"
        )
    if kind == "sqlite":
        return FileAddress(unquote(text[scheme.end() :]).removeprefix("//"))
    return _server(kind, text, access)


def _server(kind: str, text: str, access: DatabaseAccess) -> ServerAddress:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        # The error itself would quote the text, and a password with it.
        raise ValueError(f"the {kind} URL has no valid host and port") from error
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise ValueError(f"the {kind} URL names no database")
    options = dict(parse_qsl(parts.query))
    username = access.username or _unquoted(parts.username) or options.get("user")
    password = access.password or _unquoted(parts.password) or options.get("password")
    password = password or os.environ.get(_PASSWORD_VARIABLES[kind])
    kept = {key: one for key, one in options.items() if key in _KEPT_OPTIONS}
    return ServerAddress(kind, parts.hostname, port, database, username, password, kept)


def _unquoted(text: str | None) -> str | None:
    return None if text is None else unquote(text)
