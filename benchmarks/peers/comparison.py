"""The same questions to several peers: times, bounds of times, and their ratios."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import geometric_mean, median
from typing import Final, Protocol

RUNS: Final = 5
LIMIT_S: Final = float(os.environ.get("PYTHEAS_BENCHMARK_LIMIT_S", "60"))
"""How long a query may take; a ratio to what took longer is a lower bound."""

_WHOLE: Final = 100.0
"""Milliseconds from which on nobody needs the tenths."""

_PATIENCE_S: Final = 10.0
"""No further run of a query that took as long in all."""


class Missing(Exception):
    """A peer that cannot be had here; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query, in the words of each peer.

    Attributes:
        title: What it asks.
        sparql: With prefixes.
        indexed: For Jena, whose functions do not use its spatial index, but whose
            property functions do; None where no index could help. The better of both
            counts, because its plans differ.
        sql: For PostGIS; None where it has no such function.
    """

    title: str
    sparql: str
    indexed: str | None = None
    sql: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run gave.

    Attributes:
        seconds: Until the last byte was read.
        rows: How many there were.
    """

    seconds: float
    rows: int


class Peer(Protocol):
    """Whoever answers questions.

    Attributes:
        name: As in tables.
        names_index: Whether its index is used only where a query names it.
    """

    name: str
    names_index: bool

    def ask(self, question: Question) -> Answer | str:
        """An answer, or what went wrong.

        Raises:
            TimeoutError: It took too long.
        """
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a peer takes for a question.

    Attributes:
        ms: The median of runs, the first not counted; None where it fails.
        rows: How many there were; None where it did not come to an end.
        is_bound: Whether `ms` is only how long we waited.
        error: What it said, where it fails.
    """

    ms: float | None
    rows: int | None = None
    is_bound: bool = False
    error: str | None = None

    def __str__(self) -> str:
        """As in a table."""
        if self.ms is None:
            return "fails"
        number = f"{self.ms:,.1f}" if self.ms < _WHOLE else f"{self.ms:,.0f}"
        return f"> {number}" if self.is_bound else number


def measure(peer: Peer, question: Question) -> Timing:
    """The median of warm runs, of the better form of the question."""
    timing = _measured(peer, question)
    if not peer.names_index or question.indexed is None:
        return timing
    other = _measured(peer, replace(question, sparql=question.indexed))
    return min(timing, other, key=_effort)


def _effort(timing: Timing) -> tuple[bool, bool, float]:
    return timing.ms is None, timing.is_bound, timing.ms or 0.0


def _measured(peer: Peer, question: Question) -> Timing:
    times: list[float] = []
    rows = 0
    try:
        for _ in range(RUNS + 1):
            answer = peer.ask(question)
            if isinstance(answer, str):
                return Timing(None, error=answer)
            times.append(answer.seconds * 1000)
            rows = answer.rows
            if sum(times) > _PATIENCE_S * 1000:
                break
    except TimeoutError:
        if not times:
            return Timing(LIMIT_S * 1000, is_bound=True)
    return Timing(median(times[1:] or times), rows)


Timings = Mapping[str, Timing]
"""Of one peer, by the titles of the questions."""


def ask_all(peer: Peer, questions: Sequence[Question]) -> dict[str, Timing]:
    """The timings of a peer, reported as they come."""
    timings = {}
    for question in questions:
        found = timings[question.title] = measure(peer, question)
        said = f"{found.rows} rows" if found.error is None else found.error
        print(f"{peer.name}: {question.title}: {found} ms, {said}", file=sys.stderr)
    return timings


def print_table(results: Mapping[str, Timings]) -> None:
    """A row for each question, and the geometric means of the ratios to the first."""
    ours, *others = results
    heads = [f"{each} | ratio" for each in others]
    print("| query | rows | " + " | ".join([ours, *heads]) + " |")
    print("|---|---:|---:|" + "---:|---:|" * len(others))
    for title, own in results[ours].items():
        cells = [title, "" if own.rows is None else f"{own.rows:,}", str(own)]
        for other in others:
            cells += _beside(own, results[other].get(title))
        print("| " + " | ".join(cells) + " |")
    means = [_mean(results[ours], results[other]) for other in others]
    print("| geometric mean | | | | " + " | | ".join(means) + " |")


def _beside(own: Timing, other: Timing | None) -> list[str]:
    if other is None:
        return ["", ""]
    ratio = _ratio(own, other)
    differs = other.rows is not None and own.rows is not None and other.rows != own.rows
    cell = f"{other} ({other.rows:,} rows)" if differs else str(other)
    sign = "> " if other.is_bound else ""
    return [cell, "" if ratio is None else f"{sign}{ratio:,.1f}x"]


def _ratio(own: Timing, other: Timing) -> float | None:
    if own.ms is None or own.is_bound or other.ms is None:
        return None
    return other.ms / own.ms


def _mean(ours: Timings, others: Timings) -> str:
    pairs = [(own, others[title]) for title, own in ours.items() if title in others]
    ratios = [r for own, other in pairs if (r := _ratio(own, other)) is not None]
    if not ratios:
        return ""
    bounds = any(other.is_bound for _, other in pairs)
    return f"{'> ' if bounds else ''}{geometric_mean(ratios):,.1f}x of {len(ratios)}"


def keep(path: Path, results: Mapping[str, Timings]) -> None:
    """Write the timings as JSON."""
    plain = {
        name: {title: asdict(each) for title, each in timings.items()}
        for name, timings in results.items()
    }
    path.write_text(json.dumps(plain, indent=1), encoding="utf-8")
