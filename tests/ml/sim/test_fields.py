"""Random fields have the variance and the correlation that they are asked for."""

import numpy as np
import pytest

from ml.sim.fields import gaussian_field


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _correlation(field_HW: np.ndarray, rows: int, columns: int) -> float:
    height, width = field_HW.shape
    here = field_HW[: height - rows, : width - columns]
    there = field_HW[rows:, columns:]
    return float(np.corrcoef(here.ravel(), there.ravel())[0, 1])


@pytest.mark.parametrize("length_px", [2.0, 5.0, 7.5])
def test_variance_is_one_and_correlation_falls_to_one_over_e(length_px: float) -> None:
    field_HW = gaussian_field((600, 601), length_px, _rng())
    assert field_HW.var() == pytest.approx(1, abs=0.03)
    assert field_HW.mean() == pytest.approx(0, abs=0.05)
    distance = round(length_px)
    expected = np.exp(-((distance / length_px) ** 2))
    assert _correlation(field_HW, 0, distance) == pytest.approx(expected, abs=0.03)
    assert _correlation(field_HW, distance, 0) == pytest.approx(expected, abs=0.03)


def test_two_lengths_hold_along_and_across_the_direction() -> None:
    along_columns = gaussian_field((500, 500), (12.0, 3.0), _rng())
    assert _correlation(along_columns, 0, 12) == pytest.approx(np.exp(-1), abs=0.06)
    assert _correlation(along_columns, 3, 0) == pytest.approx(np.exp(-1), abs=0.03)
    diagonal = gaussian_field((500, 500), (12.0, 3.0), _rng(), angle_deg=45.0)
    towards_rows_and_columns = _correlation(diagonal, 6, 6)
    mirrored = np.ascontiguousarray(diagonal[:, ::-1])
    assert towards_rows_and_columns > _correlation(mirrored, 6, 6) + 0.4


def test_opposite_edges_are_independent() -> None:
    rng = _rng(1)
    pairs = []
    for _ in range(40):
        field_HW = gaussian_field((40, 40), 8.0, rng)
        pairs.append((field_HW[20, 0], field_HW[20, -1]))
    assert abs(np.corrcoef(np.array(pairs).T)[0, 1]) < 0.4


def test_the_same_seed_gives_the_same_field() -> None:
    first, again, other = (gaussian_field((32, 48), 4.0, _rng(s)) for s in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
