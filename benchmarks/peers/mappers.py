"""Mapping engines as programs: CPU seconds, wall seconds, peak memory, triples.

Each peer is a Python of its own, told by an environment variable:

    python -m venv morph && morph/bin/pip install morph-kgc==2.10.0
    python -m venv sdm && sdm/bin/pip install rdfizer
    export PYTHEAS_MORPH_KGC=morph/bin/python PYTHEAS_SDM_RDFIZER=sdm/bin/python
"""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

LIMIT_S: Final = 600.0

_OURS = (
    "import sys; from pathlib import Path; from geotriples.run_local import run\n"
    "run(Path(sys.argv[1]), Path(sys.argv[2]))"
)
_MORPH = """[CONFIGURATION]
output_file: {output}
output_format: {format}
number_of_processes: 2
logging_level: ERROR

[data]
mappings: {mapping}
"""
_SDM = """[default]
main_directory: {folder}

[datasets]
number_of_datasets: 1
output_folder: {folder}
all_in_one_file: no
remove_duplicate: yes
name: {stem}
enrichment: yes
dbType: none
ordered: yes
large_file: false

[dataset1]
name: {stem}
mapping: {mapping}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took.

    Attributes:
        cpu_s: Seconds of processor time, of all its processes.
        wall_s: Seconds on the clock; worth little where others work.
        peak_mb: The most memory that one process had.
        triples: Distinct lines of the output.
        digest: Names them as a set.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    triples: int
    digest: str

    def __str__(self) -> str:
        rate = f"{self.cpu_s:7.2f} s CPU  {self.wall_s:7.2f} s"
        return f"{rate}  {self.peak_mb:6.0f} MB  {self.triples:>11,} triples"


def engines() -> Iterator[str]:
    """Those that are here."""
    yield "pytheas"
    for name, variable in _VARIABLES.items():
        if variable in os.environ:
            yield name


_VARIABLES: Final = {
    "morph-kgc": "PYTHEAS_MORPH_KGC",
    "sdm-rdfizer": "PYTHEAS_SDM_RDFIZER",
}


def cost(engine: str, folder: Path, ending: str = ".nt") -> Cost | None:
    """Run an engine on `mapping.ttl` of a folder; None where it fails.

    Peers take `mapping-2014.ttl`, the same in the vocabulary that both read.
    """
    output = folder / f"{engine}{ending}"
    output.unlink(missing_ok=True)
    command = _command(engine, folder, output)
    started = time.monotonic()
    log = (folder / f"{engine}.log").open("wb")
    with (
        log,
        subprocess.Popen(  # noqa: S603 - commands of ours
            command, stdout=log, stderr=log, cwd=folder
        ) as child,
    ):
        # `wait4` tells the time of this child alone.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if child.returncode or not output.exists():
        return None
    triples, digest = _read(output)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(cpu, wall, usage.ru_maxrss / 1024, triples, digest)


def _command(engine: str, folder: Path, output: Path) -> list[str]:
    mapping = folder / "mapping.ttl"
    if engine == "pytheas":
        return [sys.executable, "-c", _OURS, str(mapping), str(output)]
    python = os.environ[_VARIABLES[engine]]
    config, old = folder / f"{engine}.ini", folder / "mapping-2014.ttl"
    if engine == "morph-kgc":
        names = {".nt": "N-TRIPLES", ".nq": "N-QUADS"}
        told = {"output": output, "mapping": old, "format": names[output.suffix]}
        config.write_text(_MORPH.format(**told), encoding="utf-8")
        return [python, "-m", "morph_kgc", str(config)]
    told = {"folder": folder, "stem": output.stem, "mapping": old}
    config.write_text(_SDM.format(**told), encoding="utf-8")
    return [python, "-m", "rdfizer", "-c", str(config)]


def _read(output: Path) -> tuple[int, str]:
    """The distinct lines, and a digest of them in any order."""
    seen: set[bytes] = set()
    total = 0
    with output.open("rb") as lines:
        for line in lines:
            digest = hashlib.blake2b(_spelled(line), digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                total ^= int.from_bytes(digest, "big")
    return len(seen), f"{total:032x}"


def _spelled(line: bytes) -> bytes:
    """A line without what engines spell differently.

    White space before the stop; letters beyond ASCII in IRIs, which stay as they are in
    ours (R2RML 7.3, IRI-safe), and are percent-encoded by the peers.
    """
    text = line.rstrip().removesuffix(b".").rstrip()
    return unquote_to_bytes(text) if b"%" in text else text


_PREFIXES_2014: Final = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
"""


def as_2014(mapping: str) -> str:
    """A mapping of CSV, as the benchmarks write them, in the vocabulary of 2014."""
    text = _PREFIXES_2014 + mapping.replace(
        "http://w3id.org/rml/", "http://semweb.mmlab.be/ns/rml#"
    )
    text = text.replace("a rml:RelativePathSource ; ", "").replace(
        "rml:referenceFormulation rml:CSV", "rml:referenceFormulation ql:CSV"
    )
    for name in (
        *("TriplesMap", "subjectMap", "predicateObjectMap", "predicate", "objectMap"),
        *("template", "parentTriplesMap", "joinCondition", "child", "parent"),
        *("graphMap", "class", "datatype", "language"),
    ):
        text = re.sub(rf"\brml:{name}(?=\s)", f"rr:{name}", text)
    # A source was a string then, and an empty value none.
    return re.sub(
        r'rml:source \[ rml:path ("[^"]*")(?: ; rml:null "")? \]',
        r"rml:source \1",
        text,
    )
