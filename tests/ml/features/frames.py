"""Rows for the tests of the feature store."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

START = datetime(2022, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)
