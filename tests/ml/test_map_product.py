"""A map product is there whole, or what was there before still is."""

from pathlib import Path

import numpy as np
import pytest

from ml import map_product
from ml.errors import NoValidPixels, OutputExists
from ml.map_product import product_in, write_map_product
from ml.maps import ClassMap, Generalization
from ml.polygons import read_polygons
from ml.rasters import read_raster
from tests.ml.class_maps import SOURCE, class_map, smooth_classes

EXACT = Generalization()


@pytest.fixture
def made(tmp_path: Path) -> ClassMap:
    scene = tmp_path / "scene-1.nc"
    scene.write_bytes(b"a scene")
    return class_map(smooth_classes((30, 40)))


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_file_is_there_and_nothing_else(made: ClassMap, tmp_path: Path) -> None:
    out_dir = tmp_path / "new" / "map"
    product = write_map_product(made, out_dir, EXACT)
    assert product == product_in(out_dir)
    assert sorted(_content(out_dir)) == [
        "class_map.tif",
        "item.json",
        "polygons.parquet",
        "probabilities.tif",
    ]
    assert list(out_dir.parent.iterdir()) == [out_dir]


def test_rasters_hold_the_map_as_it_is(made: ClassMap, tmp_path: Path) -> None:
    product = write_map_product(made, tmp_path / "map", Generalization(16_000.0, 1.0))
    classes = read_raster(product.class_map)
    assert (classes.array_BHW[0] == made.classes_HW).all()
    assert classes.grid == made.grid
    probabilities = read_raster(product.probabilities)
    assert probabilities.descriptions == ("c1", "c2", "c3", "c4")
    assert read_polygons(product.polygons).table["n_pixels"].to_numpy().sum() == 1200


def test_the_same_map_gives_the_same_files(made: ClassMap, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_map_product(made, tmp_path / name, EXACT)
    assert _content(tmp_path / "a") == _content(tmp_path / "b")


def test_an_earlier_product_is_replaced(made: ClassMap, tmp_path: Path) -> None:
    write_map_product(made, tmp_path / "map", EXACT)
    before = _content(tmp_path / "map")
    write_map_product(made, tmp_path / "map", Generalization(16_000.0, 1.0))
    after = _content(tmp_path / "map")
    assert before["polygons.parquet"] != after["polygons.parquet"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map", "scene-1.nc"]


def test_an_empty_folder_is_filled(made: ClassMap, tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    assert write_map_product(made, tmp_path / "map", EXACT).item.is_file()


def test_other_files_are_not_overwritten(made: ClassMap, tmp_path: Path) -> None:
    out_dir = tmp_path / "map"
    out_dir.mkdir()
    (out_dir / "thesis.txt").write_text("ten years of work")
    with pytest.raises(OutputExists, match="name another"):
        write_map_product(made, out_dir, EXACT)
    with pytest.raises(OutputExists):
        write_map_product(made, out_dir / "thesis.txt", EXACT)
    assert _content(out_dir) == {"thesis.txt": b"ten years of work"}


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    nothing = class_map(np.ones((5, 5), np.int32), np.zeros((5, 5), np.bool_))
    with pytest.raises(NoValidPixels):
        write_map_product(nothing, tmp_path / "map", EXACT)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_at_the_last_file_leaves_the_earlier_product(
    made: ClassMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_map_product(made, tmp_path / "map", EXACT)
    before = _content(tmp_path / "map")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(map_product, "write_item", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_map_product(made, tmp_path / "map", Generalization(16_000.0, 1.0))
    assert _content(tmp_path / "map") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map", "scene-1.nc"]


def test_progress_is_told_and_ends_at_one(made: ClassMap, tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    write_map_product(made, tmp_path / "map", EXACT, lambda *stage: heard.append(stage))
    assert [stage for stage, fraction in heard if fraction == 1.0] == [
        "write rasters",
        "vectorize",
        "describe",
    ]
    assert SOURCE.scene_id == made.source.scene_id
