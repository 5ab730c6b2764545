"""Metadata in XML: elements by name, numbers and times as the annotations write them.

Namespaces are dropped when a document is read: the products of several processor
versions differ in them and in nothing else.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

from ml.errors import UnreadableProduct


def parse_xml(location: str, name: str, content: bytes) -> Element:
    """The root of a document, its names without namespaces.

    Raises:
        UnreadableProduct: It is no well-formed XML.
    """
    try:
        root: Element = ElementTree.fromstring(content)
    except (ParseError, DefusedXmlException) as error:
        raise UnreadableProduct(
            location, f"{name} is no XML ({error})", "fetch the product again"
        ) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


class Reader:
    """Reads values of one document; what is absent or damaged is named.

    Attributes:
        location: The product.
        name: The document.
        root: Its root.
    """

    def __init__(self, location: str, name: str, content: bytes) -> None:
        self.location = location
        self.name = name
        self.root = parse_xml(location, name, content)

    def find(self, path: str, within: Element | None = None) -> Element:
        """The element at `path`.

        Raises:
            UnreadableProduct: There is none.
        """
        found = self.find_optional(path, within)
        if found is None:
            raise self.damaged(f"it has no element {path}")
        return found

    def find_optional(self, path: str, within: Element | None = None) -> Element | None:
        """The element at `path`, or None."""
        return (self.root if within is None else within).find(path)

    def iterate(self, path: str, within: Element | None = None) -> Iterator[Element]:
        """All elements at `path`."""
        return iter((self.root if within is None else within).findall(path))

    def text(self, path: str, within: Element | None = None) -> str:
        """The text at `path`, without white space around it."""
        text = (self.find(path, within).text or "").strip()
        if not text:
            raise self.damaged(f"its element {path} is empty")
        return text

    def number(self, path: str, within: Element | None = None) -> float:
        """The finite number at `path`."""
        return float(self.numbers(path, within)[0])

    def integer(self, path: str, within: Element | None = None) -> int:
        """The integer at `path`."""
        text = self.text(path, within)
        try:
            return int(text)
        except ValueError as error:
            raise self.damaged(f"{path} is {text!r}, no integer") from error

    def numbers(self, path: str, within: Element | None = None) -> NDArray[np.float64]:
        """The finite numbers at `path`, separated by white space; at least one.

        Raises:
            UnreadableProduct: One is no number, or not finite.
        """
        text = self.text(path, within)
        try:
            values = np.array(text.split(), dtype=np.float64)
        except ValueError as error:
            raise self.damaged(f"{path} holds what is no number ({error})") from error
        if not np.isfinite(values).all():
            raise self.damaged(f"{path} holds NaN or infinite numbers")
        return values

    def time(self, path: str, within: Element | None = None) -> datetime:
        """The instant at `path`; without a zone it is UTC."""
        text = self.text(path, within)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self.damaged(f"{path} is {text!r}, no time") from error
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)

    def damaged(self, reason: str) -> UnreadableProduct:
        """The error that this document is not what it should be."""
        return UnreadableProduct(
            self.location, f"{self.name}: {reason}", "fetch the product again"
        )
