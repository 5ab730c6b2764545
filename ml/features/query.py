"""Queries over feature groups: select, join, filter.

A join takes, for each row on the left, the row on the right that was newest at the
event time of the left one: never one of the future.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

import pandas as pd
import pyarrow as pa

from ml.features.conditions import (
    And,
    Condition,
    condition_from_json,
    condition_json,
    leaves,
)
from ml.features.errors import InvalidQuery
from ml.features.sql import Right, Source, run
from ml.features.tables import GroupTable

_KINDS: Final = ("left", "inner")

FindTable: TypeAlias = Callable[[str, int], GroupTable]


class Selectable(Protocol):
    """A feature group."""

    def select_all(self) -> "Query":
        """All its features."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Features of a group."""

    group: GroupTable
    features: tuple[str, ...]

    @property
    def key(self) -> tuple[str, int]:
        """Name and version of the group."""
        return self.group.key

    def source(self, condition: Condition | None) -> Source:
        """What is read of it."""
        group = self.group
        at = group.at()
        commits = [one for one in group.commits() if one.number <= at]
        return Source(
            group=self.key,
            schema=group.schema,
            files=tuple(
                (str(group.folder / "data" / one.data), one.number, one.is_deletion)
                for one in commits
            ),
            condition=condition,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """What is joined to the base of a query.

    Attributes:
        selection: Features of another group.
        condition: What its rows must fulfil before the newest of them is taken.
        left_on: Features of the base.
        right_on: The same of the other group; its primary key.
        prefix: Before the names of its features.
        kind: `left` keeps rows of the base to which nothing belongs, `inner` does not.
    """

    selection: Selection
    condition: Condition | None
    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    prefix: str
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """Rows of a base group, with features of others.

    Attributes:
        base: Its rows are those of the answer.
        joins: What is added to them.
        condition: What rows of the answer must fulfil.
    """

    base: Selection
    joins: tuple[Join, ...] = field(default=())
    condition: Condition | None = None

    def select(self, features: Sequence[str]) -> "Query":
        """The same rows with these features of the base.

        Raises:
            NoSuchEntry: One is not there.
        """
        self.base.group.check_features(features)
        return replace(self, base=replace(self.base, features=tuple(features)))

    def join(
        self,
        other: "Query | Selectable",
        on: Sequence[str] | None = None,
        left_on: Sequence[str] | None = None,
        right_on: Sequence[str] | None = None,
        prefix: str = "",
        join_type: str = "left",
    ) -> "Query":
        """Add features of another group: its newest row at each row's event time.

        Args:
            other: The group, or features of it; a filter on them comes before the join.
            on: Features of both; the primary key of `other` where None.
            left_on: Features of the base where names differ.
            right_on: The same of `other`.
            prefix: Before the names of its features.
            join_type: `left` or `inner`.

        Raises:
            InvalidQuery: It is not the whole primary key, types differ, a name would
                stand twice, or the base has no event time where `other` has one.
        """
        right = other if isinstance(other, Query) else other.select_all()
        if right.joins:
            raise InvalidQuery("what is joined has joins itself; join to the base")
        keys = right.base.group.primary_key
        joined = Join(
            right.base,
            right.condition,
            tuple(left_on or on or keys),
            tuple(right_on or on or keys),
            prefix,
            join_type,
        )
        made = replace(self, joins=(*self.joins, joined))
        _check_join(self.base.group, joined)
        _check_names(made)
        return made

    def filter(self, condition: Condition) -> "Query":
        """Only rows for which a condition holds, on features of any of its groups.

        Raises:
            InvalidQuery: It is on a group that the query does not have.
        """
        known = {self.base.key, *(one.selection.key for one in self.joins)}
        for leaf in leaves(condition):
            if leaf.group not in known:
                raise InvalidQuery(f"a condition is on {leaf.group}, not joined before")
        parts = [condition] if self.condition is None else [self.condition, condition]
        return replace(self, condition=parts[0] if len(parts) == 1 else And((*parts,)))

    def as_of(self, when: datetime) -> "Query":
        """All groups as they were at a time.

        Raises:
            NoSuchEntry: One had no commit then.
        """
        return self._of_groups(lambda group: group.as_of(when))

    def pinned(self) -> "Query":
        """All groups as of their commits now, whatever comes later."""
        return self._of_groups(lambda group: group.pin())

    def read(self) -> pd.DataFrame:
        """The rows, in the order of the key of the base."""
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def arrow(self) -> pa.Table:
        """The same for Arrow."""
        base = self.base.source(None)
        rights = [
            Right(
                source=one.selection.source(one.condition),
                pairs=tuple(zip(one.left_on, one.right_on, strict=True)),
                is_inner=one.kind == "inner",
            )
            for one in self.joins
        ]
        return run(base, rights, self.condition, self.outputs)

    @property
    def outputs(self) -> tuple[tuple[int, str, str], ...]:
        """Position of the group, feature, and its name in the answer."""
        base = [(0, name, name) for name in self.base.features]
        others = [
            (place, name, f"{one.prefix}{name}")
            for place, one in enumerate(self.joins, 1)
            for name in one.selection.features
        ]
        return (*base, *others)

    def as_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        return {
            "base": _selection_json(self.base),
            "joins": [
                {
                    **_selection_json(one.selection),
                    "condition": one.condition and condition_json(one.condition),
                    "left_on": list(one.left_on),
                    "right_on": list(one.right_on),
                    "prefix": one.prefix,
                    "kind": one.kind,
                }
                for one in self.joins
            ],
            "condition": self.condition and condition_json(self.condition),
        }

    def _of_groups(self, change: Callable[[GroupTable], GroupTable]) -> "Query":
        def changed(one: Selection) -> Selection:
            return replace(one, group=change(one.group))

        joins = (replace(one, selection=changed(one.selection)) for one in self.joins)
        return replace(self, base=changed(self.base), joins=tuple(joins))


def query_from_json(data: Mapping[str, Any], find: FindTable) -> Query:
    """What `as_json` gave."""

    def selection(one: Mapping[str, Any]) -> Selection:
        group = replace(find(one["group"], one["version"]), pinned=one["commit"])
        return Selection(group, tuple(one["features"]))

    def condition(one: Mapping[str, Any]) -> Condition | None:
        return one["condition"] and condition_from_json(one["condition"])

    joins = (
        Join(
            selection(one),
            condition(one),
            tuple(one["left_on"]),
            tuple(one["right_on"]),
            one["prefix"],
            one["kind"],
        )
        for one in data["joins"]
    )
    return Query(selection(data["base"]), tuple(joins), condition(data))


def _selection_json(one: Selection) -> dict[str, Any]:
    return {
        "group": one.group.name,
        "version": one.group.version,
        "commit": one.group.pinned,
        "features": list(one.features),
    }


def _check_join(base: GroupTable, one: Join) -> None:
    right = one.selection.group
    base.check_features(one.left_on)
    right.check_features(one.right_on)
    if one.kind not in _KINDS:
        raise InvalidQuery(f"{one.kind!r} is none of {', '.join(_KINDS)}")
    if set(one.right_on) != set(right.primary_key):
        raise InvalidQuery(
            f"{right} is joined on {[*one.right_on]}, and not on its primary key "
            f"{[*right.primary_key]}: rows would have several partners"
        )
    if len(one.left_on) != len(one.right_on):
        raise InvalidQuery(f"{[*one.left_on]} are not as many as {[*one.right_on]}")
    pairs = [*zip(one.left_on, one.right_on, strict=True)]
    if right.event_time is not None:
        if base.event_time is None:
            raise InvalidQuery(
                f"{base} has no event time: as of when is {right} meant?"
            )
        pairs.append((base.event_time, right.event_time))
    for left_name, right_name in pairs:
        types = base.schema.type_of(left_name), right.schema.type_of(right_name)
        if types[0] != types[1]:
            raise InvalidQuery(
                f"{left_name} is a {types[0]}, and {right_name} a {types[1]}"
            )


def _check_names(query: Query) -> None:
    names = [name for _, _, name in query.outputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidQuery(f"{twice} would stand twice; give the join a prefix")
    keys = [query.base.key, *(one.selection.key for one in query.joins)]
    if len(set(keys)) < len(keys):
        raise InvalidQuery(f"{keys[-1]} stands in the query already")
