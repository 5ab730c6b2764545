"""SPARQL endpoints for benchmarks: ours, Jena Fuseki and Oxigraph, one at a time.

Each is a process of its own, loaded from one file and asked over HTTP on the loopback
address. Peers are installed in the user's cache folder when they are first wanted.
"""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from peers.comparison import LIMIT_S, Answer, Missing, Question

HERE: Final = Path(__file__).parent
CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    / "pytheas-benchmarks"
)
JENA: Final = "5.2.0"
OXIGRAPH: Final = "0.5.13"
_HEADERS: Final = {
    "Accept": "text/tab-separated-values",
    "Content-Type": "application/x-www-form-urlencoded",
}
_START_S: Final = 3000.0
"""Jena builds its spatial index when it starts."""


@dataclass(slots=True)
class Endpoint:
    """A running server.

    Attributes:
        name: Whose it is.
        command: What starts it.
        port: Where it listens.
        path: Of its queries.
        load_s: How long its load took.
        names_index: Whether its index is used only where a query names it.
        environment: Variables of its process.
    """

    name: str
    command: Sequence[str | Path]
    port: int
    path: str
    load_s: float
    names_index: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(  # noqa: S603 - the commands below
            self.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment},
        )
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise Missing(f"{self.name} ended with {self._process.returncode}")
            try:
                self._ask("ASK {}", 10.0)
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise Missing(f"{self.name} did not answer in {_START_S:.0f} s")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def peak_mb(self) -> float:
        """The most memory that it has held."""
        assert self._process is not None  # noqa: S101
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        line = next(each for each in status.splitlines() if "VmHWM" in each)
        return int(line.split()[1]) / 1024

    def ask(self, question: Question) -> Answer | str:
        """Ask; a server that goes on after the limit is started anew."""
        started = time.perf_counter()
        try:
            status, body = self._ask(question.sparql, LIMIT_S + 5.0)
        except (TimeoutError, ConnectionError, http.client.HTTPException):
            self.stop()
            self.start()
            raise TimeoutError from None
        seconds = time.perf_counter() - started
        if seconds >= LIMIT_S:
            # Jena writes what it has so far, with status 200.
            raise TimeoutError
        if status != http.client.OK:
            return body[:120].decode(errors="replace").replace("\n", " ")
        lines = body.removesuffix(b"\n").split(b"\n")[1:]
        if lines and not any(line.strip() for line in lines):
            # What an endpoint makes of a function that it does not know.
            return "gives no values"
        return Answer(seconds, len(lines))

    def _ask(self, text: str, timeout_s: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout_s)
        try:
            connection.request(
                "POST", self.path, urlencode({"query": text}), dict(_HEADERS)
            )
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def pytheas(data: Path, folder: Path) -> Iterator[Endpoint]:
    """Our own."""
    store = folder / "pytheas"
    # The command beside this Python, with the sources of this checkout.
    ours = [sys.executable, "-c", "from api.cli.main import main; main()"]
    root = str(HERE.parent.parent)
    known = {"PYTHONPATH": root, "PYTHEAS_QUERY_TIMEOUT_S": str(LIMIT_S)}
    load_s = _run([*ours, "load", "-q", "-l", store, data], known)
    port = _free_port()
    serve = [*ours, "serve", "-q", "-l", store, "--port", str(port)]
    yield from _serving(
        Endpoint("pytheas", serve, port, "/sparql", load_s, environment=known)
    )


@contextmanager
def oxigraph(data: Path, folder: Path) -> Iterator[Endpoint]:
    """The program of the package `oxigraph`."""
    program, store = _oxigraph(), folder / "oxigraph"
    load_s = _run([program, "load", "--file", data, "--location", store])
    port = _free_port()
    serve = [
        *(program, "serve-read-only", "--location", store),
        *("--bind", f"127.0.0.1:{port}", "--timeout-s", str(int(LIMIT_S))),
    ]
    yield from _serving(Endpoint("Oxigraph", serve, port, "/query", load_s))


@contextmanager
def jena(data: Path, folder: Path) -> Iterator[Endpoint]:
    """Fuseki with GeoSPARQL on TDB2."""
    java, home = _jena(), folder / "jena"
    home.mkdir()
    load_s = _run([*java, "tdb2.tdbloader", "--loc", home / "tdb", data])
    config = (HERE / "jena-fuseki.ttl").read_text("utf-8")
    config = config.replace("MILLISECONDS", str(int(LIMIT_S * 1000)))
    config = config.replace("FOLDER", str(home))
    (home / "fuseki.ttl").write_text(config, encoding="utf-8")
    port = _free_port()
    serve = [
        *(*java, "org.apache.jena.fuseki.main.cmds.FusekiMainCmd", "--localhost"),
        *(f"--config={home / 'fuseki.ttl'}", f"--port={port}"),
    ]
    yield from _serving(
        Endpoint("Jena", serve, port, "/ds/query", load_s, names_index=True)
    )


def _serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    try:
        endpoint.start()
        yield endpoint
    finally:
        endpoint.stop()


def _oxigraph() -> Path:
    folder = environment("oxigraph", f"oxigraph=={OXIGRAPH}", f"pyoxigraph=={OXIGRAPH}")
    return folder / "bin" / "oxigraph"


def environment(name: str, *packages: str) -> Path:
    """A virtual environment with these packages, made when it is not there.

    Raises:
        Missing: They cannot be installed.
    """
    folder = CACHE / name
    if (folder / "complete").exists():
        return folder
    # What another Python began there is of no use to this one.
    venv.create(folder, with_pip=True, clear=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q", *packages]
    if subprocess.run(pip, check=False).returncode:  # noqa: S603 - what we just made
        raise Missing(f"{', '.join(packages)} cannot be installed")
    (folder / "complete").touch()
    return folder


def _jena() -> list[str | Path]:
    """Java with the classes of Jena, which Maven brings."""
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        raise Missing("Jena needs Java 17 and Maven (Debian: default-jre, maven)")
    folder = CACHE / f"jena-{JENA}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / "jena-pom.xml", folder / "pom.xml")
        copy = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        command = [
            maven,
            "-q",
            "-B",
            "-f",
            folder,
            *copy,
            f"-DoutputDirectory={folder}",
        ]
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        if done.returncode:
            raise Missing(f"Maven cannot bring Jena {JENA}")
        (folder / "complete").touch()
    # Derby, which holds the CRSs, logs to where it is started if not told otherwise.
    log = f"-Dderby.stream.error.file={folder / 'derby.log'}"
    return [java, "-Xmx8g", log, "-cp", f"{folder}/*"]


def _run(command: Sequence[str | Path], known: Mapping[str, str] = {}) -> float:
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - the commands above
        command, env={**os.environ, **known}, capture_output=True, check=False
    )
    if done.returncode:
        raise Missing(f"{command[0]}: {done.stderr[-300:].decode(errors='replace')}")
    return time.perf_counter() - started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
