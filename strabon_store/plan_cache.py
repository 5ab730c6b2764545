"""Plans that are kept: the query, and what of the store it was compiled with."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

from strabon_store.relational.readings import Catalog, Readings

_P = TypeVar("_P")

_KEPT: Final = 512


@dataclass(slots=True)
class _Entry(Generic[_P]):
    plan: _P
    readings: Readings
    generation: int


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """How a cache of plans did.

    Attributes:
        hits: Queries whose plan was there.
        misses: Queries that were compiled.
        kept: Plans that are there.
    """

    hits: int
    misses: int
    kept: int


class PlanCache(Generic[_P]):
    """The plans that were used last; safe to use from any thread.

    A plan stays through the writes that change nothing it was made from.
    """

    def __init__(self) -> None:
        """Empty."""
        self._entries: OrderedDict[Hashable, _Entry[_P]] = OrderedDict()
        self._lock = Lock()
        self._hits = self._misses = 0

    @property
    def counts(self) -> PlanCounts:
        """How it did so far."""
        with self._lock:
            return PlanCounts(self._hits, self._misses, len(self._entries))

    def find(
        self,
        key: Hashable,
        generation: int,
        catalog: Catalog,
        compile_by: Callable[[Readings], _P],
    ) -> _P:
        """The plan of a key, compiled if there is none, or none that still holds.

        Args:
            key: What is asked, and how.
            generation: Of the store.
            catalog: What is known of the store in that generation.
            compile_by: Makes the plan.
        """
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None and (
            entry.generation == generation or entry.readings.would_hold(catalog)
        ):
            self._count(key, hits=1)
            entry.generation = generation
            return entry.plan
        readings = Readings(catalog)
        plan = compile_by(readings)
        with self._lock:
            self._entries[key] = _Entry(plan, readings, generation)
        self._count(key, misses=1)
        return plan

    def _count(self, key: Hashable, hits: int = 0, misses: int = 0) -> None:
        with self._lock:
            self._hits += hits
            self._misses += misses
            if key in self._entries:
                self._entries.move_to_end(key)
            while len(self._entries) > _KEPT:
                self._entries.popitem(last=False)
