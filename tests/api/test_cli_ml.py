"""`pytheas ml`: a validation on real fields, and the models that are kept."""

import json
from functools import partial
from pathlib import Path

import onnxruntime
import pytest
import torch
from typer.testing import CliRunner, Result

from api.cli.main import app
from ml import simulated_ice
from ml.models.calibrated import Calibrated
from ml.models.unet import UNet
from ml.registry.store import Registry, Signature, Tensor
from ml.samples.simulated_ice import ice_classes
from ml.simulated_ice import Sizes
from ml.tracking.compare import Experiments
from ml.tracking.record import recording
from tests.ml.series import CLASSES, tempcnn, two_crops

pytestmark = pytest.mark.torch


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["ml", *map(str, arguments)])


def test_a_forest_is_validated_on_french_parcels(data: Path, tmp_path: Path) -> None:
    done = _run(
        "evaluate",
        "worldcereal-2023",
        *("--data", data, "--recipe", "crop-forest", "--split", "fold"),
        *("-o", tmp_path / "report", "--json", "--quiet"),
        *("--experiments", tmp_path / "experiments"),
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert report["samples"] == 385
    # A majority of 0.29 is the floor; the forest of the reference has 0.69.
    assert report["accuracy"]["low"] < 0.69 < report["accuracy"]["high"]
    assert sum(map(sum, report["confusion"])) == 385
    files = {each.name for each in (tmp_path / "report").iterdir()}
    assert files == {"report.json", "confusion.svg", "reliability.svg"}
    assert "2001020022" in (tmp_path / "report" / "confusion.svg").read_text()
    (run,) = Experiments(tmp_path / "experiments").runs()
    assert run.parameters["recipe"] == "crop-forest"
    assert run.metrics["accuracy"] == report["accuracy"]["value"]
    assert run.pictures == ("confusion.png", "curves.png", "reliability.png")


def test_runs_are_listed_shown_and_compared(tmp_path: Path) -> None:
    folder = ("--experiments", tmp_path)
    for seed in (1, 2):
        with recording(tmp_path, "train", {"dataset": "x", "seed": seed}) as record:
            record.metrics["accuracy"] = 0.25 * seed
            record.curve("loss", [1.0, 1.0 / seed])
    first, last = (one.id for one in Experiments(tmp_path).runs())
    listed = _run("experiments", "list", *folder)
    assert f"{first}  train  finished  x  accuracy" in listed.stdout
    shown = _run("experiments", "show", last, *folder)
    assert "git: " in shown.stdout
    picture = tmp_path / "both.png"
    compared = _run("experiments", "compare", first, last, *folder, "-o", picture)
    assert compared.exit_code == 0, compared.output
    assert "seed" in compared.stdout
    assert picture.stat().st_size > 1000
    document = json.loads(
        _run("experiments", "compare", first, last, *folder, "--json").stdout
    )
    assert sorted(document["metrics"]["accuracy"]) == [0.25, 0.5]
    missing = _run("experiments", "show", "1999", *folder)
    assert missing.exit_code == 1
    assert first in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("atlantis",), "there is no 'atlantis'; there are central-asia"),
        (("central-asia", "--split", "year"), "there are fold, region, block"),
        (("central-asia", "--recipe", "magic"), "there are crop-forest"),
    ],
)
def test_what_is_not_there_is_named(
    data: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = _run("evaluate", *arguments, "--data", data)
    assert done.exit_code == 1
    assert message in done.stderr


def test_simulated_ice_is_measured_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = Sizes(samples=200, scenes=2, side_px=96)
    small = partial(simulated_ice.measure_ice, sizes=sizes)
    monkeypatch.setattr(simulated_ice, "measure_ice", small)
    registry = Registry(tmp_path / "models")
    torch.manual_seed(0)
    for name, classes in (("ice", ice_classes()), ("floes", ice_classes()[::-1])):
        registry.register(
            name,
            UNet(3, 4, width=4, depth=1),
            Signature((), ()),
            classes,
            metrics={},
            training={},
        )
    asked = ("evaluate", "simulated-ice", "--registry", registry.folder, "--quiet")
    runs = ("--experiments", tmp_path / "runs")
    out = tmp_path / "report"
    done = _run(*asked, "--model", "ice", *runs, "-o", out, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report == json.loads((out / "report.json").read_text())
    (run,) = Experiments(tmp_path / "runs").runs()
    assert run.parameters == {"dataset": "simulated-ice", "model": "ice"}
    assert run.metrics["accuracy"] == report["scenes"]["overall"]["value"]
    assert run.metrics["accuracy"] < 0.9
    wrong = _run(*asked, "--model", "floes")
    assert wrong.exit_code == 1
    assert "floes 1: it tells" in wrong.stderr


@pytest.mark.parametrize(
    ("dataset", "option"),
    [
        ("simulated-ice", "--split"),
        ("simulated-ice", "--recipe"),
        ("simulated-crops", "--split"),
        ("simulated-crops", "--model"),
        ("central-asia", "--model"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    dataset: str, option: str
) -> None:
    done = _run("evaluate", dataset, option, "x")
    assert done.exit_code == 2
    assert option in done.stderr
    assert f"{dataset} takes none" in done.stderr


def test_models_are_listed_and_promoted(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    for accuracy in (0.9, 0.8):
        registry.register(
            "two-crops",
            tempcnn(two_crops()),
            Signature((), ()),
            CLASSES,
            metrics={"accuracy": accuracy},
            training={"data": "two-crops"},
        )
    folder = ("--registry", tmp_path)
    best = _run("registry", "best", "two-crops", *folder, "--metric", "accuracy")
    assert best.stdout == "two-crops 1  none  accuracy 0.900\n"
    done = _run("registry", "promote", "two-crops", 1, "production", *folder)
    assert done.exit_code == 0, done.output
    listed = json.loads(_run("registry", "list", *folder, "--json").stdout)
    assert [one["stage"] for one in listed["models"]] == ["production", "none"]
    shown = _run("registry", "show", "two-crops", "--version", 1, *folder)
    assert "data: two-crops" in shown.stdout
    wrong = _run("registry", "promote", "two-crops", 1, "live", *folder)
    assert wrong.exit_code == 1
    assert "archived" in wrong.stderr


def test_a_model_is_exported(tmp_path: Path) -> None:
    samples = two_crops()
    _, dates, channels = samples.values_NTC.shape
    inputs = (
        Tensor("values", "FP32", (-1, dates, channels)),
        Tensor("days", "FP32", (-1, dates)),
    )
    Registry(tmp_path).register(
        "two-crops",
        Calibrated(tempcnn(samples), 2.0),
        Signature(inputs, ()),
        CLASSES,
        metrics={},
        training={},
    )
    file = tmp_path / "out" / "model.onnx"
    done = _run("export", "two-crops@1", "--registry", tmp_path, "-o", file, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["difference"] < 1e-4
    values = [samples.values_NTC[:3], samples.days_NT[:3]]
    session = onnxruntime.InferenceSession(file)
    names = [each.name for each in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, values, strict=True)))
    with torch.no_grad():
        expected = tempcnn(samples).eval()(*map(torch.from_numpy, values)) / 2
    assert found == pytest.approx(expected.numpy(), abs=1e-4)
    wrong = _run("export", "ships", "--registry", tmp_path, "-o", file)
    assert wrong.exit_code == 1
    assert "there is no model 'ships'; there are two-crops" in wrong.stderr


def test_what_cannot_be_trained_is_named(tmp_path: Path) -> None:
    done = _run("train", "atlantis", "--registry", tmp_path, "--name", "a")
    assert done.exit_code == 1
    assert "lies in a folder; name it with --data" in done.stderr
