"""Smoothed maps lose single pixels and keep edges, and what has no class has none."""

from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import mode

from ml.hcat import hcat_columns
from ml.map_files import vectorize
from ml.map_rasters import write_class_map
from ml.maps import ClassMap, Generalization
from ml.polygons import read_polygons
from ml.vectorize.errors import InvalidSmoothing
from ml.vectorize.smoothing import Smoothing, Way, smooth
from ontologies.vocabulary import concept_scheme
from tests.ml.class_maps import class_map

RNG = np.random.default_rng(0)


def _speckled() -> ClassMap:
    """Two halves, a tenth of the pixels wrong and unsure, a corner without a class."""
    truth_HW = np.where(np.arange(40) < 20, 0, 1)[None].repeat(30, 0)
    is_wrong_HW = RNG.random(truth_HW.shape) < 0.1
    sure_HW = np.where(is_wrong_HW, 0.45, 0.95)
    second_HW = np.where(truth_HW == 1, sure_HW, 1 - sure_HW)
    probabilities_KHW = np.stack([1 - second_HW, second_HW]).astype(np.float32)
    valid_HW = np.ones(truth_HW.shape, bool)
    valid_HW[:4, :4] = False
    classes_HW = (probabilities_KHW.argmax(0) + 1).astype(np.int32)
    return class_map(classes_HW, valid_HW, probabilities_KHW)


def test_mode_is_that_of_the_window() -> None:
    speckled = _speckled()
    found = smooth(speckled, Smoothing(Way.MODE, 3))
    inner = np.lib.stride_tricks.sliding_window_view(speckled.classes_HW, (3, 3))
    expected = mode(inner.reshape(*inner.shape[:2], 9), axis=2).mode
    # Away from the pixels without a class, and two classes never tie among nine.
    np.testing.assert_array_equal(found.classes_HW[6:-1, 6:-1], expected[5:, 5:])
    np.testing.assert_array_equal(found.probabilities_KHW, speckled.probabilities_KHW)


@pytest.mark.parametrize("way", list(Way))
def test_single_pixels_go_and_the_edge_stays(way: Way) -> None:
    speckled = _speckled()
    truth_HW = np.where(np.arange(40) < 20, 1, 2)[None].repeat(30, 0)
    before, after = (
        (each.classes_HW == truth_HW)[each.valid_HW].mean()
        for each in (speckled, smooth(speckled, Smoothing(way)))
    )
    assert before < 0.92
    assert after > 0.98


def test_probabilities_stay_probabilities() -> None:
    found = smooth(_speckled(), Smoothing(Way.BAYES, 5))
    sums_HW = found.probabilities_KHW.sum(0)
    assert sums_HW[found.valid_HW] == pytest.approx(1)
    assert (sums_HW[~found.valid_HW] == 0).all()
    level = replace(
        _speckled(),
        probabilities_KHW=np.full((2, 30, 40), [[[0.3]], [[0.7]]], np.float32),
    )
    same = smooth(level, Smoothing(Way.BAYES))
    valid_HW = level.valid_HW
    assert same.probabilities_KHW[1][valid_HW] == pytest.approx(0.7, abs=1e-6)


def test_a_window_has_a_middle() -> None:
    for window in (1, 4, -3):
        with pytest.raises(InvalidSmoothing, match="use 3, 5, 7"):
            Smoothing(Way.MODE, window)


def test_crops_are_told_in_the_words_of_hcat(tmp_path: Path) -> None:
    wheat = concept_scheme("hcat")["3301010101"].iri
    maize = concept_scheme("worldcereal/croptype")["maize"].iri
    ice = concept_scheme("icetype")["level"].iri
    assert hcat_columns([wheat, maize, ice]) == {
        "EC_hcat_n": ["winter_common_soft_wheat", "arable_crops", None],
        "EC_hcat_c": ["3301010101", "3301000000", None],
    }
    write_class_map(
        _speckled(), tmp_path / "class_map.tif", tmp_path / "probabilities.tif"
    )
    for name in ("crops.parquet", "crops.gpkg"):
        polygons = vectorize(
            tmp_path,
            tmp_path / name,
            Generalization(),
            smoothing=Smoothing(Way.MODE),
            is_hcat=True,
        )
    frame = geopandas.read_file(tmp_path / "crops.gpkg")
    assert {"EC_hcat_n", "EC_hcat_c"} <= set(frame.columns)
    assert len(read_polygons(tmp_path / "crops.parquet").table) == len(frame)
    assert len(polygons.table) == len(frame)
    columns = pq.read_table(tmp_path / "crops.parquet").column_names
    assert columns[-2:] == ["EC_hcat_n", "EC_hcat_c"]
