"""A store, and two groups in it."""

from pathlib import Path

import pytest

from ml.features.groups import FeatureGroup
from ml.features.store import FeatureStore
from tests.ml.features.frames import day, frame


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


@pytest.fixture
def ndvi(store: FeatureStore) -> FeatureGroup:
    """Two parcels, three dates; the third commit changes one row and adds one."""
    group = store.create_feature_group(
        "ndvi", primary_key=["parcel"], event_time="observed"
    )
    group.insert(
        frame(
            parcel=["a", "b", "a"],
            observed=[day(1), day(1), day(5)],
            value=[0.2, 0.3, 0.6],
            cloud=[0, 0, 0],
        )
    )
    group.insert(
        frame(parcel=["b"], observed=[day(5)], value=[0.7], cloud=[1]), "insert"
    )
    group.insert(
        frame(
            parcel=["a", "a"],
            observed=[day(5), day(9)],
            value=[0.65, 0.4],
            cloud=[0, 0],
        )
    )
    return group


@pytest.fixture
def crops(store: FeatureStore) -> FeatureGroup:
    group = store.create_feature_group(
        "crops", primary_key=["parcel"], event_time="told"
    )
    group.insert(
        frame(
            parcel=["a", "b", "c"],
            told=[day(6), day(4), day(6)],
            crop=["wheat", "rice", "rice"],
        )
    )
    return group
