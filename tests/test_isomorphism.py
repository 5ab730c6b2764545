"""Blank nodes are paired where they can be, and quickly not where they cannot."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.isomorphism import Labelled, is_isomorphic

_ROWS = st.lists(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3).map(tuple), max_size=9
).map(lambda rows: [("row", labels) for labels in rows])


@given(_ROWS, st.permutations("uvwxyz"), st.randoms(use_true_random=False))
def test_other_labels_and_another_order_change_nothing(
    rows: list[Labelled], labels: list[str], random: Random
) -> None:
    names = dict(zip("abcdef", labels, strict=True))
    renamed = [(said, tuple(map(names.__getitem__, row))) for said, row in rows]
    random.shuffle(renamed)
    assert is_isomorphic(rows, renamed)


def test_labels_are_paired_one_to_one() -> None:
    assert not is_isomorphic(_bag("ab", "bc"), _bag("xy", "zx", "zx"))
    assert not is_isomorphic(_bag("ab", "cb"), _bag("xy", "yz"))
    assert not is_isomorphic([("one", ("a",))], [("two", ("a",))])


def test_a_ring_is_not_two_rings() -> None:
    # No label stands out here, so that only trying tells.
    assert not is_isomorphic(
        _bag("ab", "bc", "cd", "de", "ef", "fa"),
        _bag("uv", "vw", "wu", "xy", "yz", "zx"),
    )


def test_many_rows_that_differ_in_one_place_are_told_quickly() -> None:
    chain = [("next", (f"n{i}", f"n{i + 1}")) for i in range(60)]
    other = [*chain[:-1], ("next", ("n59", "n0"))]
    assert is_isomorphic(chain, chain[::-1])
    assert not is_isomorphic(chain, other)


def _bag(*rows: str) -> list[Labelled]:
    return [("row", tuple(row)) for row in rows]
