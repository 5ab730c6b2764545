"""The packaged numbers are the published ones, and name where they come from."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.sim.parameters import load_parameters
from ontologies.vocabulary import concept_scheme

PARAMETERS = load_parameters()


def test_numbers_equal_the_collected_ones(data: Path) -> None:
    collected = json.loads((data / "sim_params.json").read_text())
    ice = collected["sea_ice_gia_belgica_bank_2022"]
    assert PARAMETERS.ice.intercept_db_K2.tolist() == ice["a"]
    assert PARAMETERS.ice.slope_K2.tolist() == ice["b"]
    assert PARAMETERS.ice.covariance_K22.tolist() == ice["Sigma"]
    assert collected["enl"]["EW_GRDM"] == PARAMETERS.looks
    noise = collected["nesz_profile_S1A_EW_GRDM_20221130"]
    for p, polarization in enumerate(("hh", "hv")):
        profile = noise[polarization]
        assert PARAMETERS.noise.nesz_db_2N[p].tolist() == profile["nesz_db"]
        assert PARAMETERS.noise.incidence_N.tolist() == profile["incidence_deg"]
        column = np.array(profile["pixel"]) / profile["pixel"][-1]
        assert np.array_equal(PARAMETERS.noise.range_fraction_N, column)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        (PARAMETERS.ice.source, "jlo031/ice_type_classification"),
        (PARAMETERS.ice.source, "Lohse et al. 2020"),
        (PARAMETERS.noise.source, "S1A_EW_GRDM_1SDH_20221130T014342"),
        (PARAMETERS.looks_source, "stactools-sentinel1"),
    ],
)
def test_every_number_names_its_source(source: str, part: str) -> None:
    assert part in source


def test_every_class_is_a_concept() -> None:
    scheme = concept_scheme(PARAMETERS.ice.scheme)
    assert set(PARAMETERS.ice.codes) == set(scheme)


def test_covariances_are_positive_definite() -> None:
    assert (np.linalg.eigvalsh(PARAMETERS.ice.covariance_K22) > 0).all()
