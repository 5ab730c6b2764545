"""`pytheas ml simulate|predict|vectorize`, one after the other, as a user would."""

import json
from pathlib import Path

import geopandas
import pytest
import torch
from typer.testing import CliRunner, Result

from api.cli.main import app
from ml.models.unet import UNet
from ml.registry.store import Registry, Signature

pytestmark = pytest.mark.torch
CODES = ("leads-water-new", "leads-young", "level", "deformed")


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["ml", *map(str, arguments)])


def test_fields_are_simulated(tmp_path: Path) -> None:
    done = _run(
        *("simulate", "crop", "-o", tmp_path / "sim", "--size", 20, "--json"),
        *("--fields", 100),
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert 0.7 < said["bayes_accuracy"]["value"] < 0.95
    assert Path(said["cube"]).exists()
    assert Path(said["truth"]).exists()
    done = _run("evaluate", "central-asia")
    assert done.exit_code == 2
    assert "name it" in done.output


def test_from_a_simulation_to_polygons(tmp_path: Path) -> None:
    scene, models, made = (tmp_path / name for name in ("scene", "models", "map"))
    done = _run("simulate", "ice", "-o", scene, "--seed", 2, "--size", 96, "--json")
    assert done.exit_code == 0, done.output
    bounds = json.loads(done.stdout)["bayes_accuracy"]
    assert 0.89 < bounds["pixel"]["value"] < 0.93 < bounds["segment"]["value"]
    assert (scene / "truth.tif").exists()
    torch.manual_seed(0)
    Registry(models).register(
        "ice",
        UNet(3, 4, width=4, depth=1),
        Signature((), ()),
        tuple(f"https://w3id.org/pytheas/code/icetype/{code}" for code in CODES),
        metrics={},
        training={},
    )
    asked = ("predict", "ice", scene, "--registry", models, "-o", made)
    done = _run(*asked, "--tile", 80, "--quiet")
    assert done.exit_code == 0, done.output
    assert {each.name for each in made.iterdir()} == {
        *("class_map.tif", "probabilities.tif", "entropy.tif", "item.json")
    }
    done = _run("vectorize", made, "-o", tmp_path / "ice.gpkg", "--mmu", 1e6, "--json")
    assert done.exit_code == 0, done.output
    frame = geopandas.read_file(tmp_path / "ice.gpkg")
    assert len(frame) == json.loads(done.stdout)["polygons"] > 0
    assert frame.crs.to_epsg() == 3413
    assert frame.geometry.is_valid.all()
    assert frame["class_code"].isin(CODES).all()
    (scene / "incidence.tif").unlink()
    done = _run(*asked)
    assert done.exit_code == 1
    assert "incidence: absent" in done.stderr
    wrong = _run("vectorize", made, "-o", tmp_path / "ice.shp")
    assert wrong.exit_code == 1
    assert "end its name in .parquet or .gpkg" in wrong.stderr
