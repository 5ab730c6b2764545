"""The list of running queries, without an engine."""

import threading

import pytest

from strabon_store.running import Limits, RunningQueries


def test_a_query_is_ended_for_each_who_closed_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also while the first one who closes it has not come to its end."""
    queries = RunningQueries()
    run = queries.begin("ASK {}", Limits())
    arrived, may_go_on = threading.Event(), threading.Event()

    def wait() -> None:
        arrived.set()
        assert may_go_on.wait(timeout=60)

    monkeypatch.setattr(run, "_interrupt_once", wait)
    first = threading.Thread(target=run.close)
    first.start()
    assert arrived.wait(timeout=60)
    run.close()
    still_listed = queries.running()
    may_go_on.set()
    first.join()
    assert still_listed == ()
