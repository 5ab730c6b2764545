"""What one thread writes while another prepares the next."""

import pytest

from strabon_store.storage.writes import Writes


def test_calls_run_in_their_order() -> None:
    found: list[int] = []
    with Writes() as writes:
        for number in range(20):
            writes.later(found.append, number)
    assert found == list(range(20))


def test_behind_a_call_that_fails_none_is_run() -> None:
    found: list[int] = []

    def fail() -> None:
        raise ValueError("full")

    def run() -> None:
        with Writes() as writes:
            for each in (lambda: found.append(1), fail, lambda: found.append(2)):
                writes.later(each)

    with pytest.raises(ValueError, match="full"):
        run()
    assert found == [1]


def test_an_error_of_who_prepares_is_the_one_that_is_raised() -> None:
    def run() -> None:
        with Writes() as writes:
            writes.later(int, "no number")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run()
