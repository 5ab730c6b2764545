"""How many pixels and series a second are mapped by networks, and drawn as polygons.

    python -m benchmarks.ml_maps [--side 1024] [--threads 2]

Networks have their real sizes and weights that learned nothing, which costs the same.
Inputs are in memory and what is said is thrown away: reading, writing and compression
are not in it.  On a machine with a GPU networks run on it, and the clock waits for it.
CPU seconds are user and system time of the process over all threads; the least of
three runs counts.
"""

# ruff: noqa: N806 - the shape suffixes of `ml`

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from ml.legends import legend_of_codes
from ml.map_rasters import NO_CLASS
from ml.maps import ClassMap, Generalization, ModelVersion, Source
from ml.models.architectures import describe
from ml.models.classify import Context, classify_bands
from ml.models.gia import GaussianIncidenceAngle
from ml.models.ltae import Ltae
from ml.models.tempcnn import TempCnn
from ml.models.unet import UNet
from ml.prediction.scene_map import network_of
from ml.prediction.tiles import Tiling, blended_rows
from ml.sim.ice import Setup, Simulation, simulate
from ml.sim.parameters import load_parameters
from ml.vectorize.polygonize import polygonize

RUNS: Final = 3
SERIES: Final = 8_192
DATES, CHANNELS = 36, 10
HECTARE_M2: Final = 10_000.0
_K: Final = 1e3
_HERE: Final = Path(__file__)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    scene = simulate(Setup(shape=(asked.side, asked.side)), seed=0)
    pixels = asked.side**2
    print(f"{_hardware()}, {asked.threads} threads; {asked.side} x {asked.side} pixels")
    print("| what | thousand | wall s | per s | CPU s | per CPU s |")
    print("|---|---:|---:|---:|---:|---:|")
    _line("ice, closed form with neighbors", pixels, lambda: _closed_form(scene))
    unet = UNet(3, 4)
    _line(f"ice, U-Net, {_size(unet)}", pixels, lambda: _map(unet, scene))
    for name, model in (
        ("TempCNN", TempCnn(CHANNELS, DATES, 10)),
        ("L-TAE", Ltae(CHANNELS, 10)),
    ):
        what = f"crops, {name}, {_size(model)}, {DATES} dates x {CHANNELS}"
        _line(what, SERIES, _asker(model))
    _vectorize(scene, pixels)


def _hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    with open("/proc/cpuinfo", encoding="ascii") as info:  # noqa: PTH123 - Linux
        names = [line.split(":")[1].strip() for line in info if "model name" in line]
    return names[0] if names else "CPU"


def _size(model: nn.Module) -> str:
    return f"{sum(each.numel() for each in model.parameters()) / 1e3:.0f} k weights"


def _line(what: str, count: int, run: Callable[[], object]) -> None:
    wall, cpu = min(_timed(run) for _ in range(RUNS))
    thousands = count / _K
    print(
        f"| {what} | {thousands:,.0f} | {wall:.2f} | {thousands / wall:,.1f} "
        f"| {cpu:.2f} | {thousands / cpu:,.1f} |",
        flush=True,
    )


def _timed(run: Callable[[], object]) -> tuple[float, float]:
    before, start = _cpu(), time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _closed_form(scene: Simulation) -> None:
    model = GaussianIncidenceAngle.from_parameters()
    classify_bands(scene.bands, scene.looks, model, Context())


def _map(model: UNet, scene: Simulation) -> None:
    values_HWC = np.stack([*scene.bands.sigma0_db_PHW, scene.bands.incidence_HW], 2)
    halo = -(-model.halo // model.stride) * model.stride
    tiling = Tiling(512, halo, 16)
    shape = values_HWC.shape[0], values_HWC.shape[1]
    for _ in blended_rows(
        lambda start, stop: values_HWC[start:stop], shape, network_of(model), tiling
    ):
        pass


def _asker(model: nn.Module) -> Callable[[], object]:
    assert describe(model)  # noqa: S101 - it is one that can be registered
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device).eval()
    values = torch.randn(SERIES, DATES, CHANNELS, device=device)
    days = (10.0 * torch.arange(DATES, device=device)).expand(SERIES, -1)

    def run() -> None:
        with torch.inference_mode():
            for part in range(0, SERIES, 4_096):
                model(values[part : part + 4_096], days[part : part + 4_096])

    return run


def _vectorize(scene: Simulation, pixels: int) -> None:
    ice = load_parameters().ice
    said_KHW = classify_bands(
        scene.bands, scene.looks, GaussianIncidenceAngle.from_parameters(), Context()
    )
    valid_HW = np.isfinite(said_KHW[0]) & (scene.classes_HW != NO_CLASS)
    class_map = ClassMap(
        grid=scene.grid,
        classes_HW=(said_KHW.argmax(0) + 1).astype(np.int32),
        valid_HW=valid_HW,
        probabilities_KHW=np.nan_to_num(said_KHW),
        legend=legend_of_codes(ice.scheme, ice.codes),
        source=Source("benchmark", _HERE, None, None, None, None, "file"),
        model=ModelVersion("benchmark", "0"),
    )
    for hectares, tolerance in ((0.0, 0.0), (10.0, 1.0)):
        how = Generalization(hectares * HECTARE_M2, tolerance)
        count = len(polygonize(class_map, how).table)
        what = f"polygons, {count:,}, MMU {hectares:g} ha, tolerance {tolerance:g} px"
        _line(what, pixels, lambda how=how: polygonize(class_map, how))


if __name__ == "__main__":
    main()
