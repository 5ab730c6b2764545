"""The feature store: a folder with groups and views, each in versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.features.errors import EntryExists, InvalidFeatures, InvalidQuery, NoSuchEntry
from ml.features.files import claim_folder, numbers, read_json
from ml.features.groups import FeatureGroup
from ml.features.query import Query, query_from_json
from ml.features.schema import Feature, Schema, check_name
from ml.features.tables import GroupTable, group_json
from ml.features.views import FeatureView


@dataclass(frozen=True, slots=True)
class FeatureStore:
    """Groups and views in a folder, which is made when the first is created.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def create_feature_group(
        self,
        name: str,
        version: int | None = None,
        *,
        primary_key: Sequence[str],
        event_time: str | None = None,
        description: str = "",
        features: Sequence[Feature] | None = None,
    ) -> FeatureGroup:
        """A new group.

        Args:
            name: Lower-case letters, digits, underscores.
            version: The next one where None.
            primary_key: What tells things apart.
            event_time: When a row began to be so.
            description: What it is.
            features: Its schema; that of the first rows where None.

        Raises:
            InvalidFeatures: A name, type or key cannot be.
            EntryExists: The version is there.
        """
        check_name(name)
        for each in (*primary_key, *([event_time] if event_time else [])):
            check_name(each)
        if not primary_key:
            raise InvalidFeatures("a group needs a primary key")
        schema = features and Schema(tuple(features), tuple(primary_key), event_time)
        home = self._home("groups", name)
        chosen = version or max(numbers(home), default=0) + 1
        folder = home / str(chosen)
        made = GroupTable(
            folder, name, chosen, tuple(primary_key), event_time, description
        )
        documents = {"group.json": group_json(made)}
        if schema:
            documents["schema.json"] = schema.as_json()
        if not claim_folder(folder, documents):
            raise EntryExists(f"{made} exists; get it, or create another version")
        return FeatureGroup(made)

    def get_or_create_feature_group(
        self,
        name: str,
        version: int = 1,
        *,
        primary_key: Sequence[str],
        event_time: str | None = None,
        description: str = "",
        features: Sequence[Feature] | None = None,
    ) -> FeatureGroup:
        """The group of a name and version; made where there is none.

        Raises:
            EntryExists: It is there with another key or event time.
        """
        try:
            return self.create_feature_group(
                name,
                version,
                primary_key=primary_key,
                event_time=event_time,
                description=description,
                features=features,
            )
        except EntryExists:
            found = self.get_feature_group(name, version)
        table = found.table
        if (table.primary_key, table.event_time) != (tuple(primary_key), event_time):
            raise EntryExists(
                f"{found} has the key {[*table.primary_key]} and the event time "
                f"{table.event_time}; create another version"
            )
        return found

    def get_feature_group(self, name: str, version: int | None = None) -> FeatureGroup:
        """A group; its newest version where none is named.

        Raises:
            NoSuchEntry: There is none.
        """
        return FeatureGroup(self._table(name, version))

    def _table(self, name: str, version: int | None = None) -> GroupTable:
        chosen = self._version("groups", name, version)
        folder = self._home("groups", name) / str(chosen)
        data = read_json(folder / "group.json")
        return GroupTable(
            folder,
            name,
            chosen,
            tuple(data["primary_key"]),
            data["event_time"],
            data["description"],
        )

    def feature_groups(self) -> tuple[tuple[str, int], ...]:
        """Names and versions of all groups."""
        return self._all("groups")

    def create_feature_view(
        self,
        name: str,
        version: int | None = None,
        *,
        query: Query,
        labels: Sequence[str] = (),
        description: str = "",
    ) -> FeatureView:
        """Keep a query under a name.

        Args:
            name: Lower-case letters, digits, underscores.
            version: The next one where None.
            query: Which rows and features.
            labels: Those that a model learns to tell.
            description: What it is for.

        Raises:
            InvalidQuery: A label is not among the features, or nothing else is.
            EntryExists: The version is there.
        """
        check_name(name)
        names = [output for _, _, output in query.outputs]
        if absent := set(labels) - set(names):
            raise InvalidQuery(f"labels {sorted(absent)} are none of {names}")
        if not set(names) - set(labels):
            raise InvalidQuery("all features are labels: there is nothing to see")
        home = self._home("views", name)
        chosen = version or max(numbers(home), default=0) + 1
        document = {
            "query": query.as_json(),
            "labels": tuple(labels),
            "description": description,
        }
        if not claim_folder(home / str(chosen), {"view.json": document}):
            raise EntryExists(
                f"{name} {chosen} exists; get it, or create another version"
            )
        return self.get_feature_view(name, chosen)

    def get_feature_view(self, name: str, version: int | None = None) -> FeatureView:
        """A view; its newest version where none is named.

        Raises:
            NoSuchEntry: There is none, or a group of it is gone.
        """
        chosen = self._version("views", name, version)
        folder = self._home("views", name) / str(chosen)
        data = read_json(folder / "view.json")
        return FeatureView(
            folder,
            name,
            chosen,
            query_from_json(data["query"], self._table),
            tuple(data["labels"]),
            data["description"],
            self._table,
        )

    def get_or_create_feature_view(
        self, name: str, version: int = 1, *, query: Query, labels: Sequence[str] = ()
    ) -> FeatureView:
        """The view of a name and version; made where there is none.

        Raises:
            EntryExists: It is there with another query or other labels.
        """
        try:
            return self.create_feature_view(name, version, query=query, labels=labels)
        except EntryExists:
            found = self.get_feature_view(name, version)
        if (found.query.as_json(), found.labels) != (query.as_json(), tuple(labels)):
            raise EntryExists(
                f"{name} {version} has another query; take another version"
            )
        return found

    def feature_views(self) -> tuple[tuple[str, int], ...]:
        """Names and versions of all views."""
        return self._all("views")

    def _home(self, kind: str, name: str) -> Path:
        return self.folder / kind / name

    def _all(self, kind: str) -> tuple[tuple[str, int], ...]:
        names = sorted(path.name for path in (self.folder / kind).glob("*"))
        return tuple(
            (name, version)
            for name in names
            for version in numbers(self._home(kind, name))
        )

    def _version(self, kind: str, name: str, version: int | None) -> int:
        check_name(name)
        known = numbers(self._home(kind, name))
        what = {"groups": "feature group", "views": "feature view"}[kind]
        if not known:
            others = sorted({other for other, _ in self._all(kind)})
            raise NoSuchEntry(f"{what} {name!r}", others)
        if version is not None and version not in known:
            raise NoSuchEntry(f"version {version} of {what} {name!r}", known)
        return known[-1] if version is None else version
