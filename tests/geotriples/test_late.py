"""A mapping waits for the libraries of its own sources only."""

import subprocess
import sys


def test_a_run_loads_no_library_of_sources_that_it_does_not_read() -> None:
    code = "import sys, geotriples.run_local; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"pystac", "rasterio", "xarray", "pyogrio"} & set(loaded)
