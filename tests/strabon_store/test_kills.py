"""`kill -9` at random moments: the store opens, is sound, and holds a committed state.

Each kind of work is done again and again by a process of its own, which says when it
begins and when it has ended; it is killed a random while after it began. What is in the
store then must be what was there before the piece of work, or after it.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from strabon_store.storage.database import open_database, write_meta
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store

KILLS: Final = 50
"""For each kind of work."""

ROWS: Final = 400
"""Statements that one piece of work adds."""

Lines: TypeAlias = frozenset[str]


def added(step: int) -> Lines:
    """What a step adds, as N-Quads."""
    return frozenset(
        f'<urn:s{step}-{n % 40}> <urn:p{n % 10}> "{step}-{n}" .' for n in range(ROWS)
    )


def load(store: Store, step: int) -> None:
    path = store.location.parent / "arriving.nq"
    path.write_text("\n".join(sorted(added(step))) + "\n")
    store.load([path])


def update(store: Store, step: int) -> None:
    """A step of two operations: what the last one added goes, something else comes."""
    body = "\n".join(sorted(added(step)))
    store.update(
        "DELETE WHERE { ?s ?p ?o } ; INSERT DATA { <urn:only> <urn:half> <urn:way> } ;"
        f"DELETE DATA {{ <urn:only> <urn:half> <urn:way> }} ; INSERT DATA {{ {body} }}"
    )


def compact(store: Store, step: int) -> None:
    del step
    store.optimize()


def back_up(store: Store, step: int) -> None:
    store.backup(store.location.parent / f"backup{step}")


@dataclass(frozen=True)
class Work:
    """A kind of work.

    Attributes:
        run: Does a step.
        after: What the store holds after a step, from what it held before.
    """

    run: Callable[[Store, int], None]
    after: Callable[[Lines, int], Lines]


WORK: Final = {
    "load": Work(load, lambda before, step: before | added(step)),
    "update": Work(update, lambda _, step: added(step)),
    "compaction": Work(compact, lambda before, _: before),
    "backup": Work(back_up, lambda before, _: before),
}


def work_on(kind: str, location: Path, first: int, listener: Connection) -> None:
    """Do steps of a kind until somebody kills this process."""
    store = Store.open(location)
    for step in range(first, first + 1_000_000):
        listener.send(("begun", step))
        WORK[kind].run(store, step)
        listener.send(("ended", step))


def contents(location: Path) -> Lines:
    """All statements of a store that is sound; an AssertionError where it is not."""
    path = location.parent / "found.nq"
    with Store.open(location) as store:
        found = store.verify()
        assert found.is_sound, str(found)
        store.dump(path)
    return frozenset(path.read_text().splitlines())


@dataclass
class Life:
    """A store between kills.

    Attributes:
        lines: What it holds.
        step: The first step that was never begun.
        seconds: How long a step takes; kills fall into the first three.
        waited: How long the process that was killed last had worked.
        first: What it said first.
    """

    kind: str
    location: Path
    chance: random.Random
    lines: Lines = frozenset()
    step: int = 0
    seconds: float = 0.2
    waited: float = 0.0
    first: tuple[str, int] = ("begun", 0)

    def kill(self) -> None:
        """Let somebody work for a random while, kill it, and look."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["strabon_store.store"])
        ours, theirs = context.Pipe(duplex=False)
        arguments = (self.kind, self.location, self.step, theirs)
        process = context.Process(target=work_on, args=arguments)
        process.start()
        theirs.close()
        try:
            self._wait(ours)
        finally:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        assert process.exitcode == -signal.SIGKILL
        self._look(self._heard(ours))

    def _wait(self, ours: Connection) -> None:
        """Until the first step has begun, and a random while longer."""
        assert ours.poll(60), "the process does not begin"
        self.first = ours.recv()
        self.waited = self.chance.uniform(0, 3 * self.seconds)
        time.sleep(self.waited)

    def _heard(self, ours: Connection) -> list[tuple[str, int]]:
        heard = [self.first]
        try:
            while True:
                heard.append(ours.recv())
        except EOFError:
            return heard

    def _look(self, heard: list[tuple[str, int]]) -> None:
        work = WORK[self.kind]
        ended = [step for said, step in heard if said == "ended"]
        if ended:
            self.seconds = (self.seconds + self.waited / len(ended)) / 2
        for step in ended:
            self.lines = work.after(self.lines, step)
        found = contents(self.location)
        said, step = heard[-1]
        possible = [self.lines]
        if said == "begun":
            possible.append(work.after(self.lines, step))
        assert found in possible, f"{len(found)} statements after {heard[-3:]}"
        self.lines, self.step = found, step + 1
        self._look_at_backups()

    def _look_at_backups(self) -> None:
        for backup in self.location.parent.glob("backup*"):
            assert contents(backup) == self.lines
            for file in backup.iterdir():
                file.unlink()
            backup.rmdir()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", WORK)
def test_a_killed_process_leaves_a_committed_state(kind: str, tmp_path: Path) -> None:
    chance = random.Random(f"kill {kind}")  # noqa: S311 - no secret
    life = Life(kind, tmp_path / "store", chance)
    database = open_database(life.location)
    with write_transaction(database) as cursor:
        # Star tables, although there is little to put into them.
        write_meta(cursor, "star_subjects", "1")
    database.close()
    with Store.open(life.location) as store:
        for step in (0, 1, 2):
            load(store, step)
    life.lines = added(0) | added(1) | added(2)
    life.step = 3
    for _ in range(KILLS):
        life.kill()
