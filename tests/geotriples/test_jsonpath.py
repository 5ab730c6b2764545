"""JSONPath: RFC 9535's own examples, and documents that are read as a stream."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geotriples.errors import SourceError
from geotriples.sources import json as json_sources
from geotriples.sources.json_stream import stream_rows
from geotriples.sources.jsonpath import find, is_plural, parse_jsonpath
from tests.geotriples.logical_sources import column, opened, rows

STORE: Any = {
    "store": {
        "book": [
            {"category": "reference", "author": "Nigel Rees", "price": 8.95},
            {"category": "fiction", "author": "Evelyn Waugh", "price": 12.99},
            {"author": "Herman Melville", "isbn": "0-553-21311-3", "price": 8.99},
            {"author": "J. R. R. Tolkien", "isbn": "0-395-19395-8", "price": 22.99},
        ],
        "bicycle": {"color": "red", "price": 399},
    }
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # RFC 9535, table 2.
        ("$.store.book[*].author", ["Nigel Rees", "Evelyn Waugh", "Herman Melville",
                                    "J. R. R. Tolkien"]),
        ("$..price", [8.95, 12.99, 8.99, 22.99, 399]),
        ("$..book[2].author", ["Herman Melville"]),
        ("$..book[2].publisher", []),
        ("$..book[-1].price", [22.99]),
        ("$..book[0,1].price", [8.95, 12.99]),
        ("$..book[:2].price", [8.95, 12.99]),
        ("$..book[?@.isbn].price", [8.99, 22.99]),
        ("$..book[?@.price<10].price", [8.95, 8.99]),
        ("store.bicycle.color", ["red"]),
        ("['store']['bicycle']['color']", ["red"]),
        ("$.store.bicycle['color','price']", ["red", 399]),
        ("$.store.book[?length(@.author) > 12].price", [8.99, 22.99]),
    ],
)  # fmt: skip
def test_a_path_leads_where_the_standard_says(path: str, expected: list[Any]) -> None:
    assert sorted(find(STORE, parse_jsonpath(path)), key=str) == sorted(
        expected, key=str
    )


@pytest.mark.parametrize("path", ["$.a[0]", "$['a b'].c", "a", "$"])
def test_a_singular_path_makes_no_list(path: str) -> None:
    assert not is_plural(parse_jsonpath(path))


@pytest.mark.parametrize("path", ["$.a[*]", "$..a", "$[0,1]", "$[?@.a]", "$[1:]"])
def test_a_plural_path_makes_a_list(path: str) -> None:
    assert is_plural(parse_jsonpath(path))


def test_iterators_and_references_may_be_filters(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(STORE))
    with opened(tmp_path, "s.json", "rml:JSONPath", "$..book[?@.isbn]") as source:
        assert column(source, "$.author") == ["Herman Melville", "J. R. R. Tolkien"]
        assert column(source, "$..price") == [["8.99E0"], ["2.299E1"]]


# -- streams -------------------------------------------------------------------------

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(
    document=_VALUES,
    path=st.sampled_from(["$[*]", "$.a[*]", "$.a.b[*]", "$.a[*].b", "$.a.*[*].b[0]"]),
    indent=st.sampled_from([None, 1]),
)
def test_a_stream_has_the_rows_of_the_document(
    tmp_path_factory: pytest.TempPathFactory,
    document: Any,
    path: str,
    indent: int | None,
) -> None:
    file = tmp_path_factory.getbasetemp() / "stream.json"
    file.write_text(json.dumps(document, indent=indent), "utf-8")
    steps = parse_jsonpath(path)
    assert isinstance(steps, tuple)
    assert list(stream_rows(file, steps)) == list(find(document, steps))


LONG = {
    "before": [1, {"features": []}],
    "features": [{"n": i, "text": "é" * (i % 7)} for i in range(150_000)],
    "after": "x",
}


def test_a_long_document_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "l.json").write_text(json.dumps(LONG, ensure_ascii=False), "utf-8")
    with opened(tmp_path, "l.json", "rml:JSONPath", "$.features[*]") as held:
        expected = rows(held, "n", "text")
    monkeypatch.setattr(json_sources, "_HELD_BYTES", 1 << 10)
    with opened(tmp_path, "l.json", "rml:JSONPath", "$.features[*]") as source:
        assert source.row_count is None
        assert rows(source, "n", "text") == expected
        with pytest.raises(SourceError, match="'m' leads nowhere in any row"):
            rows(source, "n", "m")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"a": [1, 2', "line 1 is not JSON"),
        ('{"a": [1, 2]', "line 1 is not JSON"),
        ('{"a": [1,\n 2,, 3]}', "line 2 is not JSON"),
        ('{"a": [1]} x', "more after the end"),
        ('{"a": [1], "a": [2]}', "second member 'a'"),
        ('{"a": [NaN]}', "NaN is not JSON"),
        ('{"a": [1] "b": 2}', "instead of '}'"),
        ("", "line 1 is not JSON"),
    ],
)
def test_a_stream_that_is_broken_says_so(
    tmp_path: Path, document: str, message: str
) -> None:
    (tmp_path / "b.json").write_text(document)
    with pytest.raises(SourceError, match=message):
        list(stream_rows(tmp_path / "b.json", ("a", *_wildcard())))


def _wildcard() -> tuple[Any, ...]:
    steps = parse_jsonpath("$[*]")
    assert isinstance(steps, tuple)
    return steps


# -- lines ---------------------------------------------------------------------------


def test_each_line_is_a_document(tmp_path: Path) -> None:
    text = '{"a": 1, "b": {"c": "x"}}\n\n{"a": 2.5}\n'
    (tmp_path / "d.ndjson").write_text(text)
    with opened(tmp_path, "d.ndjson", "pyrml:JSONLines") as source:
        assert rows(source, "a", "$.b.c") == [("1", "x"), ("2.5E0", None)]


def test_the_iterator_applies_to_each_line(tmp_path: Path) -> None:
    (tmp_path / "d.ndjson").write_text('{"a": [1, 2]}\n{"a": []}\n{"a": [3]}\n')
    with opened(tmp_path, "d.ndjson", "pyrml:JSONLines", "$.a[*]") as source:
        assert column(source, "$") == ["1", "2", "3"]


def test_a_broken_line_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "d.ndjson").write_text('{"a": 1}\n\n{"a": \n{"a": 2}\n')
    with (
        opened(tmp_path, "d.ndjson", "pyrml:JSONLines") as source,
        pytest.raises(SourceError, match="line 3 is not JSON"),
    ):
        rows(source, "a")


def test_text_that_is_not_utf_8_is_told_with_its_byte(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(b'[{"a":\n "\xff"}]')
    with (
        pytest.raises(SourceError, match="line 2, byte 10: is not utf-8"),
        opened(tmp_path, "d.json", "rml:JSONPath", "$[*]"),
    ):
        pass
