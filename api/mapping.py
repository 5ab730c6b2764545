"""A mapping fills a store: columns of terms go from one to the other, never as text.

    sources --geotriples--> columns of terms --strabon_store--> quads and star tables

Store and files of logical targets are as before where anything fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from api.stores import opened_store
from engines.lake import ENDING
from engines.term_columns import StatementBatch
from engines.whole_files import scratch_directory
from geotriples.lake import check_lake, replace_lake
from geotriples.lake_differences import LakeDifference
from geotriples.reports import RunReport
from strabon_store.storage.loader import LoadReport
from strabon_store.store import Store


@dataclass(frozen=True, slots=True)
class IntoReport:
    """What a run put into a store.

    Attributes:
        run: What the run did; its triples are counted with those that repeat.
        load: What the store did with them.
    """

    run: RunReport
    load: LoadReport

    def as_json(self) -> dict[str, object]:
        """The same for a report."""
        return {**self.run.as_json(), "load": asdict(self.load)}

    def __str__(self) -> str:
        return f"{self.run}\n{self.load}"


def map_into(location: Path, run: Callable[..., RunReport]) -> IntoReport:
    """Run a mapping into a store, all of it or nothing.

    Args:
        location: The folder of the store; made where there is none.
        run: `run_local.run` with everything but `into`.

    Raises:
        PytheasError: The run or the load failed; the store is as it was.
    """
    with opened_store(location) as store:
        loading = _Loading(store)
        report = run(into=loading.load)
        assert loading.report is not None  # noqa: S101 - the run has called it
        return IntoReport(report, loading.report)


@dataclass(frozen=True, slots=True)
class PatchReport:
    """What a run changed in a store.

    Attributes:
        run: What the run did.
        deleted: Statements that the store had and no longer has.
        inserted: Statements that it has and did not have.
    """

    run: RunReport
    deleted: int
    inserted: int

    def as_json(self) -> dict[str, object]:
        """The same for a report."""
        changes = {"deleted": self.deleted, "inserted": self.inserted}
        return {**self.run.as_json(), **changes}

    def __str__(self) -> str:
        return f"{self.run}\n{self.deleted:,} deleted, {self.inserted:,} inserted"


def map_since(
    location: Path, lake: Path, run: Callable[[Path], RunReport]
) -> PatchReport:
    """Bring a store from what an earlier run of a mapping made to what it makes now.

    A run that is killed between the two last steps is made good by the next: what it
    takes out and puts in a second time changes nothing.

    Args:
        location: The folder of the store; made where there is none.
        lake: What the earlier run made, which is replaced when the store has changed;
            where there is none, all statements are new.
        run: Writes a lake to the place that it is given.

    Raises:
        PytheasError: The run or the change failed; store and lake are as they were.
    """
    check_lake(lake)
    with scratch_directory(lake) as scratch, opened_store(location) as store:
        new = scratch / f"new{ENDING}"
        report = run(new)
        before = lake if lake.exists() else None
        difference = LakeDifference(before, new, scratch / "spill")
        changes = store.apply_patch(difference.removed(), difference.added())
        replace_lake(new, lake)
    return PatchReport(report, changes.deleted, changes.inserted)


@dataclass(slots=True)
class _Loading:
    store: Store
    report: LoadReport | None = None

    def load(self, batches: Iterator[StatementBatch]) -> int:
        self.report = self.store.load_batches(batches)
        return self.report.triples_read
