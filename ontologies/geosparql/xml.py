"""What GML and KML literals share: XML that is read without its entities."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import shapely
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from shapely.geometry.base import BaseGeometry

from ontologies.geosparql.literals import LiteralError

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class Fault(Exception):
    """An element is not what a literal may hold; made a `LiteralError` by the reader.

    Attributes:
        name: Local name of the element.
        reason: What is wrong with it.
    """

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name}: {reason}")


def parse_xml(text: str, datatype: str) -> Element:
    """The root element of a literal.

    Raises:
        LiteralError: The text is no well-formed XML, or has a document type, which
            could name files of this machine or grow without bounds.
    """
    try:
        root: Element = ElementTree.fromstring(text, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column
        raise LiteralError(datatype, text, start, str(error)) from error
    except DefusedXmlException as error:
        reason = "a document type is not allowed"
        raise LiteralError(datatype, text, max(text.find("<!"), 0), reason) from error
    return root


def place_of(fault: Fault, text: str) -> int:
    """About where in the text the element of a fault stands."""
    found = re.search(rf"<(?:[\w.-]+:)?{re.escape(fault.name)}\b", text)
    return found.start() if found else 0


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, *names: str) -> Iterator[Element]:
    """The child elements with one of these local names, in order."""
    return (child for child in element if local_name(child) in names)


def numbers(text: str | None, name: str) -> list[float]:
    """The numbers of a list.

    Raises:
        Fault: One of them is none.
    """
    found = (text or "").split()
    for each in found:
        if not _NUMBER.fullmatch(each):
            raise Fault(name, f"{each!r} is not a number")
    return [float(each) for each in found]


def is_finite(geometry: BaseGeometry) -> bool:
    """Whether all coordinates are numbers."""
    return bool(np.isfinite(shapely.get_coordinates(geometry)).all())
