"""What it takes to make a scene and a cube of Sentinel-2 products: time and memory.

Simulated products of two dates are prepared by processes of their own, whose CPU
seconds and greatest memory are printed: of all ten bands, with clouds masked and grown
by 100 m, to pixels of 10 m.
"""

import re
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.prep.cloud_mask import MaskRule
from ml.prep.s2_cube import write_cube
from ml.prep.s2_scene import only_date, write_date
from ml.prep.s2_series import Options, plan_series
from ml.products.observations import observation_of
from ml.products.s2_bands import SCL
from ml.products.sentinel2 import open_sentinel2
from ml.sim.safe_s2 import write_safe_s2
from ml.sim.safe_s2_metadata import S2Acquisition

DAYS: Final = (25, 30)
CLOUD: Final = 9
VEGETATION: Final = 4


def main(sizes: list[int]) -> None:
    """Print a table: for each size (pixels of 10 m a side) a scene and a cube."""
    print("| pixels a side | output | CPU s | peak MB |\n|---:|---|---:|---:|")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            products = [simulate(folder, size, day) for day in DAYS]
            for kind, given in (("scene", products[:1]), ("cube", products)):
                command = [sys.executable, "-m", "benchmarks.prep_s2", kind]
                run = subprocess.run(  # noqa: S603 - ourselves
                    [*command, str(folder / kind), *map(str, given)],
                    capture_output=True,
                    check=True,
                    text=True,
                )
                print(f"| {size:,} | {kind} | {run.stdout.strip()} |", flush=True)


def simulate(folder: Path, size: int, day: int) -> Path:
    """A product of waves and noise under clouds."""

    def ground(
        band: str, resolution_m: int, start: int, stop: int
    ) -> NDArray[np.float32]:
        rows, columns = np.mgrid[start:stop, 0 : size * 10 // resolution_m]
        y, x = (resolution_m * axis.astype(np.float32) for axis in (rows, columns))
        if band == SCL:
            is_cloud = np.sin(x / 3000) * np.cos(y / 2300) > 0.6  # noqa: PLR2004
            return np.where(is_cloud, CLOUD, VEGETATION).astype(np.float32)
        noise = np.random.default_rng(start).normal(0, 0.003, x.shape)
        waves = 0.1 * np.sin(x / 700) * np.cos(y / 500)
        return np.asarray(0.2 + waves + noise, np.float32)

    when = datetime(2023, 6, day, 10, 10, 21, tzinfo=UTC)
    return write_safe_s2(folder, S2Acquisition(when, size=size), ground)


def prepare(kind: str, out: Path, products: list[Path]) -> None:
    """Prepare products, and print what this process took."""
    observations = [observation_of(open_sentinel2(path)) for path in products]
    series = plan_series(observations, Options(rule=MaskRule(dilation_m=100)))
    if kind == "cube":
        write_cube(series, out)
    else:
        write_date(series, only_date(series), out.with_suffix(".tif"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    # Not ru_maxrss: a process inherits that of the one that started it.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    megabytes = int(peak[1]) // 1024 if peak else 0
    print(f"{used.ru_utime + used.ru_stime:.0f} | {megabytes:,}")


if __name__ == "__main__":
    if sys.argv[1:2] in (["scene"], ["cube"]):
        prepare(sys.argv[1], Path(sys.argv[2]), [Path(p) for p in sys.argv[3:]])
    else:
        main([int(text) for text in sys.argv[1:]] or [4_980, 9_960])
