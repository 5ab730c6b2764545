"""Where a mapping may read, and where it may not."""

from pathlib import Path

import pytest

from geotriples.errors import SourceError
from geotriples.mapping.model import FileAccess, WebAccess
from geotriples.sources.places import Permissions
from ontologies.namespaces import RML
from tests.geotriples.logical_sources import column, opened

WORKING = RML.term("CurrentWorkingDirectory")
MAPPING = RML.term("MappingDirectory")


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three folders, in each of which a table says where it is."""
    for name in ("mapping", "working", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_text(f"a\n{name}\n")
    return tmp_path


def _read(folders: Path, access: FileAccess | WebAccess, **named: Path) -> list[str]:
    permissions = Permissions(folders / "working", (folders / "other",))
    with opened(
        folders / "mapping", access, "rml:CSV", permissions=permissions, named=named
    ) as source:
        return column(source, "a")


@pytest.mark.parametrize(
    ("root", "expected"),
    [(None, "mapping"), (MAPPING, "mapping"), (WORKING, "working")],
)
def test_a_relative_path_starts_at_its_root(
    folders: Path, root: str | None, expected: str
) -> None:
    assert _read(folders, FileAccess("./t.csv", root)) == [expected]


def test_without_a_root_the_working_folder_comes_second(folders: Path) -> None:
    (folders / "mapping" / "t.csv").unlink()
    assert _read(folders, FileAccess("t.csv")) == ["working"]
    with pytest.raises(SourceError, match="does not exist"):
        _read(folders, FileAccess("t.csv", MAPPING))


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_an_absolute_path_leads_below_what_is_permitted(
    folders: Path, scheme: str
) -> None:
    for name in ("mapping", "working", "other"):
        access = FileAccess(f"{scheme}{folders / name / 't.csv'}")
        assert _read(folders, access) == [name]
    (folders / "t.csv").write_text("a\nsecret\n")
    with pytest.raises(SourceError, match="leads out of the folders"):
        _read(folders, FileAccess(f"{scheme}{folders / 't.csv'}"))


def test_a_path_may_be_a_root(folders: Path) -> None:
    assert _read(folders, FileAccess("t.csv", str(folders / "other"))) == ["other"]
    with pytest.raises(SourceError, match="leads out"):
        _read(folders, FileAccess("t.csv", str(folders)))


@pytest.mark.parametrize("root", [None, MAPPING, WORKING])
def test_a_path_cannot_climb_out(folders: Path, root: str | None) -> None:
    (folders / "t.csv").write_text("a\nsecret\n")
    with pytest.raises(SourceError, match="leads out of"):
        _read(folders, FileAccess("../t.csv", root))


def test_a_link_cannot_lead_out(folders: Path) -> None:
    (folders / "t.csv").write_text("a\nsecret\n")
    (folders / "mapping" / "link.csv").symlink_to(folders / "t.csv")
    with pytest.raises(SourceError, match="leads out of"):
        _read(folders, FileAccess("link.csv", MAPPING))


def test_the_run_may_say_what_a_name_stands_for(folders: Path) -> None:
    url = "https://example.org/t.csv"
    file = folders / "other" / "t.csv"
    assert _read(folders, WebAccess(url), **{url: file}) == ["other"]
    assert _read(folders, FileAccess("any"), any=file) == ["other"]


def test_nothing_is_fetched_unless_the_run_may(folders: Path) -> None:
    with pytest.raises(SourceError, match=r"t\.csv: is not fetched"):
        _read(folders, WebAccess("https://example.org/t.csv"))
