"""A directory takes the place of another: whoever looks meanwhile finds one of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from engines import exchange
from engines.exchange import exchanged, replace_directory

LOOKING = """
import os, sys
folder, stop = sys.argv[1:]
print("looking", flush=True)
looks = misses = 0
while not os.path.exists(stop):
    looks += 1
    misses += not os.path.exists(folder + "/_SUCCESS")
print(looks, misses)
"""


def _directory(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "_SUCCESS").write_text(content)
    return path


def _content(path: Path) -> str:
    return (path / "_SUCCESS").read_text()


def test_there_is_no_moment_without_a_directory(tmp_path: Path) -> None:
    target = _directory(tmp_path / "target", "0")
    command = [sys.executable, "-c", LOOKING, str(target), str(tmp_path / "stop")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "looking\n"
        for number in range(1, 400):
            new = _directory(tmp_path / f"new{number}", str(number))
            replace_directory(new, target)
            assert _content(new) == str(number - 1)
        (tmp_path / "stop").touch()
        looks, misses = map(int, looking.stdout.read().split())
    assert looks > 100
    assert misses == 0
    assert _content(target) == "399"


def test_what_cannot_be_exchanged_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_renameat2", lambda: None)
    target, new = _directory(tmp_path / "target", "0"), _directory(tmp_path / "n", "1")
    replace_directory(new, target)
    assert (_content(target), _content(new)) == ("1", "0")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["n", "target"]


def test_what_cannot_be_renamed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_renameat2", lambda: None)
    target = _directory(tmp_path / "target", "0")
    with pytest.raises(FileNotFoundError):
        replace_directory(tmp_path / "none", target)
    assert _content(target) == "0"
    assert list(tmp_path.iterdir()) == [target]


def test_where_nothing_was_a_directory_is_moved(tmp_path: Path) -> None:
    new = _directory(tmp_path / "new", "1")
    replace_directory(new, tmp_path / "target")
    assert _content(tmp_path / "target") == "1"
    assert not new.exists()


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    target = _directory(tmp_path / "target", "0")
    with pytest.raises(FileNotFoundError):
        exchanged(tmp_path / "none", target)
    assert _content(target) == "0"
