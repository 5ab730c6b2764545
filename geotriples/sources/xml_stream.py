"""XML documents, parsed without network, document types or entities; whole or by rows.

What a file declares as an entity may be a bomb or another file, so such a file is
refused (OWASP, XML external entity prevention).
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from lxml import etree

from geotriples.errors import SourceError

Namespaces: TypeAlias = Mapping[str, str]

_NAME: Final = r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*"
_ROWS: Final = re.compile(rf"(?:/{_NAME})+")
_ALONE: Final = re.compile(
    r"""^(?!/)(?!.*\.\.)(?!.*(?:^|[\[(|,\s])/)"""
    r"""(?!.*(?:parent|ancestor|ancestor-or-self|preceding|following"""
    r"""|preceding-sibling|following-sibling)\s*::)""",
    re.DOTALL,
)
_SINGLE: Final = re.compile(rf"\.|@{_NAME}|(?:string|concat|count|number|name)\(.*\)")


def row_tags(iterator: str, namespaces: Namespaces) -> tuple[str, ...] | None:
    """The elements from the root to a row, if the iterator is a path of names.

    Examples:
        >>> row_tags("/a/x:b", {"x": "http://x.org"})
        ('a', '{http://x.org}b')
        >>> row_tags("//a", {}) is None
        True
    """
    if not _ROWS.fullmatch(iterator):
        return None
    tags = []
    for step in iterator.removeprefix("/").split("/"):
        prefix, _, name = step.rpartition(":")
        if prefix and prefix not in namespaces:
            return None
        tags.append(f"{{{namespaces[prefix]}}}{name}" if prefix else name)
    return tuple(tags)


def is_alone(reference: str) -> bool:
    """Whether a path is known to stay within its row.

    Examples:
        >>> is_alone("a/@b"), is_alone("../@id"), is_alone("a[/b]")
        (True, False, False)
    """
    return _ALONE.match(reference) is not None


def is_single(reference: str) -> bool:
    """Whether a path is known to lead to one value at most.

    Examples:
        >>> is_single("@id"), is_single("name")
        (True, False)
    """
    return _SINGLE.fullmatch(reference) is not None


def parse_document(path: Path, plain: Path, encoding: str | None) -> Any:
    """A whole document.

    Args:
        path: What errors call the file.
        plain: The file.
        encoding: Its encoding, where it does not tell.

    Raises:
        SourceError: It is no XML, or declares entities.
    """
    parser = etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    with _told(path):
        document = etree.parse(plain, parser)
        _refuse_entities(path, document.getroot())
        return document


def root_of(path: Path, plain: Path, encoding: str | None) -> Any:
    """The root of a document, with its attributes and without what is in it.

    Raises:
        SourceError: As `parse_document`, as far as is read.
    """
    with _told(path), plain.open("rb") as file:
        for _, element in _events(file, ("start",), encoding):
            _refuse_entities(path, element)
            return element
    raise SourceError(path, "is not XML: it has no root")


def stream_elements(
    path: Path, plain: Path, tags: tuple[str, ...], encoding: str | None
) -> Iterator[Any]:
    """The elements at the end of a path; each is emptied when the next is asked for.

    Raises:
        SourceError: As `parse_document`; elements before that place have come already.
    """
    with _told(path), plain.open("rb") as file:
        for _, element in _events(file, ("end",), encoding, tags[-1]):
            if _path(element) != tags:
                continue
            yield element
            element.clear()
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _events(
    file: BinaryIO,
    events: tuple[str, ...],
    encoding: str | None,
    tag: str | None = None,
) -> Any:
    return etree.iterparse(
        file,
        events=events,
        tag=tag,
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )


def _path(element: Any) -> tuple[str, ...]:
    above = [one.tag for one in element.iterancestors()]
    return (*reversed(above), element.tag)


def _refuse_entities(path: Path, root: Any) -> None:
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise SourceError(path, "declares entities, which are not read")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = f"line {line}, column {column}: is not XML: {error.msg}"
        raise SourceError(path, reason) from error
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (OSError, LookupError) as error:
        if not path.exists():
            raise SourceError(path, "does not exist") from error
        raise SourceError(path, f"is not XML that can be read: {error}") from error
