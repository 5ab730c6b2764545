"""Classified scenes: accurate, calibrated, and the same in blocks as at once."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.errors import NoValidPixels, UnreadableRaster
from ml.map_rasters import read_probabilities, write_class_map
from ml.maps import ClassMap
from ml.rasters import Raster, read_raster, write_cog
from ml.scene import Scene
from ml.sim.ice import write_scene

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from ml.models import classify  # noqa: E402 - needs torch
from ml.models.classify import Context, classify_scene, sweep  # noqa: E402
from ml.models.gia import GaussianIncidenceAngle  # noqa: E402

ALONE = Context(sweeps=0)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("classify") / "scene"
    return write_scene(folder, seed=9, shape=(400, 400))


@pytest.fixture(scope="module")
def model() -> GaussianIncidenceAngle:
    return GaussianIncidenceAngle.from_parameters()


@pytest.fixture(scope="module")
def class_map(scene: Scene, model: GaussianIncidenceAngle) -> ClassMap:
    return classify_scene(scene, model)


@pytest.fixture(scope="module")
def truth_HW(scene: Scene) -> NDArray[np.uint8]:
    truth: NDArray[np.uint8] = read_raster(scene.source.path / "truth.tif").array_BHW[0]
    return truth


def _accuracy(class_map: ClassMap, truth_HW: NDArray[np.uint8]) -> float:
    is_right_HW = class_map.classes_HW == truth_HW
    return float(is_right_HW[class_map.valid_HW].mean())


def test_neighbors_make_the_map_accurate(
    class_map: ClassMap,
    scene: Scene,
    model: GaussianIncidenceAngle,
    truth_HW: NDArray[np.uint8],
) -> None:
    alone = _accuracy(classify_scene(scene, model, ALONE), truth_HW)
    together = _accuracy(class_map, truth_HW)
    assert 0.88 < alone < 0.95
    assert together > 0.983


@pytest.mark.parametrize("index", [1, 2, 3, 4])
def test_neighbors_help_every_class_even_narrow_leads(
    class_map: ClassMap,
    scene: Scene,
    model: GaussianIncidenceAngle,
    truth_HW: NDArray[np.uint8],
    index: int,
) -> None:
    is_class_HW = truth_HW == index
    alone = classify_scene(scene, model, ALONE).classes_HW[is_class_HW] == index
    together = class_map.classes_HW[is_class_HW] == index
    assert together.mean() > alone.mean() + 0.01


@pytest.mark.parametrize("context", [Context(), ALONE], ids=["together", "alone"])
def test_probabilities_are_calibrated(
    scene: Scene,
    model: GaussianIncidenceAngle,
    truth_HW: NDArray[np.uint8],
    context: Context,
) -> None:
    class_map = classify_scene(scene, model, context)
    valid_HW = class_map.valid_HW
    confidence = class_map.probabilities_KHW.max(axis=0)[valid_HW]
    is_right = (class_map.classes_HW == truth_HW)[valid_HW]
    bin_of = np.minimum((confidence * 15).astype(int), 14)
    gaps = [
        abs(confidence[own].mean() - is_right[own].mean()) * own.mean()
        for own in (bin_of == b for b in range(15))
        if own.any()
    ]
    assert sum(gaps) < 0.01


def test_a_model_with_shuffled_classes_fails(
    scene: Scene, model: GaussianIncidenceAngle, truth_HW: NDArray[np.uint8]
) -> None:
    order = [1, 2, 3, 0]
    shuffled = GaussianIncidenceAngle(
        model.scheme,
        model.codes,
        model.intercept_KP[order],
        model.slope_KP[order],
        model.covariance_KPP[order],
    )
    assert _accuracy(classify_scene(scene, shuffled), truth_HW) < 0.1


def test_blocks_of_rows_equal_the_whole(
    class_map: ClassMap,
    scene: Scene,
    model: GaussianIncidenceAngle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classify, "_BLOCK_ROWS", 90)
    in_blocks = classify_scene(scene, model)
    assert np.array_equal(in_blocks.valid_HW, class_map.valid_HW)
    difference = np.abs(in_blocks.probabilities_KHW - class_map.probabilities_KHW)
    assert difference.max() < 1e-4
    assert (in_blocks.classes_HW == class_map.classes_HW).mean() > 0.9999


def test_pixels_without_data_have_no_class(
    class_map: ClassMap, scene: Scene, truth_HW: NDArray[np.uint8]
) -> None:
    assert np.array_equal(class_map.valid_HW, truth_HW != 255)
    total_HW = class_map.probabilities_KHW.sum(axis=0)
    assert total_HW[class_map.valid_HW] == pytest.approx(1, abs=1e-5)
    assert (total_HW[~class_map.valid_HW] == 0).all()
    assert class_map.source == scene.source


def test_files_say_what_the_map_says(class_map: ClassMap, tmp_path: Path) -> None:
    paths = tmp_path / "classes.tif", tmp_path / "probabilities.tif"
    write_class_map(class_map, *paths)
    classes = read_raster(paths[0])
    assert np.array_equal(classes.is_valid_BHW[0], class_map.valid_HW)
    valid_HW = class_map.valid_HW
    assert np.array_equal(
        classes.array_BHW[0][valid_HW], class_map.classes_HW[valid_HW]
    )
    probabilities_KHW = read_probabilities(paths[1])
    off = np.abs(probabilities_KHW - class_map.probabilities_KHW)[:, valid_HW]
    assert off.max() <= 0.002 + 1e-6


def test_progress_ends_at_one(scene: Scene, model: GaussianIncidenceAngle) -> None:
    told: list[tuple[str, float]] = []
    classify_scene(scene, model, ALONE, lambda *stage: told.append(stage))
    assert told[0] == ("classify", 0.0)
    assert told[-1] == ("classify", 1.0)


def test_an_isolated_pixel_is_classified_alone() -> None:
    posterior = torch.full((1, 3, 9, 9), torch.nan)
    posterior[0, :, 4, 4] = torch.tensor([0.5, 0.3, 0.2]).log()
    swept = sweep(posterior, Context())
    assert swept[0, :, 4, 4].tolist() == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
    assert int(torch.isfinite(swept[0, 0]).sum()) == 1


def test_undecided_neighbors_do_not_persuade() -> None:
    posterior = torch.full((1, 2, 9, 9), 0.5).log()
    assert torch.allclose(sweep(posterior, Context()), torch.tensor(0.5))


def test_a_decided_neighborhood_persuades_a_doubtful_pixel() -> None:
    posterior = torch.tensor([0.95, 0.05]).log()[None, :, None, None].repeat(1, 1, 9, 9)
    posterior[0, :, 4, 4] = torch.tensor([0.4, 0.6]).log()
    assert float(sweep(posterior, Context())[0, 0, 4, 4]) > 0.9


def test_a_scene_of_nodata_is_refused(
    model: GaussianIncidenceAngle, tmp_path: Path
) -> None:
    scene = write_scene(tmp_path / "scene", seed=1, shape=(64, 64))
    empty = np.full((1, 64, 64), np.nan, dtype=np.float32)
    write_cog(scene.assets["HV"], Raster(empty, scene.grid, float("nan")))
    with pytest.raises(NoValidPixels):
        classify_scene(scene, model)


def test_a_truncated_band_is_named(
    model: GaussianIncidenceAngle, tmp_path: Path
) -> None:
    scene = write_scene(tmp_path / "scene", seed=1, shape=(64, 64))
    path = scene.assets["HH"]
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(UnreadableRaster, match=r"HH\.tif: it is truncated"):
        classify_scene(scene, model)
