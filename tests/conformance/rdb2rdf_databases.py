"""The databases of the RDB2RDF test cases, each made anew from its script."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.database_servers import (
    Server,
    mariadb_script,
    postgresql_script,
    statements,
)


def make_sqlite(script: Path, folder: Path) -> Path:
    """A SQLite file in `folder`."""
    path = folder / "case.db"
    with closing(sqlite3.connect(path)) as connection:
        text = _without_comments(script.read_text(encoding="utf-8"))
        connection.executescript(";\n".join(_constraints_last(statements(text))))
    return path


def _constraints_last(script: list[str]) -> list[str]:
    """CREATE TABLE as SQLite reads it: constraints after columns, none added later."""
    added = [match for one in script if (match := _ADDED.match(one))]
    result = []
    for one in script:
        create = _CREATE.match(one)
        if create is None:
            result += [] if _ADDED.match(one) else [one]
            continue
        parts = [part.strip() for part in _COMMA.split(create[3])]
        parts += [match[2] for match in added if match[1] == create[2]]
        parts.sort(key=lambda part: _CONSTRAINT.match(part) is not None)
        result.append(f"{create[1]} ({', '.join(parts)})")
    return result


_CREATE = re.compile(r'(CREATE TABLE ("[^"]+"))\s*\((.*)\)$', re.DOTALL)
_ADDED = re.compile(r'ALTER TABLE ("[^"]+") ADD (FOREIGN KEY.*)', re.DOTALL)
_CONSTRAINT = re.compile("PRIMARY KEY|UNIQUE|FOREIGN KEY")
_COMMA = re.compile(r",(?![^(]*\))")


def make_postgresql(script: Path, server: Server) -> None:
    """The tables of a script, and no others."""
    text = script.read_text(encoding="utf-8")
    # The one type of SQL 2008 in the scripts that PostgreSQL calls otherwise.
    text = re.sub(r"VARBINARY\(\d+\)", "BYTEA", text)
    text = re.sub(r"X'([0-9A-F]+)'", r"'\\x\1'", text)
    postgresql_script(
        server.port,
        "DROP SCHEMA IF EXISTS cases CASCADE;\nCREATE SCHEMA cases AUTHORIZATION me;\n"
        "ALTER ROLE me SET search_path = cases, public;\nSET search_path = cases;\n"
        f"{_without_comments(text)};\nGRANT ALL ON ALL TABLES IN SCHEMA cases TO me",
    )


def make_mariadb(script: Path, server: Server) -> None:
    """The tables of a script, and no others."""
    text = _without_comments(script.read_text(encoding="utf-8"))
    start = ["DROP DATABASE IF EXISTS test", "CREATE DATABASE test CHARSET utf8mb4"]
    mariadb_script(
        server.port,
        [*start, "USE test", *statements(text)],
        database="mysql",
        mode=",ANSI_QUOTES",
    )


def _without_comments(text: str) -> str:
    return re.sub(r"--.*", "", text)
