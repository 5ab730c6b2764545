"""Tables as text: dialects, encodings, compressions, and files that are broken."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest

from geotriples.errors import SourceError
from geotriples.mapping.model import Dialect, Representation
from geotriples.sources.places import Permissions
from tests.geotriples.logical_sources import column, opened, rows


def _rows(
    folder: Path,
    text: str | bytes,
    dialect: Dialect | None = None,
    *,
    encoding: str | None = None,
    compression: str | None = None,
) -> list[tuple[str | None, ...]]:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "t.csv").write_bytes(data)
    representation = Representation(encoding, compression, dialect)
    formulation = "rml:CSV"
    with opened(
        folder, "t.csv", formulation, nulls=("-",), representation=representation
    ) as source:
        return rows(source, "a", "b")


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("a,b\n1,x y\n", None),
        ("a;b\n1;x y\n", Dialect(delimiter=";")),
        ("a\tb\n1\tx y\n", Dialect(delimiter="\t")),
        ("'a','b'\n1,'x y'\n", Dialect(quote="'")),
        ("#! c,c\na,b\n# no row\n1,x y\n", Dialect(comment="#")),
        ("title\n\na,b\n1,x y\n", Dialect(skip_rows=2)),
        (" a ,\tb\n 1 , x y \n", Dialect(trim=True)),
        ("a,b\r\n1,x y\r\n", None),
        ("\ufeffa,b\n1,x y\n", None),
    ],
)
def test_a_table_reads_the_same_however_it_is_written(
    tmp_path: Path, text: str, dialect: Dialect | None
) -> None:
    assert _rows(tmp_path, text, dialect) == [("1", "x y")]


def test_a_table_without_header_has_numbered_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1,x\n2,y\n")
    representation = Representation(dialect=Dialect(has_header=False))
    with opened(tmp_path, "t.csv", "rml:CSV", representation=representation) as source:
        assert rows(source, "_col.2", "_col.1") == [("x", "1"), ("y", "2")]
        assert "_col.3" in str(source.explain("_col.3"))


def test_tabs_are_what_tsv_means(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('a\tb\n1,5\t"x\ty"\n')
    with opened(tmp_path, "t.tsv", "pyrml:TSV") as source:
        assert rows(source, "a", "b") == [("1,5", "x\ty")]


def test_a_comment_in_a_quoted_field_is_none(tmp_path: Path) -> None:
    text = 'a,b\n1,"x\n# y"\n# z\n'
    assert _rows(tmp_path, text, Dialect(comment="#")) == [("1", "x\n# y")]


def test_backslashes_escape_where_the_dialect_says_so(tmp_path: Path) -> None:
    assert _rows(tmp_path, 'a,b\n1,"x\\"y"\n', Dialect(escape="\\")) == [("1", 'x"y')]


def test_quotes_are_characters_where_the_dialect_has_none(tmp_path: Path) -> None:
    assert _rows(tmp_path, 'a,b\n1,"x\n', Dialect(quote=None)) == [("1", '"x')]


@pytest.mark.parametrize("trim", [True, False])
def test_nulls_are_no_values(tmp_path: Path, *, trim: bool) -> None:
    found = _rows(tmp_path, "a,b\n1,-\n-,\n", Dialect(trim=trim))
    assert found == [("1", None), (None, "")]


def test_a_row_longer_than_a_block_comes_once(tmp_path: Path) -> None:
    short = "".join(f"{i},x\n" for i in range(200_000))
    long = "y" * 40_000_000
    found = _rows(tmp_path, f"a,b\n{short}L,{long}\nM,z\n")
    assert len(found) == 200_002
    assert found[199_999:] == [("199999", "x"), ("L", long), ("M", "z")]


# -- characters ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8"])
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    data = "a,b\nÆrø,Øst\n".encode(encoding)
    assert _rows(tmp_path, data, encoding=encoding) == [("Ærø", "Øst")]


def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path) -> None:
    assert _rows(tmp_path, "a,b\n雪,x\n".encode("utf-16")) == [("雪", "x")]


@pytest.mark.parametrize(
    ("data", "encoding", "place"),
    [
        (b"a,b\n1,x\n2,\xc6r\xf8\n", None, "line 3, byte 11: is not utf-8"),
        (b"a,b\n1,\x81\n", "cp1252", "line 2, byte 7: is not"),
        ("a,b\n1,x".encode("utf-16-le") + b"y", "utf-16-le", "byte 15: is not utf-16"),
    ],
)
def test_a_wrong_encoding_is_told_with_its_place(
    tmp_path: Path, data: bytes, encoding: str | None, place: str
) -> None:
    with pytest.raises(SourceError, match=place):
        _rows(tmp_path, data, encoding=encoding)


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="encoding 'UTF-9' is unknown"):
        _rows(tmp_path, b"a,b\n", encoding="UTF-9")


# -- compression ---------------------------------------------------------------------

TABLE = b"a,b\n1,x\n"


def _tar(mode: Literal["w:gz", "w:xz"]) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as archive:
            info = tarfile.TarInfo("folder/t.csv")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        return buffer.getvalue()

    return pack


def _zip(*names: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, data)
        return buffer.getvalue()

    return pack


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


PACKERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "gzip": (gzip.compress, ".gz"),
    "bzip2": (bz2.compress, ".bz2"),
    "xz": (lzma.compress, ".xz"),
    "zstd": (_zstd, ".zst"),
    "zip": (_zip("t.csv"), ".zip"),
    "targz": (_tar("w:gz"), ".tar.gz"),
    "tarxz": (_tar("w:xz"), ".tar.xz"),
}


@pytest.mark.parametrize("kind", PACKERS)
def test_compressed_tables_are_unpacked(tmp_path: Path, kind: str) -> None:
    pack, _ = PACKERS[kind]
    assert _rows(tmp_path, pack(TABLE), compression=kind) == [("1", "x")]


@pytest.mark.parametrize("kind", sorted(set(PACKERS) - {"zip"}))
def test_the_name_tells_the_compression(tmp_path: Path, kind: str) -> None:
    pack, ending = PACKERS[kind]
    (tmp_path / f"t.csv{ending}").write_bytes(pack(TABLE))
    with opened(tmp_path, f"t.csv{ending}", "rml:CSV") as source:
        assert column(source, "b") == ["x"]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("data", [b"no such thing", b""])
def test_what_is_not_packed_so_is_refused(
    tmp_path: Path, kind: str, data: bytes
) -> None:
    with pytest.raises(SourceError, match=r"unpacked as|holds 0|Empty"):
        _rows(tmp_path, data, compression=kind)


@pytest.mark.parametrize("kind", PACKERS)
def test_what_is_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    pack, _ = PACKERS[kind]
    data = pack(b"a,b\n" + bytes(range(48, 57)) * 10_000)
    with pytest.raises(SourceError, match=f"cannot be unpacked as {kind}"):
        _rows(tmp_path, data[: len(data) // 2], compression=kind)


def test_an_archive_must_hold_one_table(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds 2: t\.csv, u\.csv"):
        _rows(tmp_path, _zip("t.csv", "u.csv")(TABLE), compression="zip")
    with pytest.raises(SourceError, match=r"two files named t\.csv"):
        _rows(tmp_path, _zip("a/t.csv", "b/t.csv")(TABLE), compression="zip")


def test_an_entry_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    assert _rows(tmp_path, _zip("../../t.csv")(TABLE), compression="zip") == [
        ("1", "x")
    ]
    assert not (tmp_path.parent.parent / "t.csv").exists()


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,x\n" * 100_000))
    permissions = Permissions(None, max_bytes=100_000)
    with (
        pytest.raises(SourceError, match="unpacks to more than 100,000 bytes"),
        opened(tmp_path, "t.csv.gz", "rml:CSV", permissions=permissions),
    ):
        pass


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="'arj' is unknown; there are none, gzip"):
        _rows(tmp_path, TABLE, compression="arj")


# -- broken tables -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not CSV: Empty CSV file"),
        ("a,b\n1,x\n2\n", "Row #3: Expected 2 columns, got 1: 2; say how"),
        ('a,b\n1,x\n2,"x\n', "the row in line 3 ends within quotes"),
        ("a,a\n1,2\n", "a column name twice in its header"),
    ],
)
def test_a_broken_table_is_told_with_its_row(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        _rows(tmp_path, text)


def test_a_quote_in_a_field_without_quotes_is_a_character(tmp_path: Path) -> None:
    assert _rows(tmp_path, 'a,b\n1,5" pipe\n2,x\n') == [("1", '5" pipe'), ("2", "x")]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    assert _rows(tmp_path, "a,b\n") == []
