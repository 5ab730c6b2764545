"""PostGIS on a cluster of its own, asked by SQL that a person would write."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from peers.comparison import LIMIT_S, Answer, Missing, Question
from peers.servers import HERE, environment

PSYCOPG: Final = "psycopg[binary]==3.2.9"
_NEEDS: Final = "PostGIS needs Debian's packages postgresql and postgresql-15-postgis-3"
_SETTINGS: Final = {
    "listen_addresses": "''",
    "shared_buffers": "2GB",
    "effective_cache_size": "8GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "2",
    "jit": "off",
}
"""A machine of 16 GB or more with a fast disk; JIT costs more than it gives here."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its rows.

    Attributes:
        name: Its name.
        columns: As in CREATE TABLE.
        rows: Their values; None is NULL, and a geometry is WKT, EWKT or WKB as hex.
        indexes: What follows CREATE INDEX ON.
    """

    name: str
    columns: str
    rows: Iterable[Sequence[object]]
    indexes: tuple[str, ...] = ()


class PostGIS:
    """A running cluster with the tables of a benchmark."""

    name = "PostGIS"
    names_index = False

    def __init__(self, folder: Path, tables: Iterable[Table]) -> None:
        """Start it in an empty folder and load it."""
        self._folder, self._bin = folder, _binaries()
        self._postgres: subprocess.Popen[bytes] | None = None
        self._driver: subprocess.Popen[str] | None = None
        self._tables = tables
        self.load_s = 0.0

    def start(self) -> None:
        """Make the cluster, start it and load it."""
        data = self._folder / "cluster"
        self._as_user([self._bin / "initdb", "-A", "trust", "-U", "bench", "-D", data])
        settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        server = [self._bin / "postgres", "-D", data, "-k", self._folder]
        self._postgres = subprocess.Popen(  # noqa: S603
            [*_user(), *server, *(each.replace("''", "") for each in settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        started = time.perf_counter()
        self._load()
        self.load_s = time.perf_counter() - started
        self._drive()

    def _wait(self) -> None:
        for _ in range(100):
            if not self._psql("SELECT 1", check=False):
                return
            time.sleep(0.1)
        raise Missing("PostgreSQL does not start")

    def _load(self) -> None:
        self._psql("CREATE EXTENSION postgis")
        for table in self._tables:
            self._psql(f"CREATE UNLOGGED TABLE {table.name} ({table.columns})")
            lines = ("\t".join(map(_cell, row)) + "\n" for row in table.rows)
            self._psql(f"COPY {table.name} FROM STDIN", lines)
            for index in table.indexes:
                self._psql(f"CREATE INDEX ON {table.name} {index}")
            self._psql(f"VACUUM ANALYZE {table.name}")

    def _psql(self, sql: str, lines: Iterable[str] = (), *, check: bool = True) -> int:
        command = [self._bin / "psql", "-h", self._folder, "-U", "bench"]
        process = subprocess.Popen(  # noqa: S603
            [*command, "-q", "-d", "postgres", "-c", sql],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None  # noqa: S101
        process.stdin.writelines(lines)
        _, error = process.communicate()
        if check and process.returncode:
            raise Missing(f"PostgreSQL: {error.strip()[:300]} ({_NEEDS})")
        return process.returncode

    def _drive(self) -> None:
        python = environment("psycopg", PSYCOPG) / "bin" / "python"
        script, where = HERE / "ask_postgres.py", f"host={self._folder} user=bench"
        self._driver = subprocess.Popen(  # noqa: S603
            [
                *(python, script, f"{where} dbname=postgres"),
                str(int(LIMIT_S * 1000)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        """End it."""
        if self._driver is not None:
            self._driver.communicate()
        if self._postgres is not None:
            self._postgres.terminate()
            self._postgres.wait(60)

    def ask(self, question: Question) -> Answer | str:
        """Ask by the question's SQL."""
        if question.sql is None:
            return "has no such function"
        assert self._driver is not None  # noqa: S101
        assert self._driver.stdin is not None  # noqa: S101
        assert self._driver.stdout is not None  # noqa: S101
        self._driver.stdin.write(json.dumps(question.sql) + "\n")
        self._driver.stdin.flush()
        said = json.loads(self._driver.stdout.readline())
        if said.get("error") == "timeout":
            raise TimeoutError
        return said.get("error") or Answer(said["seconds"], said["rows"])

    def _as_user(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(  # noqa: S603
            [*_user(), *command], capture_output=True, check=False
        )
        if done.returncode:
            raise Missing(f"PostgreSQL: {done.stderr.decode(errors='replace')[:300]}")


@contextmanager
def postgis(tables: Iterable[Table]) -> Iterator[PostGIS]:
    """A cluster that lives as long as the context."""
    with tempfile.TemporaryDirectory(prefix="pytheas-postgis-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = PostGIS(folder, tables)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _user() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


def _binaries() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        raise Missing(_NEEDS)
    return Path(found).resolve().parent


def _cell(value: object) -> str:
    if value is None:
        return "\\N"
    text = str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
