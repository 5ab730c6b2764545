"""A backup is a sound store of one moment; a restore takes its place whole."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import duckdb
import pytest

from strabon_store.errors import BackupFailed, StoreInUse, StoreUnavailable
from strabon_store.storage.backup import restore
from strabon_store.storage.database import FILE_NAME
from strabon_store.store import Store


def write(path: Path, first: int, count: int) -> Path:
    lines = (f'<urn:{n}> <urn:p> "{n}" .\n' for n in range(first, first + count))
    path.write_text("".join(lines))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as store:
        store.load([write(tmp_path / "first.nt", 0, 1000)])
        yield store


def count(location: Path) -> int:
    with Store.open(location, read_only=True) as store:
        assert store.verify().is_sound
        return store.statistics().triples


def test_a_backup_is_a_store(store: Store, tmp_path: Path) -> None:
    report = store.backup(tmp_path / "backup")
    assert (report.triples, report.location) == (1000, tmp_path / "backup")
    assert report.size == (tmp_path / "backup" / FILE_NAME).stat().st_size
    store.load([write(tmp_path / "second.nt", 1000, 1)])
    assert count(tmp_path / "backup") == 1000
    assert [each.name for each in (tmp_path / "backup").iterdir()] == [FILE_NAME]
    with Store.open(tmp_path / "backup") as copy:
        copy.load([tmp_path / "second.nt"])
        assert copy.statistics().predicates == store.statistics().predicates


def test_of_a_store_that_is_open_for_reading(store: Store, tmp_path: Path) -> None:
    store.close()
    with Store.open(tmp_path / "store", read_only=True) as reader:
        reader.backup(tmp_path / "backup")
    assert count(tmp_path / "backup") == 1000


def test_while_others_load(store: Store, tmp_path: Path) -> None:
    """Each backup holds whole loads only, and loads do not wait for it."""
    files = [write(tmp_path / f"{n}.nt", 1000 * n, 1000) for n in range(1, 6)]
    thread = Thread(target=lambda: [store.load([file]) for file in files])
    thread.start()
    backups = [store.backup(tmp_path / f"backup{n}").location for n in range(5)]
    thread.join()
    counts = [count(each) for each in backups]
    assert counts == sorted(counts)
    assert all(each % 1000 == 0 for each in counts)
    assert store.statistics().triples == 6000


def test_nothing_is_overwritten(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "backup")
    with pytest.raises(BackupFailed, match="is there already"):
        store.backup(tmp_path / "backup")
    (tmp_path / "empty").mkdir()
    store.backup(tmp_path / "empty")
    with pytest.raises(BackupFailed, match="cannot make the backup"):
        store.backup(tmp_path / "first.nt" / "backup")


def test_an_interrupted_backup_leaves_nothing(store: Store, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.backup(tmp_path / "backup", progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before
    store.backup(tmp_path / "backup")


def test_restore_to_a_new_place(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "backup")
    report = restore(tmp_path / "backup", tmp_path / "new" / "store")
    assert report.triples == count(tmp_path / "new" / "store") == 1000


def test_restore_in_place_of_a_store(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "backup")
    store.load([write(tmp_path / "second.nt", 1000, 1)])
    store.close()
    with pytest.raises(BackupFailed, match=r"there is a store at .*--replace"):
        restore(tmp_path / "backup", tmp_path / "store")
    assert count(tmp_path / "store") == 1001
    restore(tmp_path / "backup", tmp_path / "store", replace=True)
    assert count(tmp_path / "store") == 1000


def test_restore_in_place_of_a_damaged_store(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "backup")
    store.close()
    file = tmp_path / "store" / FILE_NAME
    file.write_bytes(file.read_bytes()[:5000])
    (tmp_path / "store" / f"{FILE_NAME}.wal").write_bytes(b"a log of the old file")
    restore(tmp_path / "backup", tmp_path / "store", replace=True)
    assert count(tmp_path / "store") == 1000


def test_a_backup_that_contradicts_itself_is_refused(
    store: Store, tmp_path: Path
) -> None:
    store.backup(tmp_path / "backup")
    store.close()
    with duckdb.connect(str(tmp_path / "backup" / FILE_NAME)) as connection:
        connection.execute("DELETE FROM terms WHERE lexical = 'urn:7'")
    with pytest.raises(BackupFailed, match="contradicts itself: broken: a subject"):
        restore(tmp_path / "backup", tmp_path / "store", replace=True)
    assert count(tmp_path / "store") == 1000
    with pytest.raises(StoreUnavailable, match="no store"):
        restore(tmp_path / "nowhere", tmp_path / "store", replace=True)


@pytest.mark.slow
def test_a_store_in_use_is_not_replaced(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "backup")
    store.close()
    program = (
        "import sys; from pathlib import Path; from strabon_store.store import Store\n"
        f"with Store.open(Path({str(tmp_path / 'store')!r})):\n"
        "    print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(StoreInUse, match=f"in use by .*{process.pid}"):
            restore(tmp_path / "backup", tmp_path / "store", replace=True)
        process.kill()
    assert count(tmp_path / "store") == 1000


def test_what_a_killed_backup_left_is_removed(store: Store, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    left = tmp_path / f".backup.partial-{gone.pid}-x"
    others = tmp_path / f".backup.partial-{os.getppid()}-x"
    for place in (left, others):
        place.mkdir()
    store.backup(tmp_path / "backup")
    assert not left.exists()
    assert others.exists()
