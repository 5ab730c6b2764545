"""Gaussian random fields: the stuff that simulated surfaces are cut from."""

import math

import numpy as np
import scipy.fft
from numpy.typing import NDArray


def gaussian_field(
    shape: tuple[int, int],
    length_px: float | tuple[float, float],
    rng: np.random.Generator,
    *,
    angle_deg: float = 0.0,
) -> NDArray[np.float32]:
    """A stationary field with mean 0, variance 1 and Gaussian correlation.

    Two places at distance d are correlated by exp(-(d / length_px)^2).  Two lengths
    make it anisotropic: the first holds along the direction `angle_deg`, counted from
    the columns' axis towards the rows', the second across.

    The field is periodic on a grid that is padded by twice the length, so its opposite
    edges are independent.  Memory is linear in the number of pixels.
    """
    along, across = length_px if isinstance(length_px, tuple) else (length_px,) * 2
    longest = max(along, across)
    padded = [scipy.fft.next_fast_len(n + math.ceil(2 * longest)) for n in shape]
    white_HW = rng.standard_normal(padded, dtype=np.float32)
    # White noise convolved with a kernel of standard deviation s is correlated by
    # exp(-d^2 / 4 s^2), so a correlation length L asks for s = L / 2.
    transfer_HW = _transfer(padded, along / 2, across / 2, math.radians(angle_deg))
    spectrum_HW = scipy.fft.rfft2(white_HW) * transfer_HW
    field_HW = scipy.fft.irfft2(spectrum_HW, s=padded)[: shape[0], : shape[1]]
    return np.ascontiguousarray(field_HW, dtype=np.float32)


def _transfer(
    padded: list[int], along: float, across: float, angle: float
) -> NDArray[np.float32]:
    """The kernel, in the frequency domain; filtered white noise keeps variance 1."""
    rows_H1 = scipy.fft.fftfreq(padded[0])[:, None]
    columns_1W = scipy.fft.rfftfreq(padded[1])[None, :]
    cos, sin = math.cos(angle), math.sin(angle)
    u_HW = (columns_1W * cos + rows_H1 * sin) * along
    v_HW = (rows_H1 * cos - columns_1W * sin) * across
    transfer_HW = np.exp(-2 * math.pi**2 * (u_HW**2 + v_HW**2))
    # The real transform holds half of the spectrum: inner columns stand for two.
    twice_W = np.full(transfer_HW.shape[1], 2.0)
    twice_W[0] = 1.0
    if padded[1] % 2 == 0:
        twice_W[-1] = 1.0
    power = (transfer_HW**2 @ twice_W).sum() / math.prod(padded)
    return np.asarray(transfer_HW / math.sqrt(power), dtype=np.float32)
