"""Runs are recorded, well ended or not, and put beside each other."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from ml.tracking.compare import Experiments, compare
from ml.tracking.errors import NoSuchRun, UnreadableRun, UnwritableRun
from ml.tracking.record import Value, recording
from ml.version import git_state


def _run(folder: Path | None, seed: int, accuracy: float) -> None:
    asked: dict[str, Value] = {"dataset": "two-crops", "seed": seed}
    with recording(folder, "train", asked) as record:
        record.metrics["accuracy"] = accuracy
        record.curve("loss", [1.0, 0.5, 0.25 + seed])
        record.curve("accuracy of folds", [accuracy, 1.0])
        record.pictures["note.png"] = Path.touch


def test_a_run_leaves_what_it_was(tmp_path: Path) -> None:
    _run(tmp_path, 3, 0.75)
    (found,) = Experiments(tmp_path).runs()
    assert (found.kind, found.status, found.error) == ("train", "finished", None)
    assert found.parameters == {"dataset": "two-crops", "seed": 3}
    assert found.metrics == {"accuracy": 0.75}
    assert found.git == git_state()
    assert found.started <= found.ended
    assert found.pictures == ("curves.png", "note.png")
    folder = tmp_path / found.id
    assert {each.name for each in folder.iterdir()} == {
        *found.pictures,
        "run.json",
        "metrics.parquet",
    }
    with Image.open(folder / "curves.png") as picture:
        assert picture.size[0] > 500
    table = pq.read_table(folder / "metrics.parquet")
    assert table.to_pylist()[2] == {"curve": "loss", "step": 2, "value": 3.25}
    assert Experiments(tmp_path).curves(found)["loss"] == [1.0, 0.5, 3.25]
    assert json.loads((folder / "run.json").read_text()) == json.loads(
        json.dumps(found.as_json())
    )


def test_a_run_that_fails_is_recorded_and_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with recording(tmp_path, "train", {}) as record:
            record.curve("loss", [1.0])
            record.metrics["accuracy"] = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    (found,) = Experiments(tmp_path).runs()
    assert found.status == "failed"
    assert found.error == "ZeroDivisionError: division by zero"
    assert Experiments(tmp_path).curves(found) == {"loss": [1.0]}


def test_runs_are_compared_by_what_differs(tmp_path: Path) -> None:
    for seed, accuracy in ((1, 0.5), (2, 0.75)):
        _run(tmp_path, seed, accuracy)
    with recording(tmp_path, "evaluate", {"dataset": "two-crops"}) as record:
        record.metrics["macro_f1"] = 0.25
    runs = Experiments(tmp_path).runs()
    found = compare(runs)
    assert found.parameters == {"seed": (1, 2, None)}
    assert found.metrics == {
        "accuracy": (0.5, 0.75, None),
        "macro_f1": (None, None, 0.25),
    }
    lines = str(found).splitlines()
    assert lines[1].split() == ["seed", "1", "2"]
    assert lines[2].split() == ["accuracy", "0.5000", "0.7500"]


def test_a_run_is_found_by_a_part_of_its_name(tmp_path: Path) -> None:
    for seed in range(5):
        _run(tmp_path, seed, 0.5)
    kept = Experiments(tmp_path)
    # Within a second names do not tell the order.
    assert [one.parameters["seed"] for one in kept.runs()] == [0, 1, 2, 3, 4]
    first = kept.runs()[0]
    # Whoever is killed while writing leaves this.
    unfinished = tmp_path / f".{first.id}.partial-1-a"
    shutil.copytree(tmp_path / first.id, unfinished)
    assert kept.find(first.id) == kept.find(first.id[-6:]) == first
    assert kept.find("last") == kept.runs()[-1]
    for name in ("2", "1999"):
        with pytest.raises(NoSuchRun, match=first.id):
            kept.find(name)


def test_broken_records_and_full_disks_are_named(tmp_path: Path) -> None:
    _run(tmp_path, 1, 0.5)
    (found,) = Experiments(tmp_path).runs()
    (tmp_path / found.id / "metrics.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableRun, match=r"metrics\.parquet"):
        Experiments(tmp_path).curves(found)
    (tmp_path / found.id / "run.json").write_text("{}")
    with pytest.raises(UnreadableRun, match=r"run\.json"):
        Experiments(tmp_path).runs()
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(UnwritableRun, match="not recorded"):
        _run(taken, 1, 0.5)
    with (
        pytest.raises(ZeroDivisionError) as raised,
        recording(taken, "train", {}),
    ):
        _ = 1 / 0
    assert "not recorded" in raised.value.__notes__[0]
    _run(None, 1, 0.5)
