"""The filter in front of the look-up of terms never forgets one."""

import numpy as np
import pytest

from strabon_store.storage.seen_hashes import SeenHashes

CHANCE = np.random.default_rng(7)


@pytest.mark.parametrize("blocks", [[3], [3, 40_000], [60_000], [40_000, 40_000, 5]])
def test_what_was_added_may_be_there(blocks: list[int]) -> None:
    seen, added = SeenHashes(), []
    for size in blocks:
        added.append(CHANCE.integers(0, 2**64, size, np.uint64))
        seen.add(added[-1])
        assert all(seen.may_have(hashes).all() for hashes in added)


def test_most_of_what_was_not_added_is_known_to_be_new() -> None:
    seen = SeenHashes()
    assert not seen.may_have(np.arange(5, dtype=np.uint64)).any()
    seen.add(CHANCE.integers(0, 2**64, 100_000, np.uint64))
    others = CHANCE.integers(0, 2**64, 100_000, np.uint64)
    assert seen.may_have(others).mean() < 0.01
