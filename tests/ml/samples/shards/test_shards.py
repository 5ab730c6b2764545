"""Shards: what goes in comes out, in any order, and what is broken is named."""

import gc
import io
import itertools
import os
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import InvalidSamples, OutputExists
from ml.samples.columns import ShardColumn, channel_moments, label_counts
from ml.samples.shards.errors import UnreadableShards
from ml.samples.shards.model import Sample, SampleSet
from ml.samples.shards.reader import Shards, decode_npy, open_shards
from ml.samples.shards.stream import epoch_rows, stream
from ml.samples.shards.writer import write_shards
from tests.ml.samples.shards.made_up import made_up, values

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    write_shards(tmp_path / "shards", made_up(), shard_bytes=20_000)
    return open_shards(tmp_path / "shards")


def test_a_sample_is_found_by_its_number(shards: Shards) -> None:
    assert len(shards) == 20
    assert len(shards.manifest.shards) == 4
    for row in (19, 0, 7, 7):
        assert (shards.array(row, "values.npy") == row).all()
        assert shards.array(row, "days.npy").tolist() == [row, row + 1, row + 2]
        parts = shards.read(row)
        assert list(parts) == ["values.npy", "days.npy", "cls", "json"]
        assert int(parts["cls"]) == row % 4
    assert shards.column("region").to_pylist() == ["north"] * 7 + ["süden"] * 13
    assert shards.column("id")[5].as_py() == "place 5"
    shards.verify()


def test_webdataset_reads_what_the_index_finds(shards: Shards) -> None:
    paths = [str(shards.folder / each.name) for each in shards.manifest.shards]
    with warnings.catch_warnings():
        # It leaves the last file to the collector of garbage.
        warnings.simplefilter("ignore", ResourceWarning)
        found = list(webdataset.WebDataset(paths, shardshuffle=False).decode())
        gc.collect()
    assert [one["__key__"] for one in found] == shards.column("key").to_pylist()
    for row, one in enumerate(found):
        assert (one["values.npy"] == values(row)).all()
        assert one["cls"] == row % 4
        assert one["json"]["id"] == f"place {row}"


def test_tar_finds_the_files_where_the_index_says(shards: Shards) -> None:
    offsets = []
    for each in shards.manifest.shards:
        path = shards.folder / each.name
        assert path.stat().st_size == each.bytes
        with tarfile.open(path) as archive:
            members = archive.getmembers()
        offsets += [one.offset for one in members if one.name.endswith(".values.npy")]
    assert offsets == shards.offset_N.tolist()


def test_the_index_is_geoparquet_in_crs84(shards: Shards) -> None:
    frame = geopandas.read_parquet(shards.folder / "index.parquet")
    assert frame.crs.equals("OGC:CRS84")
    assert frame.geometry[4].equals(shapely.box(4, 60, 5, 61))
    assert frame.geometry[3] is None
    assert frame["label"].tolist() == [row % 4 for row in range(20)]
    assert (frame["time_start"].dt.year == 2022).all()


def test_equal_samples_give_equal_bytes(tmp_path: Path) -> None:
    one, two, other = (
        write_shards(tmp_path / name, made_up(count)).sha256
        for name, count in (("one", 9), ("two", 9), ("other", 10))
    )
    assert one == two != other


@given(
    count=st.integers(0, 40),
    ranks=st.integers(1, 5),
    seed=st.integers(0, 9),
    epoch=st.integers(0, 3),
    done=st.integers(0, 10),
)
def test_processes_share_an_epoch_and_go_on_where_they_were(
    count: int, ranks: int, seed: int, epoch: int, done: int
) -> None:
    parts = [
        epoch_rows(count, seed, epoch, rank=rank, ranks=ranks).tolist()
        for rank in range(ranks)
    ]
    assert sorted(itertools.chain(*parts)) == list(range(count))
    for rank, part in enumerate(parts):
        rest = epoch_rows(count, seed, epoch, rank=rank, ranks=ranks, done=done)
        assert rest.tolist() == part[done:]


def test_threads_change_nothing_but_the_time(shards: Shards) -> None:
    rows = epoch_rows(len(shards), 5, 0)
    found = [
        [decode_npy(one["values.npy"])[0, 0] for one in stream(shards, rows, workers=n)]
        for n in (1, 3)
    ]
    assert found[0] == found[1] == rows.tolist()
    some = stream(shards, rows)
    assert (decode_npy(next(some)["values.npy"]) == rows[0]).all()
    some.close()


def test_a_stream_holds_some_samples_and_no_more(tmp_path: Path) -> None:
    samples = (
        Sample(str(row), {"values.npy": np.zeros(1 << 20, np.uint8)})
        for row in range(64)
    )
    write_shards(
        tmp_path / "large",
        SampleSet("large", "patches", (), (), (), samples),
        shard_bytes=1 << 24,
    )
    # Its own process: what it has at most is told of a process as a whole.
    code = f"""
import resource
from pathlib import Path
from ml.samples.shards.reader import open_shards
from ml.samples.shards.stream import epoch_rows, stream
shards = open_shards(Path({str(tmp_path / "large")!r}))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seen = sum(len(one) for one in stream(shards, epoch_rows(len(shards), 0, 0)))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seen, after - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    seen, grown_kib = map(int, done.stdout.split())
    assert seen == 64 * 2
    assert grown_kib < 32 * 1024


def test_a_column_is_an_array_that_is_not_read(shards: Shards) -> None:
    column = ShardColumn(shards, "values.npy", np.arange(20))
    whole = np.stack([values(row) for row in range(20)])
    assert column.shape == whole.shape
    mask = np.arange(20) % 3 == 0
    for rows in (mask, np.array([4, 4, 1]), slice(2, 5)):
        assert (column[rows] == whole[rows]).all()
        assert (column.take(rows)[:] == whole[rows]).all()
    assert (column[5] == whole[5]).all()
    mean, deviation = channel_moments(column)
    assert mean == pytest.approx(whole.mean((0, 1)))
    assert deviation == pytest.approx(whole.std((0, 1)))


def test_moments_leave_out_what_was_not_observed() -> None:
    values = np.random.default_rng(0).normal(3, 2, (600, 4, 2))
    values[::3, 1, 0] = np.nan
    mean, deviation = channel_moments(values)
    assert mean == pytest.approx(np.nanmean(values, (0, 1)))
    assert deviation == pytest.approx(np.nanstd(values, (0, 1)))
    labels = np.array([0, 3, 3] * 200)
    assert label_counts(labels).tolist() == [200, 0, 0, 400]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "place 1"}, "place 1 stands in it twice"),
        ({"arrays": {"values.npy": np.zeros((2, 2))}}, "place 9 has arrays"),
        ({"label": None}, "place 9 has the parts"),
        ({"groups": {}}, "place 9 has the groups"),
    ],
)
def test_samples_that_do_not_fit_are_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    def changed() -> Iterator[Sample]:
        for row, sample in enumerate(good.samples):
            yield replace(sample, **change) if row == 9 else sample

    good = made_up()
    with pytest.raises(InvalidSamples, match=message):
        write_shards(tmp_path / "s", replace(good, samples=changed()))
    assert not list(tmp_path.iterdir())
    with pytest.raises(InvalidSamples, match="there are none"):
        write_shards(tmp_path / "s", made_up(0))


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OutputExists):
        write_shards(tmp_path, made_up())


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    code = f"""
import resource
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
from ml.samples.shards.errors import UnwritableShards
from ml.samples.shards.writer import write_shards
from tests.ml.samples.shards.made_up import made_up
try:
    write_shards(Path({str(tmp_path / "s")!r}), made_up())
except UnwritableShards as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "File too large; nothing was written" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_shard_that_was_changed_or_cut_is_named(shards: Shards) -> None:
    path = shards.folder / shards.manifest.shards[1].name
    content = path.read_bytes()
    path.write_bytes(content[:700])
    first = int(np.flatnonzero(shards.shard_N == 1)[0])
    with pytest.raises(UnreadableShards, match=r"shard-000001\.tar: is cut short"):
        shards.read(first)
    path.write_bytes(b"x" * len(content))
    with pytest.raises(UnreadableShards, match=r"has no 00000005\.values\.npy"):
        shards.read(first)
    with pytest.raises(UnreadableShards, match=r"shard-000001\.tar: is not what"):
        shards.verify()
    path.unlink()
    with pytest.raises(UnreadableShards, match="No such file"):
        shards.array(first, "values.npy")


def test_a_folder_that_is_none_of_ours_is_named(shards: Shards, tmp_path: Path) -> None:
    with pytest.raises(UnreadableShards, match=r"manifest\.json"):
        open_shards(tmp_path)
    manifest = shards.folder / "manifest.json"
    text = manifest.read_text()
    for bad in (text.replace('"version": 1', '"version": 7'), "[]", "{"):
        manifest.write_text(bad)
        with pytest.raises(UnreadableShards, match=r"manifest\.json"):
            open_shards(shards.folder)
    manifest.write_text(text)
    (shards.folder / "index.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableShards, match=r"index\.parquet: is not what"):
        open_shards(shards.folder)


def test_pickled_arrays_are_refused() -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([os.getpid], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        decode_npy(buffer.getvalue())
