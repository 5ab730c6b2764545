"""Real PostgreSQL and MariaDB servers, each in a folder of its own.

Servers refuse to run as root; where the tests do, the servers run as the user `nobody`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_manager
import pymysql
from adbc_driver_postgresql import dbapi

PASSWORD = "s3cr3t-of-the-tests"  # noqa: S105 - of servers that only tests reach

_EMPTY = "empty"
"""The database of which `test` is made anew."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with a database `test`, and a user `me` with `PASSWORD`."""

    kind: str
    port: int

    @property
    def dsn(self) -> str:
        """Its URL, without who asks."""
        return f"{self.kind}://127.0.0.1:{self.port}/test"

    @property
    def url(self) -> str:
        """Its URL for `me`."""
        return f"{self.kind}://me:{PASSWORD}@127.0.0.1:{self.port}/test"


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """PostgreSQL, with PostGIS in its database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise FileNotFoundError("PostgreSQL is absent: see scripts/install-test-tools")
    with _folder() as (folder, as_user):
        port = _free_port()
        data = folder / "data"
        initdb = programs[-1] / "initdb"
        _run(as_user, initdb, "-D", data, "-U", "root", "--no-sync", "-E", "UTF8")
        hosts = (("root", "trust"), ("all", "scram-sha-256"))
        rules = "".join(f"host all {who} 127.0.0.1/32 {how}\n" for who, how in hosts)
        (data / "pg_hba.conf").write_text(rules, encoding="utf-8")
        settings = ("fsync=off", f"port={port}", f"unix_socket_directories={folder}")
        options = [word for one in settings for word in ("-c", one)]
        server = (programs[-1] / "postgres", "-D", data, *options)
        with _running(as_user, *server) as process:
            _wait_for(folder / f".s.PGSQL.{port}", process)
            _wait_until_ready(port)
            postgresql_script(
                port,
                f"CREATE ROLE me LOGIN PASSWORD '{PASSWORD}';\n"
                f"CREATE DATABASE {_EMPTY}",
                database="postgres",
            )
            postgresql_script(port, "CREATE EXTENSION postgis", database=_EMPTY)
            yield Server("postgresql", port)


def empty_postgresql(server: Server) -> None:
    """Begin with a database that holds nothing but PostGIS."""
    postgresql_script(
        server.port,
        "DROP DATABASE IF EXISTS test WITH (FORCE);\n"
        f"CREATE DATABASE test TEMPLATE {_EMPTY} OWNER me;\nALTER ROLE me RESET ALL",
        database="postgres",
    )


@contextmanager
def mariadb_server() -> Iterator[Server]:
    """MariaDB."""
    if shutil.which("mariadbd", path="/usr/sbin:/usr/bin") is None:
        raise FileNotFoundError("MariaDB is absent: see scripts/install-test-tools")
    with _folder() as (folder, as_user):
        port = _free_port()
        data = f"--datadir={folder}/data"
        # Temporary tables of two servers must not meet.
        own = ("env", f"TMPDIR={folder}")
        install = (*own, "mariadb-install-db", "--no-defaults", data, "--skip-test-db")
        _run(as_user, *install, "--auth-root-authentication-method=normal")
        options = (
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder}/socket",
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
        )
        server = (*own, "/usr/sbin/mariadbd", "--no-defaults", data, *options)
        with _running(as_user, *server) as process:
            _wait_for(folder / "socket", process)
            mariadb_script(
                port,
                [
                    f"CREATE USER me@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                    "GRANT ALL ON test.* TO me@'127.0.0.1'",
                ],
                database="mysql",
            )
            yield Server("mysql", port)


def empty_mariadb(server: Server) -> None:
    """Begin with a database that holds nothing."""
    script = ["DROP DATABASE IF EXISTS test", "CREATE DATABASE test"]
    mariadb_script(server.port, script, database="mysql")


def postgresql_script(port: int, script: str, *, database: str = "test") -> None:
    """Run statements as the owner of the server; each on its own."""
    uri = f"postgresql://root@127.0.0.1:{port}/{database}"
    with dbapi.connect(uri, autocommit=True) as connection:
        for statement in statements(script):
            with connection.cursor() as cursor:
                cursor.execute(statement)


def mariadb_script(
    port: int, script: Sequence[str], *, database: str = "test", mode: str = ""
) -> None:
    """Run statements as the owner of the server."""
    with (
        pymysql.connect(
            host="127.0.0.1", port=port, user="root", database=database
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, %s)", [mode])
        for statement in script:
            cursor.execute(statement)
        connection.commit()


def statements(script: str) -> list[str]:
    """The statements of a script; no string in it may hold `;` before white space."""
    parts = script.replace(";\n", ";\0").replace("; ", ";\0").split(";\0")
    return [text for part in parts if (text := part.strip().rstrip(";").strip())]


@contextmanager
def _folder() -> Iterator[tuple[Path, list[str]]]:
    """A folder of the user who runs the server, and how to become that user."""
    # pytest's own folders let nobody else in.
    with tempfile.TemporaryDirectory(prefix="pytheas-server-") as name:
        if os.geteuid() != 0:
            yield Path(name), []
            return
        owner = pwd.getpwnam("nobody")
        os.chown(name, owner.pw_uid, owner.pw_gid)
        ids = (f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}")
        yield Path(name), [*ids, "--clear-groups"]


@contextmanager
def _running(
    as_user: list[str], *command: object
) -> Iterator["subprocess.Popen[bytes]"]:
    # A server must not outlive a test run that is killed.
    words = ["setpriv", *as_user, "--pdeathsig=QUIT", *map(str, command)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, stdout=quiet, stderr=quiet, cwd="/")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(as_user: list[str], *command: object) -> None:
    words = ["setpriv", *as_user, *map(str, command)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stderr or done.stdout}")


def _wait_until_ready(port: int) -> None:
    for _ in range(100):
        try:
            postgresql_script(port, "SELECT 1", database="postgres")
        except adbc_driver_manager.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if path.exists():
            return
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        time.sleep(0.1)
    raise RuntimeError("the server did not start in 30 s")
