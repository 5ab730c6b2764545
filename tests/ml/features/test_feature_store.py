"""Feature groups: commits, time travel, joins as of a time, conditions."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.features.conditions import condition_from_json, condition_json
from ml.features.errors import (
    InvalidQuery,
    InvalidRows,
    NoSuchEntry,
)
from ml.features.groups import FeatureGroup
from ml.features.schema import Feature
from ml.features.store import FeatureStore
from tests.ml.features.frames import day, frame


def test_rows_of_a_key_are_replaced_and_history_stays(ndvi: FeatureGroup) -> None:
    now = ndvi.read()
    assert now["value"].tolist() == [0.2, 0.65, 0.4, 0.3, 0.7]
    assert now["parcel"].tolist() == ["a", "a", "a", "b", "b"]
    assert [len(ndvi.as_of(number).read()) for number in (1, 2, 3)] == [3, 4, 5]
    assert ndvi.as_of(2).read()["value"].tolist() == [0.2, 0.6, 0.3, 0.7]
    first, second, third = ndvi.commits()
    assert first.time <= second.time <= third.time
    assert [one.rows for one in (first, second, third)] == [3, 1, 2]
    assert ndvi.as_of(second.time).table.at() == 2
    for bad in (7, datetime(2020, 1, 1, tzinfo=UTC)):
        with pytest.raises(NoSuchEntry, match="commit of ndvi 1 as of"):
            ndvi.as_of(bad)
    ndvi.verify()


def test_what_is_deleted_is_gone_from_then_on(ndvi: FeatureGroup) -> None:
    ndvi.delete(frame(parcel=["a", "a"], observed=[day(5), day(77)]))
    assert len(ndvi.read()) == 4
    assert len(ndvi.as_of(3).read()) == 5
    ndvi.insert(frame(parcel=["a"], observed=[day(5)], value=[0.1], cloud=[1]))
    assert ndvi.read()["value"].tolist() == [0.2, 0.1, 0.4, 0.3, 0.7]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"parcel": ["a"]}, "missing.*value"),
        ({"parcel": ["a"], "day": [1], "value": [1.0], "more": [1]}, "unknown.*more"),
        ({"parcel": ["a"], "day": [1], "value": ["x"]}, "column value"),
        ({"parcel": ["a"], "day": [1.5], "value": [1.0]}, "column day"),
        ({"parcel": ["a", None], "day": [1, 1], "value": [1.0, 2.0]}, "row 1 has no"),
        ({"parcel": ["a", "a"], "day": [1, 1], "value": [1.0, 2.0]}, "1 keys stand"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    store: FeatureStore, rows: dict[str, list[Any]], message: str
) -> None:
    group = store.create_feature_group(
        "g",
        primary_key=["parcel"],
        event_time="day",
        features=[
            Feature("parcel", "string"),
            Feature("day", "bigint"),
            Feature("value", "double", "NDVI"),
        ],
    )
    with pytest.raises(InvalidRows, match=message):
        group.insert(pd.DataFrame(rows))
    assert not group.commits()
    with pytest.raises(NoSuchEntry, match="no commit of g 1"):
        group.read()


def test_insert_refuses_keys_that_are_there(ndvi: FeatureGroup) -> None:
    again = frame(parcel=["b"], observed=[day(5)], value=[0.7], cloud=[1])
    with pytest.raises(InvalidRows, match=r"1 keys are there already.*upsert"):
        ndvi.insert(again, "insert")
    assert len(ndvi.commits()) == 3


def test_types_come_back_as_they_went_in(store: FeatureStore) -> None:
    group = store.create_feature_group("types", primary_key=["key"], event_time="at")
    table = pa.table(
        {
            "key": pa.array([2, 1], pa.int16()),
            "at": pa.array([day(0), day(1)], pa.timestamp("ns")),
            "ratio": pa.array([1.5, None], pa.float32()),
            "is_dry": [True, None],
            "name": pa.array(["ä'\"", None]).dictionary_encode(),
            "day": [date(2022, 3, 1), None],
            "geometry": [b"\x00\x01", None],
        }
    )
    group.insert(table)
    back = group.select_all().arrow()
    assert back.schema.equals(group.schema.arrow())
    first = {**table.slice(0, 1).to_pylist()[0], "at": day(0)}
    assert back.to_pylist()[1] == first
    assert back.to_pylist()[0]["name"] is None
    found = {one.name: one.type for one in group.features}
    expected = ["bigint", "timestamp", "double", "boolean", "string", "date", "binary"]
    assert list(found.values()) == expected
    naive = store.create_feature_group("naive", primary_key=["key"], event_time="at")
    naive.insert(frame(key=[1], at=[pd.Timestamp(2022, 1, 1, 12)]))
    assert naive.read()["at"][0] == pd.Timestamp("2022-01-01T12:00Z")


times = st.integers(0, 12)
keys = st.sampled_from("abc")


@settings(max_examples=12, deadline=None)
@given(
    left=st.lists(st.tuples(keys, times), min_size=1, max_size=12, unique=True),
    right=st.lists(st.tuples(keys, times), min_size=1, max_size=12, unique=True),
)
def test_a_join_takes_the_newest_row_that_is_not_of_the_future(
    tmp_path_factory: pytest.TempPathFactory,
    left: list[tuple[str, int]],
    right: list[tuple[str, int]],
) -> None:
    store = FeatureStore(tmp_path_factory.mktemp("store"))
    frames, groups = [], []
    for name, rows in (("asked", left), ("known", right)):
        table = frame(
            parcel=[key for key, _ in rows],
            at=[day(time) for _, time in rows],
            **{name: list(range(len(rows)))},
        )
        table["at"] = table["at"].astype("datetime64[us, UTC]")
        group = store.create_feature_group(
            name, primary_key=["parcel"], event_time="at"
        )
        group.insert(table)
        frames.append(table.sort_values("at"))
        groups.append(group)
    found = groups[0].select_all().join(groups[1].select(["known", "at"]), prefix="r_")
    expected = pd.merge_asof(
        frames[0],
        frames[1].rename(columns={"known": "r_known"}),
        on="at",
        by="parcel",
        direction="backward",
    ).sort_values(["parcel", "at"])
    read = found.read()
    assert read["asked"].tolist() == expected["asked"].tolist()
    assert read["r_known"].fillna(-1).tolist() == (
        expected["r_known"].fillna(-1).tolist()
    )
    known = read.dropna(subset=["r_at"])
    assert (known["r_at"] <= known["at"]).all()
    inner = groups[0].select_all().join(groups[1].select(["known"]), join_type="inner")
    assert inner.read()["known"].tolist() == known["r_known"].tolist()


def test_rows_inserted_late_are_seen_at_their_event_time(
    crops: FeatureGroup, ndvi: FeatureGroup
) -> None:
    query = crops.select(["parcel", "crop"]).join(ndvi.select(["value"]))
    assert query.read()["value"].fillna(-1).tolist() == [0.65, 0.3, -1]
    # As of the second commit of the one group the value was not yet corrected.
    then = crops.select(["parcel"]).join(ndvi.as_of(2).select(["value"]))
    assert then.read()["value"].fillna(-1).tolist() == [0.6, 0.3, -1]
    with pytest.raises(NoSuchEntry, match="commit of ndvi 1 as of"):
        query.as_of(crops.commits()[0].time)
    assert query.as_of(datetime.now(UTC)).read().equals(query.read())


def test_a_group_without_time_is_joined_by_its_key(
    store: FeatureStore, crops: FeatureGroup
) -> None:
    soils = store.create_feature_group("soils", primary_key=["field"])
    soils.insert(frame(field=["a", "c"], clay=[0.1, 0.3]))
    query = crops.select(["parcel"]).join(
        soils.select(["clay"]), left_on=["parcel"], right_on=["field"]
    )
    assert query.read()["clay"].fillna(-1).tolist() == [0.1, -1, 0.3]
    with pytest.raises(InvalidQuery, match="soils 1 has no event time"):
        soils.select_all().join(crops, left_on=["field"], right_on=["parcel"])


def test_filters_hold_before_or_after_the_join(
    crops: FeatureGroup, ndvi: FeatureGroup
) -> None:
    ndvi.insert(frame(parcel=["b"], observed=[day(3)], value=[0.9], cloud=[1]))
    base = crops.select(["parcel"])
    newest = base.join(ndvi.select(["value"]))
    assert newest.read()["value"].fillna(-1).tolist() == [0.65, 0.9, -1]
    clear = base.join(ndvi.filter(ndvi["cloud"] == 0).select(["value"]))
    assert clear.read()["value"].fillna(-1).tolist() == [0.65, 0.3, -1]
    after = newest.filter(ndvi["cloud"] == 0)
    assert after.read()["parcel"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda g: g["number"] > 2, [3, 4]),
        (lambda g: (g["number"] >= 2) & (g["name"] != "o'x"), [2, 4]),
        (lambda g: (g["name"] == "o'x") | (g["number"] < 1), [0, 3]),
        (lambda g: ~(g["number"] <= 3), [4]),
        (lambda g: g["name"].is_null(), [1]),
        (lambda g: g["name"].isin(["b", "o'x"]), [2, 3]),
        (lambda g: g["name"].isin([]), []),
        (lambda g: g["at"] >= day(3), [3, 4]),
        (lambda g: g["day"] == date(2022, 1, 2), [1]),
        (lambda g: g["is_dry"] == True, [0, 2, 4]),  # noqa: E712 - what people write
    ],
)
def test_conditions_are_those_of_sql(
    store: FeatureStore, make: Callable[[FeatureGroup], Any], expected: list[int]
) -> None:
    group = store.create_feature_group("g", primary_key=["number"], event_time="at")
    group.insert(
        frame(
            number=list(range(5)),
            at=[day(n) for n in range(5)],
            day=[day(n).date() for n in range(5)],
            name=["a", None, "b", "o'x", "c"],
            is_dry=[True, False] * 2 + [True],
        )
    )
    condition = make(group)
    assert group.filter(condition).read()["number"].tolist() == expected
    again = condition_from_json(condition_json(condition))
    assert group.filter(again).read()["number"].tolist() == expected


def test_queries_without_one_answer_are_refused(
    store: FeatureStore, crops: FeatureGroup, ndvi: FeatureGroup
) -> None:
    base = crops.select_all()
    pairs = store.create_feature_group("pairs", primary_key=["one", "other"])
    pairs.insert(frame(one=["a"], other=["b"], weight=[1]))
    wrong: list[tuple[Callable[[], Any], str]] = [
        (lambda: base.join(pairs, left_on=["parcel"], right_on=["one"]), "primary key"),
        (lambda: base.join(ndvi), "'parcel'.* would stand twice; give the join"),
        (lambda: base.join(ndvi, join_type="outer", prefix="r_"), "none of left"),
        (lambda: base.join(crops, prefix="r_"), "stands in the query already"),
        (lambda: base.filter(ndvi["value"] > 1), "not joined before"),
        (lambda: base.filter(crops["crop"] == [1]), "compared with a list"),
        (lambda: base.filter(crops["told"] == "no time").read(), "no time"),
    ]
    for ask, message in wrong:
        with pytest.raises(InvalidQuery, match=message):
            ask()
    numbered = store.create_feature_group("numbered", primary_key=["parcel"])
    numbered.insert(frame(parcel=[1]))
    with pytest.raises(InvalidQuery, match="parcel is a string, and parcel a bigint"):
        base.join(numbered, prefix="r_")
    with pytest.raises(
        NoSuchEntry, match="feature 'colour' in crops 1; there are: par"
    ):
        crops.select(["colour"])
