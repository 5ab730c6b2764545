"""Which Java Spark is started on, and how, without starting Spark."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from engines.errors import JavaMissing, SparkFailed
from engines.spark import java, session
from engines.spark.failures import TaskError, error_of, errors_travel
from engines.spark.java import JavaRuntime, find_java, home_for_spark, probe
from engines.spark.session import SparkSettings, configuration
from geotriples.errors import SourceError


def _java(home: Path, modules: str) -> Path:
    script = home / "bin" / "java"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\nprintf '%s\\n' {modules} \"$@\"\n")
    script.chmod(0o755)
    return home


def test_a_runtime_says_its_version_and_its_modules(tmp_path: Path) -> None:
    full = _java(tmp_path / "17", "java.base@17.0.15 jdk.incubator.vector@17.0.15")
    trimmed = _java(tmp_path / "21", "java.base@21.0.8 java.sql@21.0.8")
    assert probe(full) == JavaRuntime(full, 17, has_vector=True)
    assert probe(trimmed) == JavaRuntime(trimmed, 21, has_vector=False)
    assert probe(tmp_path / "none") is None


def test_the_first_runtime_that_fits_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = _java(tmp_path / "25", "java.base@25.0.2")
    fit = _java(tmp_path / "17", "java.base@17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(new))
    monkeypatch.setattr(java, "_packaged", lambda: None)
    monkeypatch.setenv("PATH", str(fit / "bin"))
    assert find_java().version == 17
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JavaMissing, match=r"17 or 21; found .*/25 \(Java 25\); inst"):
        find_java()


def test_a_trimmed_runtime_is_not_asked_for_what_it_lacks(tmp_path: Path) -> None:
    home = _java(tmp_path / "it's 21", "java.base@21.0.8")
    runtime = probe(home)
    assert runtime is not None
    shim = home_for_spark(runtime, tmp_path / "shim")
    command = [
        str(shim / "bin/java"),
        "--add-modules=jdk.incubator.vector",
        "-D a",
        "*",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["java.base@21.0.8", "-D a", "*"]
    full = JavaRuntime(home, 17, has_vector=True)
    assert home_for_spark(full, tmp_path / "unused") == home


def test_a_session_is_sized_for_the_machine_and_its_settings_can_be_changed() -> None:
    conf = configuration(SparkSettings("local[2]"))
    assert conf["spark.sql.shuffle.partitions"] == "4"
    assert conf["spark.driver.memory"].endswith("g")
    changed = SparkSettings("spark://host:7077", conf={"spark.log.level": "INFO"})
    conf = configuration(changed)
    assert "spark.driver.memory" not in conf
    assert conf["spark.log.level"] == "INFO"


def test_options_for_java_stand_beside_the_certificates_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "trust_store", lambda: Path("/etc/cacerts"))
    given = {"spark.driver.extraJavaOptions": "-Xss4m"}
    conf = configuration(SparkSettings("local[1]", conf=given))
    options = conf["spark.driver.extraJavaOptions"]
    assert options == "-Djavax.net.ssl.trustStore=/etc/cacerts -Xss4m"


def test_an_error_survives_the_text_of_a_trace() -> None:
    with pytest.raises(TaskError) as caught, errors_travel():
        raise SourceError(Path("/data/d.csv"), "is broken; pytheas-error:AAAA;")
    trace = f"PythonException: trace\n  TaskError: {caught.value}\n at java.lang"
    error = error_of(trace)
    assert isinstance(error, SourceError)
    assert error.path == Path("/data/d.csv")
    assert str(error) == str(SourceError(error.path, error.reason))


@pytest.mark.parametrize("known", ["os.system", "builtins.eval", "engines.spark.java"])
def test_only_an_error_of_ours_is_made_of_a_text(known: str) -> None:
    module, _, name = known.rpartition(".")
    document = json.dumps([module, name, "x", {}]).encode()
    text = f"ValueError: pytheas-error:{base64.b64encode(document).decode()};"
    assert isinstance(error_of(text), SparkFailed)
