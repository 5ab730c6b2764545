"""Sessions of Spark with Apache Sedona.

A session is found (that of `spark-submit`, or of the program around us) or started: on
this machine with `local[...]`, or on a cluster whose master is given.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from engines.errors import SparkMissing
from engines.spark.java import JavaRuntime, find_java, home_for_spark, trust_store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEDONA: Final = (
    "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0",
    "org.datasyslab:geotools-wrapper:1.8.0-33.1",
)
"""Maven coordinates of the jars of Sedona, for Spark 4.0."""

REPOSITORIES: Final = "PYTHEAS_MAVEN_REPOSITORIES"
"""Variable with repositories to ask for jars beside Maven Central, comma-separated."""

_JAVA_OPTIONS: Final = "spark.driver.extraJavaOptions"
_RESULTS_DEPEND_ON: Final[Mapping[str, str]] = MappingProxyType(
    # Timestamps without a zone are what they are, wherever a task runs.
    {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
)
_SUBMITTED: Final = (
    *("spark.jars.packages", "spark.jars.repositories", "spark.sql.extensions"),
    *("spark.serializer", "spark.kryo.registrator", _JAVA_OPTIONS),
)
"""What cannot be said once a session is there."""

_GIB: Final = 2**30
_HEAP_GIB: Final = (1, 8)
_LOG_LINES: Final = 15


@dataclass(frozen=True, slots=True)
class SparkSettings:
    """How a session is started.

    Attributes:
        master: The URL of a master; `local[n]` for n threads of this machine.
        heap_gib: Heap of a local session; a sixth of the machine's memory when None,
            since tasks in Python, with their own memory, work beside it.
        packages: Maven coordinates of the jars that are needed.
        conf: Settings of Spark that are put over ours.
    """

    master: str = "local[*]"
    heap_gib: int | None = None
    packages: tuple[str, ...] = SEDONA
    conf: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether everything runs in one process of this machine."""
        return self.master.startswith("local")


@contextmanager
def spark_session(settings: SparkSettings) -> "Iterator[SparkSession]":
    """A session: the one that is there, else a new one that ends with the block.

    One that is there has the settings that results depend on within the block.

    Raises:
        SparkMissing: Spark is not installed, or does not start.
        JavaMissing: There is no Java that it can run on.
    """
    found = _found()
    if found is not None:
        with _set(found, _RESULTS_DEPEND_ON):
            yield found
        return
    session = start(settings)
    try:
        yield session
    finally:
        stop(session)


def start(settings: SparkSettings) -> "SparkSession":
    """Start a session; 10 s and more, most of it Java's.

    Raises:
        SparkMissing: Spark is not installed, or does not start.
        JavaMissing: There is no Java that it can run on.
    """
    _check_installed()
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkRuntimeError  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    runtime = find_java()
    conf = SparkConf(loadDefaults=False)
    conf.setAll(list(configuration(settings).items()))
    log = _folder() / "spark.log"
    with _environment(runtime), log.open("ab") as stderr:
        try:
            # What Java has to say goes to a file: half of it is about itself.
            launch: Callable[..., Any] = launch_gateway
            gateway = launch(conf, {"stderr": stderr, "stdout": stderr})
            context = SparkContext(conf=conf, gateway=gateway)
        except PySparkRuntimeError as error:
            raise SparkMissing(_last_words(log)) from error
    return SparkSession(context)


def stop(session: "SparkSession") -> None:
    """End a session and its Java."""
    from pyspark import SparkContext  # noqa: PLC0415 - an extra

    gateway: Any = SparkContext._gateway  # noqa: SLF001 - it has no other name
    session.stop()
    if gateway is not None and gateway.proc is not None:
        gateway.shutdown()
        # Java ends when its standard input does.
        gateway.proc.stdin.close()
        gateway.proc.wait()
    SparkContext._gateway = None  # noqa: SLF001
    SparkContext._jvm = None  # noqa: SLF001


@contextmanager
def _set(session: "SparkSession", conf: Mapping[str, str]) -> Iterator[None]:
    before = {name: session.conf.get(name, None) for name in conf}
    for name, value in conf.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        for name, known in before.items():
            if known is None:
                session.conf.unset(name)
            else:
                session.conf.set(name, known)


def submit_options() -> tuple[str, ...]:
    """What `spark-submit` must be told to start a session such as ours.

    Examples:
        >>> submit_options()[0]
        '--conf'
        >>> any(one.startswith("spark.jars.packages=") for one in submit_options())
        True
    """
    told = configuration(SparkSettings("of spark-submit"))
    pairs = ((name, told[name]) for name in _SUBMITTED if name in told)
    return tuple(
        word for name, value in pairs for word in ("--conf", f"{name}={value}")
    )


def configuration(settings: SparkSettings) -> dict[str, str]:
    """The settings of Spark for a session.

    Examples:
        >>> configuration(SparkSettings("local[2]", 4))["spark.driver.memory"]
        '4g'
    """
    conf = {
        "spark.master": settings.master,
        "spark.app.name": "pytheas",
        "spark.jars.packages": ",".join(settings.packages),
        "spark.sql.extensions": "org.apache.sedona.sql.SedonaSqlExtensions",
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
        **_RESULTS_DEPEND_ON,
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    repositories = os.environ.get(REPOSITORIES)
    if repositories:
        conf["spark.jars.repositories"] = repositories
    if settings.is_local:
        conf |= _local(settings)
    conf |= settings.conf
    trusted = trust_store()
    if trusted is not None:
        # Beside what was asked for: without it no jar may be had.
        option = f"-Djavax.net.ssl.trustStore={trusted}"
        conf[_JAVA_OPTIONS] = f"{option} {conf.get(_JAVA_OPTIONS, '')}".strip()
    return conf


def _local(settings: SparkSettings) -> dict[str, str]:
    heap = settings.heap_gib or _heap_gib()
    return {
        "spark.driver.memory": f"{heap}g",
        # Few cores share a shuffle: 200 parts, Spark's own number, are 200 small files.
        "spark.sql.shuffle.partitions": str(2 * _threads(settings.master)),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }


def _heap_gib() -> int:
    least, most = _HEAP_GIB
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(least, min(most, memory // _GIB // 6))


def _threads(master: str) -> int:
    number = master.removeprefix("local").strip("[]").partition(",")[0]
    if number == "*":
        return os.cpu_count() or 1
    return int(number or 1)


def _found() -> "SparkSession | None":
    _check_installed()
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    if "PYSPARK_GATEWAY_PORT" in os.environ:
        # `spark-submit` has started Java and said where everything is.
        return SparkSession.builder.getOrCreate()
    return SparkSession.getActiveSession()


def _check_installed() -> None:
    try:
        import pyspark  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as error:
        reason = "pyspark is not installed; `pip install 'pytheas-eo[spark]'`"
        raise SparkMissing(reason) from error


@contextmanager
def _environment(runtime: JavaRuntime) -> Iterator[None]:
    """What Java and the tasks must find in the environment when they start."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    wanted = {
        "JAVA_HOME": str(home_for_spark(runtime, _folder())),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": root if path is None else f"{root}{os.pathsep}{path}",
        "PYTHONWARNINGS": "ignore",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@cache
def _folder() -> Path:
    """A folder of this process, for Java's log and what starts it."""
    folder = tempfile.mkdtemp(prefix="pytheas-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    telling = [line for line in lines if not line.lstrip().startswith(("at ", "WARN"))]
    return "it did not start:\n  " + "\n  ".join(telling[-_LOG_LINES:])
