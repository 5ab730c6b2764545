"""Statistics, views, training data sets, and what is broken or taken."""

import itertools
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from ml.features.errors import (
    CorruptFeatures,
    EntryExists,
    FeatureStoreError,
    InvalidFeatures,
    InvalidQuery,
    NoSuchEntry,
    UnwritableFeatures,
)
from ml.features.groups import FeatureGroup
from ml.features.schema import Feature
from ml.features.store import FeatureStore
from ml.features.training_data import Split
from tests.ml.features.frames import day, frame

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]


def test_statistics_are_those_of_pandas(store: FeatureStore) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "key": np.arange(500),
            "value": np.where(rng.random(500) < 0.1, np.nan, rng.normal(3, 2, 500)),
            "name": rng.choice(["a", "b", "c"], 500, p=[0.5, 0.3, 0.2]),
        }
    )
    group = store.create_feature_group("g", primary_key=["key"])
    group.insert(frame.iloc[:300])
    before = group.statistics
    group.insert(frame)
    value = group.statistics["value"]
    told = frame["value"].describe()
    assert (value.count, value.nulls) == (500, int(frame["value"].isna().sum()))
    numbers = [value.mean, value.std, value.min, value.max]
    assert numbers == pytest.approx(told[["mean", "std", "min", "max"]].tolist())
    counts, edges = np.histogram(frame["value"].dropna(), 20)
    assert value.histogram == (tuple(edges.tolist()), tuple(counts.tolist()))
    name = group.statistics["name"]
    assert dict(name.frequent) == frame["name"].value_counts().to_dict()
    assert name.distinct == 3
    # Those of a commit stay what they were.
    assert group.as_of(1).statistics == before
    assert before["key"].count == 300


def test_a_training_data_set_is_what_its_commits_give(
    store: FeatureStore, crops: FeatureGroup, ndvi: FeatureGroup
) -> None:
    query = crops.select_all().join(ndvi.select(["value"]))
    view = store.create_feature_view("seen", query=query, labels=["crop"])
    made = view.create_training_data(description="the first")
    features, labels = view.get_training_data(made.version)
    assert features.columns.tolist() == ["parcel", "told", "value"]
    assert labels["crop"].tolist() == ["wheat", "rice", "rice"]
    assert made.statistics["value"].nulls == 1
    # What comes later changes the view, and not the data set.
    ndvi.insert(frame(parcel=["c"], observed=[day(2)], value=[0.9], cloud=[0]))
    assert view.get_batch_data()["value"].tolist() == [0.65, 0.3, 0.9]
    view.recreate_training_data(made.version)
    again = view.create_training_data()
    assert again.sha256 != made.sha256
    found = store.get_feature_view("seen").training_datasets()
    assert [one.version for one in found] == [1, 2]
    assert found[0] == made
    assert found[0].query["base"]["commit"] == 1
    assert found[0].query["joins"][0]["commit"] == 3


def test_equal_commits_and_splits_give_equal_bytes(
    store: FeatureStore, crops: FeatureGroup
) -> None:
    many = frame(
        parcel=[f"p{n}" for n in range(40)],
        told=[day(n) for n in range(40)],
        crop=["rice"] * 40,
    )
    crops.insert(many)
    view = store.create_feature_view("v", query=crops.select_all(), labels=["crop"])
    one, two, other = (
        view.create_train_test_split(Split(0.25, seed)).sha256 for seed in (1, 1, 2)
    )
    assert one == two != other
    x_train, x_test, y_train, y_test = view.train_test_split(0.25, seed=3)
    assert (len(x_train), len(x_test)) == (len(y_train), len(y_test)) == (32, 11)
    assert not set(x_train["parcel"]) & set(x_test["parcel"])
    late = view.create_train_test_split(Split(test_start=day(30)))
    _, x_test, _, _ = view.get_train_test_split(late.version)
    assert (x_test["told"] >= day(30)).all()
    assert late.rows == {"train": 33, "test": 10}
    for version in (1, 3, late.version):
        view.recreate_training_data(version)


def test_a_split_keeps_groups_whole(store: FeatureStore, ndvi: FeatureGroup) -> None:
    frame = pd.DataFrame(
        [
            {"parcel": f"p{n}", "observed": day(d), "value": 0.5, "cloud": 0}
            for n, d in itertools.product(range(10), range(4))
        ]
    )
    ndvi.insert(frame)
    view = store.create_feature_view("v", query=ndvi.select_all(), labels=["cloud"])
    x_train, x_test, _, _ = view.train_test_split(0.3, by="parcel")
    assert not set(x_train["parcel"]) & set(x_test["parcel"])
    assert len(x_test) == pytest.approx(0.3 * 45, abs=4)
    for split, message in (
        (Split(by="colour"), "'colour' is no column"),
        (Split(0.001), "0 of 45 rows would be for the test"),
        (Split(1.5), "between 0 and 1"),
    ):
        with pytest.raises(InvalidQuery, match=message):
            view.create_train_test_split(split)


def test_batches_are_of_a_time_and_vectors_of_now(
    store: FeatureStore, ndvi: FeatureGroup
) -> None:
    view = store.create_feature_view(
        "v", query=ndvi.select(["parcel", "value", "cloud"]), labels=["cloud"]
    )
    batch = view.get_batch_data(start_time=day(1), end_time=day(5))
    assert batch["value"].tolist() == [0.2, 0.3]
    assert batch.columns.tolist() == ["parcel", "value"]
    assert view.get_feature_vector({"parcel": "a"}) == {"parcel": "a", "value": 0.4}
    with pytest.raises(NoSuchEntry, match="row of"):
        view.get_feature_vector({"parcel": "z"})
    with pytest.raises(InvalidQuery, match="has the key"):
        view.get_feature_vector({"field": "a"})


def test_names_and_versions_are_found_or_named(
    store: FeatureStore, ndvi: FeatureGroup
) -> None:
    second = store.create_feature_group("ndvi", primary_key=["parcel"])
    assert second.version == 2
    assert store.get_feature_group("ndvi").version == 2
    assert store.feature_groups() == (("ndvi", 1), ("ndvi", 2))
    same = store.get_or_create_feature_group(
        "ndvi", 1, primary_key=["parcel"], event_time="observed"
    )
    assert same.read().equals(ndvi.read())
    query = ndvi.select(["value"])
    view = store.get_or_create_feature_view("v", query=query)
    assert store.get_or_create_feature_view("v", query=query).version == view.version
    assert store.feature_views() == (("v", 1),)


def test_what_is_not_there_or_taken_is_named(
    store: FeatureStore, ndvi: FeatureGroup
) -> None:
    store.create_feature_group("ndvi", primary_key=["parcel"])
    query = ndvi.select(["value"])
    view = store.create_feature_view("v", query=query)
    wrong: list[tuple[Callable[[], Any], type[FeatureStoreError], str]] = [
        (lambda: store.get_feature_group("nvdi"), NoSuchEntry, "there are: ndvi"),
        (lambda: store.get_feature_group("ndvi", 9), NoSuchEntry, "there are: 1, 2"),
        (lambda: store.get_feature_view("w"), NoSuchEntry, "feature view 'w'"),
        (lambda: store.get_feature_group("../x"), InvalidFeatures, "is no name"),
        (
            lambda: store.create_feature_group("ndvi", 1, primary_key=["x"]),
            EntryExists,
            "ndvi 1 exists",
        ),
        (
            lambda: store.get_or_create_feature_group("ndvi", 1, primary_key=["x"]),
            EntryExists,
            r"has the key \['parcel'\]",
        ),
        (
            lambda: store.get_or_create_feature_view("v", query=ndvi.select_all()),
            EntryExists,
            "another query",
        ),
        (
            lambda: store.create_feature_view("u", query=query, labels=["crop"]),
            InvalidQuery,
            "none of",
        ),
        (
            lambda: store.create_feature_group(
                "g", primary_key=["x"], features=[Feature("x", "money")]
            ),
            InvalidFeatures,
            "'money' is no type",
        ),
        (lambda: view.training_dataset(3), NoSuchEntry, "training data set 3"),
    ]
    for ask, kind, message in wrong:
        with pytest.raises(kind, match=message):
            ask()


def test_changed_and_missing_files_are_named(
    store: FeatureStore, ndvi: FeatureGroup
) -> None:
    view = store.create_feature_view("v", query=ndvi.select_all(), labels=["cloud"])
    made = view.create_training_data()
    kept = view.folder / "training" / "00000001" / "data.parquet"
    kept.write_bytes(kept.read_bytes() + b"x")
    with pytest.raises(CorruptFeatures, match=r"data\.parquet: is not what"):
        view.get_training_data(made.version)
    data = ndvi.folder / "data" / ndvi.commits()[1].data
    data.write_bytes(b"PAR1")
    with pytest.raises(CorruptFeatures, match=data.name):
        ndvi.verify()
    data.unlink()
    with pytest.raises(CorruptFeatures, match=data.name):
        ndvi.read()
    (ndvi.folder / "commits" / "00000001.json").write_text("{")
    with pytest.raises(CorruptFeatures, match="00000001"):
        ndvi.commits()


def test_the_example_of_the_documentation_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "features.md").read_text()
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/features.md", "exec"), {})  # noqa: S102 - ours
    assert capsys.readouterr().out == printed


def test_a_disk_that_refuses_leaves_no_commit(
    ndvi: FeatureGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ml.features.files.pq.write_table", full)
    with pytest.raises(UnwritableFeatures, match="No space left"):
        ndvi.insert(frame(parcel=["z"], observed=[day(1)], value=[1.0], cloud=[0]))
    monkeypatch.undo()
    assert len(ndvi.commits()) == 3
    assert len(list((ndvi.folder / "data").iterdir())) == 3


def test_a_group_that_is_half_made_is_none(
    store: FeatureStore, ndvi: FeatureGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, content: bytes) -> int:
        if path.name in {"schema.json", "view.json"}:
            raise KeyboardInterrupt
        return written(path, content)

    written = Path.write_bytes
    features = [Feature("parcel", "string")]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", killed)
        with pytest.raises(KeyboardInterrupt):
            store.create_feature_group("g", primary_key=["parcel"], features=features)
        with pytest.raises(KeyboardInterrupt):
            store.create_feature_view("v", query=ndvi.select_all())
    assert store.feature_groups() == (("ndvi", 1),)
    assert store.feature_views() == ()
    made = store.create_feature_group("g", primary_key=["parcel"], features=features)
    assert (made.version, len(made.features)) == (1, 1)


def test_writers_at_one_time_all_have_their_commits(store: FeatureStore) -> None:
    group = store.create_feature_group("g", primary_key=["key"])
    group.insert(frame(key=[-1], writer=[-1]))
    threads = [
        threading.Thread(
            target=lambda n=n: group.insert(frame(key=[0, n], writer=[n, n]))
        )
        for n in range(1, 6)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [one.number for one in group.commits()] == list(range(1, 7))
    assert len(group.read()) == 7
