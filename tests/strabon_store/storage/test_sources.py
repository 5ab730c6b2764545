"""Files of every format and compression; bad ones are named, and left out if asked."""

import bz2
import gzip
import lzma
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from strabon_store.errors import LoadError
from strabon_store.storage import reader
from strabon_store.storage.loader import LoadOptions
from strabon_store.storage.sources import Input
from strabon_store.store import Store

if TYPE_CHECKING:
    from ontologies.progress import Pace

GOOD = b"<urn:s> <urn:p> <urn:o> .\n"
ROOT = Path(__file__).resolve().parent.parent.parent.parent


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def ask(store: Store, pattern: str) -> bool:
    return store.query(f"ASK {{ {pattern} }}") is True


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_compressed(store: Store, tmp_path: Path, ending: str) -> None:
    compress = COMPRESSORS[ending]
    # Two members in one file are one text.
    data = compress(GOOD) + compress(b'<urn:s> <urn:p> "two" .\n')
    file = write(tmp_path / f"a.nt{ending}", data)
    assert store.load([file]).triples_added == 2


@pytest.mark.parametrize("ending", COMPRESSORS)
@pytest.mark.parametrize("kind", ["cut", "foreign"])
def test_damaged(store: Store, tmp_path: Path, ending: str, kind: str) -> None:
    whole = COMPRESSORS[ending](bytes(range(256)) * 999)
    data = whole[: len(whole) // 2] if kind == "cut" else GOOD * 9
    file = write(tmp_path / f"a.nt{ending}", data)
    with pytest.raises(LoadError, match=r"a\.nt.*(cut short or damaged|not N-Triples)"):
        store.load([file])
    assert store.statistics().triples == 0


MALFORMED = {
    "a.nt": b"<urn:s> <urn:p> .\n",
    "a.nq": b"<urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .\n",
    "b.nt": GOOD + b"<urn:s> <urn:p> <urn:o>\n" + GOOD,
    "c.nt": GOOD + b'<urn:s> <urn:p> "\xc3" .\n',
    "d.nt": b"\x00",
    "e.nt": b'<urn:s> <urn:p> "x"@en-a-b .\n',
    "f.nt": b"<urn:s> <urn:p> <http://a:b/> .\n",
    "a.ttl": b"@prefix : <urn:> . :s :p :o ; .\n:s :p [ .",
    "b.ttl": b"\x00",
    "c.ttl": b'<urn:s> <urn:p> "\xff" .',
    "a.trig": b"<urn:g> { <urn:s> <urn:p> <urn:o> ",
    "a.rdf": b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
    "d.rdf": b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    b"xmlns:u='urn:'><rdf:Description><u:p>x</u:p></rdf:Description>",
    "b.rdf": b"<a>\x00</a>",
    "c.rdf": b"<a>\xff</a>",
    "a.jsonld": b'{"@id": "urn:s", "urn:p": ',
    "b.jsonld": b'{"@id": "urn:s", "urn:p": "\xff"}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(store: Store, tmp_path: Path, name: str) -> None:
    bad = write(tmp_path / name, MALFORMED[name])
    good = write(tmp_path / "good.nt", b"<urn:a> <urn:p> <urn:o> .\n")
    with pytest.raises(LoadError, match=rf"{name}.*: not .*nothing was loaded"):
        store.load([good, bad])
    assert store.statistics().triples == 0
    # Without what is bad, the rest goes in.
    rejects = tmp_path / "rejects.nq"
    report = store.load([good, bad], options=LoadOptions(rejects=rejects))
    assert report.triples_total >= 1
    assert report.lines_rejected + report.files_rejected == 1
    assert ask(store, "<urn:a> <urn:p> <urn:o>")
    assert name in rejects.read_text("utf-8", "replace")
    assert "bad" in str(report)


def test_bad_lines_stand_in_the_rejects_as_they_stood(
    store: Store, tmp_path: Path
) -> None:
    lines = [
        b"<urn:s> <urn:p> <urn:1> .",
        b'<urn:s> <urn:p> "\xff" .',
        b"# a comment",
        b"<urn:s>\t<urn:p> <urn:2>.",
        b"<urn:s> <p> <urn:o> .",
        b"<urn:s> <urn:p> <<( <urn:a> <urn:b> <urn:c> )>> .",
        b'_:b <urn:p> "\\u00e9" .',
        b"<urn:s> <urn:p> <urn:3> .",
    ]
    file = write(tmp_path / "a.nt", b"\r\n".join(lines))
    rejects = tmp_path / "rejects.nt"
    report = store.load([file], options=LoadOptions(rejects=rejects))
    assert (report.triples_added, report.lines_rejected) == (4, 3)
    written = rejects.read_bytes().splitlines()
    assert written[1::2] == [lines[1], lines[4], lines[5]]
    for comment, number in zip(written[::2], (2, 5, 6), strict=True):
        assert comment.startswith(f"# {file}:{number}:".encode())
    assert ask(store, '?b <urn:p> "é"')


def test_a_bad_line_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", 100)
    file = write(tmp_path / "a.nt", GOOD * 99 + b"<urn:s> <urn:p>  oops .\n" + GOOD)
    with pytest.raises(LoadError, match=r"a\.nt:100:18: not N-Triples: The obj"):
        store.load([file])


def test_a_file_of_another_format_is_left_out_whole(
    store: Store, tmp_path: Path
) -> None:
    bad = write(tmp_path / "a.ttl", GOOD + b"oops\n" + GOOD)
    star = write(tmp_path / "b.ttl", b"<urn:s> <urn:p> <<( <urn:a> <urn:b> 1 )>> .")
    good = write(tmp_path / "c.ttl", b"<urn:c> <urn:p> <urn:o> .")
    rejects = tmp_path / "rejects"
    report = store.load([bad, star, good], options=LoadOptions(rejects=rejects))
    assert (report.triples_added, report.files_rejected) == (1, 2)
    text = rejects.read_text()
    assert f"# left out whole: {bad}:2:" in text
    assert "quoted triple" in text
    assert "nothing was loaded" not in text
    assert "2 bad files set aside" in str(report)


def test_triples_go_to_a_graph_and_quads_keep_theirs(
    store: Store, tmp_path: Path
) -> None:
    files = [
        write(tmp_path / "a.nq", GOOD + b"<urn:s> <urn:p> <urn:q> <urn:h> .\n"),
        write(
            tmp_path / "b.trig", b"<urn:t> <urn:p> 1 . <urn:h> { <urn:t> <urn:p> 2 }"
        ),
    ]
    store.load(files, options=LoadOptions(graph="urn:g"))
    assert ask(store, "GRAPH <urn:g> { <urn:s> <urn:p> <urn:o> . <urn:t> <urn:p> 1 }")
    assert ask(store, "GRAPH <urn:h> { <urn:s> <urn:p> <urn:q> . <urn:t> <urn:p> 2 }")
    assert not ask(store, "?s ?p ?o")


def test_what_a_caller_says_of_a_file(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "data", gzip.compress(b"<a> <b> <c> ."))
    given = Input(path, "<stdin>", "http://e.org/d/", ".ttl.gz")
    store.load([given])
    assert ask(store, "<http://e.org/d/a> <http://e.org/d/b> <http://e.org/d/c>")
    with pytest.raises(LoadError, match="<stdin>: cannot tell its format"):
        store.load([Input(path, "<stdin>")])


def test_the_pace_is_told(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BLOCK_BYTES", len(GOOD))
    told: list[Pace] = []
    file = write(tmp_path / "a.nt", GOOD * 3)
    store.load([file], options=LoadOptions(watch=told.append))
    assert [(pace.done, pace.items) for pace in told] == [
        (n * len(GOOD), n) for n in (1, 2, 3)
    ]
    assert told[-1].total == len(GOOD) * 3
    assert told[-1].eta_s == 0


def _load_in_child(location: Path, file: Path, before: str = "") -> str:
    return f"""
import resource, signal, sys
from pathlib import Path
from strabon_store.store import Store
from strabon_store.storage import reader
{before}
reader.BLOCK_BYTES = 100_000
def progress(stage, fraction):
    print(fraction, flush=True)
with Store.open(Path({str(location)!r})) as store:
    store.load([Path({str(file)!r})], progress=progress)
"""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    lines = (f'<urn:{n}> <urn:p> "{n * 7919:x}" .\n' for n in range(60_000))
    return write(tmp_path / "large.nt", "".join(lines).encode())


def test_interrupted(store: Store, tmp_path: Path, large: Path) -> None:
    store.load([write(tmp_path / "a.nt", GOOD)])
    store.close()
    program = _load_in_child(tmp_path / "store", large)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    assert child.returncode != 0
    # The second is what the engine makes of it while it works.
    assert b"KeyboardInterrupt" in error or b"Query interrupted" in error
    with Store.open(tmp_path / "store") as again:
        assert again.statistics().triples == 1


def test_a_full_disk(store: Store, tmp_path: Path, large: Path) -> None:
    store.load([write(tmp_path / "a.nt", GOOD)])
    store.close()
    size = sum(file.stat().st_size for file in (tmp_path / "store").iterdir())
    limit = size + 300_000
    before = (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    )
    program = _load_in_child(tmp_path / "store", large, before)
    child = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "LoadError: cannot write to the store" in child.stderr
    assert "nothing was loaded" in child.stderr
    with Store.open(tmp_path / "store") as again:
        assert again.statistics().triples == 1
        assert again.load([large]).triples_added == 60_000
