"""Rasters survive the way to a file and back, and damaged files say so."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pyproj import CRS
from rio_cogeo.cogeo import cog_validate

from ml.errors import MissingCrs, UnreadableRaster
from ml.maps import Grid
from ml.rasters import Raster, read_grid, read_raster, read_rows, write_cog, writing

POLAR = CRS("EPSG:3413")
TRANSFORM = Affine(80.0, 0.0, 534_720.0, 0.0, -80.0, -774_640.0)


def _raster(count: int = 2, size: int = 40, dtype: str = "float32") -> Raster:
    shape = (count, size, size + 3)
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    grid = Grid(TRANSFORM, POLAR, size, size + 3)
    return Raster(array, grid, nodata=0, descriptions=("a", "b")[:count])


def _write_plain(path: Path, *, crs: str | None, transform: Affine) -> None:
    profile = {"driver": "GTiff", "height": 4, "width": 5, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile) as dataset:
        dataset.write(np.ones((1, 4, 5), np.uint8))


@given(
    array=hnp.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32]),
        st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40)),
    ),
    nodata=st.sampled_from([None, 0, 200]),
    tags=st.dictionaries(
        st.text("ABCDEF", min_size=1, max_size=6),
        st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1),
        max_size=3,
    ),
)
@settings(max_examples=40, deadline=None)
def test_reading_restores_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    array: np.ndarray,
    nodata: float | None,
    tags: dict[str, str],
) -> None:
    path = tmp_path_factory.mktemp("cog") / "raster.tif"
    names = tuple(f"band {i}" for i in range(array.shape[0]))
    grid = Grid(TRANSFORM, POLAR, *array.shape[1:])
    raster = Raster(array, grid, nodata, names, tags, scale=0.25, offset=1.5)
    write_cog(path, raster)
    again = read_raster(path)
    assert again.array_BHW.dtype == array.dtype
    assert np.array_equal(again.array_BHW, array, equal_nan=array.dtype.kind == "f")
    assert again.grid == raster.grid
    assert again.nodata == nodata
    assert again.descriptions == names
    assert again.tags == tags
    assert (again.scale, again.offset) == (0.25, 1.5)


def test_nan_may_be_nodata(tmp_path: Path) -> None:
    raster = _raster()
    raster.array_BHW[0, 3, 4] = np.nan
    path = tmp_path / "nan.tif"
    write_cog(path, Raster(raster.array_BHW, raster.grid, float("nan")))
    assert np.argwhere(~read_raster(path).is_valid_BHW).tolist() == [[0, 3, 4]]


def test_a_palette_is_kept_and_large_files_have_overviews(tmp_path: Path) -> None:
    classes = np.repeat(np.arange(1, 5, dtype=np.uint8), 300 * 1200)
    raster = Raster(
        classes.reshape(1, 1200, 1200),
        Grid(TRANSFORM, POLAR, 1200, 1200),
        nodata=255,
        colormap={value: (value, 2, 3, 255) for value in range(1, 5)},
    )
    path = tmp_path / "classes.tif"
    write_cog(path, raster)
    assert cog_validate(path, strict=True) == (True, [], [])
    again = read_raster(path)
    assert {v: again.colormap[v] for v in raster.colormap} == raster.colormap
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1) == [2, 4]
        overview = dataset.read(1, out_shape=(300, 300))
        # No class is invented between two others.
        assert set(np.unique(overview)) <= {1, 2, 3, 4}


def test_the_same_raster_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif"):
        write_cog(tmp_path / name, _raster())
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_rows_are_part_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "raster.tif"
    write_cog(path, _raster())
    assert np.array_equal(read_rows(path, 7, 19), _raster().array_BHW[:, 7:19])
    assert read_grid(path) == _raster().grid


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.tif"
    path.write_bytes(b"old")

    def write_half() -> None:
        with writing(path) as unfinished:
            unfinished.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_crs_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.tif"
    _write_plain(path, crs=None, transform=TRANSFORM)
    with pytest.raises(MissingCrs, match=r"nowhere\.tif: .*--crs EPSG:"):
        read_raster(path)
    assert read_raster(path, POLAR).grid.crs == POLAR


def test_the_file_has_a_say_before_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "here.tif"
    _write_plain(path, crs="EPSG:32631", transform=TRANSFORM)
    assert read_raster(path, POLAR).grid.crs == CRS("EPSG:32631")


def test_no_transform_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "pixels.tif"
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        _write_plain(path, crs="EPSG:3413", transform=Affine.identity())
    with pytest.raises(UnreadableRaster, match="where its pixels lie"):
        read_raster(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"no raster at all", "no raster"),
    ],
)
def test_what_is_no_raster_is_refused(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "broken.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableRaster, match=rf"broken\.tif: .*{reason}"):
        read_raster(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.95])
def test_a_truncated_raster_is_refused(tmp_path: Path, kept: float) -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((1, 300, 300)).astype(np.float32)
    path = tmp_path / "short.tif"
    write_cog(path, Raster(noise, Grid(TRANSFORM, POLAR, 300, 300)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(UnreadableRaster, match="truncated"):
        read_raster(path)
