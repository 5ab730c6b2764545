"""XML by XPath: values of nodes, namespaces, streams; documents that are refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from geotriples.errors import SourceError
from geotriples.mapping.model import Representation
from geotriples.sources import xml as xml_sources
from geotriples.sources.base import Source
from tests.geotriples.logical_sources import column, opened, rows

PEOPLE = """<?xml version="1.0"?>
<people xmlns:x="http://x.org" since="1900">
  <person id="1"><name>Ann <b>B</b></name><x:age>30</x:age><tag>a</tag><tag>b</tag>
  </person>
  <!-- nobody -->
  <person id="2"><name>Øle</name><tag>-</tag></person>
  <group><person id="3"/></group>
</people>
"""


@pytest.fixture(params=["held", "stream"])
def people(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Source]:
    (tmp_path / "p.xml").write_text(PEOPLE, "utf-8")
    if request.param == "stream":
        monkeypatch.setattr(xml_sources, "_HELD_BYTES", 0)
    with opened(
        tmp_path, "p.xml", "rml:XPath", "/people/person", nulls=("-",)
    ) as source:
        assert (source.row_count is None) == (request.param == "stream")
        yield source


def _values(source: Source, reference: str) -> list[list[str]]:
    found = column(source, reference)
    return [
        one if isinstance(one, list) else [] if one is None else [one] for one in found
    ]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("@id", [["1"], ["2"]]),
        ("name", [["Ann B"], ["Øle"]]),
        ("name/text()", [["Ann "], ["Øle"]]),
        ("tag", [["a", "b"], []]),
        ("x:age", [["30"], []]),
        ("count(tag)", [["2"], ["1"]]),
        ("tag[2]", [["b"], []]),
        ("boolean(x:age)", [["true"], ["false"]]),
        ("string(name)", [["Ann B"], ["Øle"]]),
        ("name | tag", [["Ann B", "a", "b"], ["Øle"]]),
    ],
)
def test_a_reference_gives_the_values_of_nodes(
    people: Source, reference: str, expected: list[list[str]]
) -> None:
    assert _values(people, reference) == expected


def test_a_reference_that_is_no_path_is_refused(people: Source) -> None:
    for reference in ("???", "y:age", "name["):
        assert "is not XPath" in str(people.explain(reference))


def test_a_reference_may_lead_out_of_a_held_row(tmp_path: Path) -> None:
    (tmp_path / "p.xml").write_text(PEOPLE, "utf-8")
    with opened(tmp_path, "p.xml", "rml:XPath", "//person") as source:
        assert column(source, "@id") == ["1", "2", "3"]
        assert column(source, "ancestor::people/@since") == ["1900"] * 3
        assert column(source, "/people/person[1]/name") == ["Ann B"] * 3
        assert "leads nowhere in any row" in str(source.explain("weight"))


def test_a_reference_out_of_a_streamed_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_sources, "_HELD_BYTES", 0)
    (tmp_path / "p.xml").write_text(PEOPLE, "utf-8")
    with opened(tmp_path, "p.xml", "rml:XPath", "/people/person") as source:
        for reference in ("../@since", "/people/@since", "name[/people]", "parent::*"):
            assert "may lead out of its row" in str(source.explain(reference))
        with pytest.raises(SourceError, match="'weight' leads nowhere"):
            rows(source, "@id", "weight")


def test_prefixes_are_those_of_the_mapping_then_of_the_root(tmp_path: Path) -> None:
    text = '<k:kml xmlns:k="http://k" xmlns="http://d"><p>1</p></k:kml>'
    (tmp_path / "k.xml").write_text(text)
    representation = Representation(namespaces=(("d", "http://d"),))
    with opened(
        tmp_path, "k.xml", "rml:XPath", "/k:kml/d:p", representation=representation
    ) as source:
        assert column(source, ".") == ["1"]


def test_a_long_document_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = "".join(f'<p id="{i}"><n>{i * 2}</n></p>\n' for i in range(40_000))
    (tmp_path / "l.xml").write_text(f"<r>{people}</r>")
    with opened(tmp_path, "l.xml", "rml:XPath", "/r/p") as source:
        expected = _values(source, "n")
    monkeypatch.setattr(xml_sources, "_HELD_BYTES", 0)
    with opened(tmp_path, "l.xml", "rml:XPath", "/r/p") as source:
        assert _values(source, "n") == expected


def test_the_encoding_is_what_document_or_mapping_say(tmp_path: Path) -> None:
    told = '<?xml version="1.0" encoding="ISO-8859-1"?><r>Øst</r>'.encode("latin-1")
    for data, encoding in (
        (told, None),
        ("<r>Øst</r>".encode("latin-1"), "ISO-8859-1"),
        ("<r>Øst</r>".encode("utf-16"), None),
    ):
        (tmp_path / "e.xml").write_bytes(data)
        with opened(
            tmp_path, "e.xml", "rml:XPath", representation=Representation(encoding)
        ) as source:
            assert column(source, ".") == ["Øst"]


BOMB = '<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><r>&b;</r>'
FILE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "declares entities"),
        (FILE, "declares entities"),
        ("", "is not XML"),
        ("<r><p/>", "line 1, column 8: is not XML"),
        ("<r>\n<p></r>", "line 2, column [0-9]+: is not XML"),
        ("<r>\xff</r>", "is not XML"),
        ("no xml", "is not XML"),
    ],
)
@pytest.mark.parametrize("held_bytes", [0, 1 << 20])
def test_a_broken_document_is_told_with_its_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    message: str,
    held_bytes: int,
) -> None:
    monkeypatch.setattr(xml_sources, "_HELD_BYTES", held_bytes)
    (tmp_path / "b.xml").write_bytes(text.encode("latin-1"))
    with (
        pytest.raises(SourceError, match=message),
        opened(tmp_path, "b.xml", "rml:XPath", "/r/p") as source,
    ):
        rows(source, ".")


def test_an_iterator_leads_to_elements(tmp_path: Path) -> None:
    (tmp_path / "p.xml").write_text(PEOPLE, "utf-8")
    for iterator in ("//@id", "count(//person)"):
        with (
            pytest.raises(SourceError, match="leads to no elements"),
            opened(tmp_path, "p.xml", "rml:XPath", iterator),
        ):
            pass
    with (
        pytest.raises(SourceError, match="iterator: '///' is not XPath"),
        opened(tmp_path, "p.xml", "rml:XPath", "///"),
    ):
        pass
