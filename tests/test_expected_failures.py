from pathlib import Path

import pytest

from tests.expected_failures import assert_all_known, load

ENTRY = '[[case]]\nid = "a"\nkind = "upstream"\nraises = "ValueError"\nreason = "r"\n'


def _write(folder: Path, text: str) -> Path:
    path = folder / "expected.toml"
    path.write_text(text)
    return path


def test_an_entry_names_its_exception(tmp_path: Path) -> None:
    assert load(_write(tmp_path, ENTRY))["a"].raises is ValueError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY + ENTRY, "twice"),
        (ENTRY.replace("upstream", "someday"), "unknown kind"),
        (ENTRY.replace("ValueError", "NoSuchError"), "unknown exception"),
        (ENTRY.replace('"r"', '""'), "no reason"),
    ],
)
def test_a_careless_entry_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load(_write(tmp_path, text))


def test_an_entry_without_a_case_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        assert_all_known(load(_write(tmp_path, ENTRY)), ["b"])
