"""The metadata file of a chart: FGDC-STD-001-1998, as JCOMM TR-23, appendix D has it.

Written is what the chart itself tells: its name, format and columns.  Who made it, when
and for which waters is for whoever publishes it to add.
"""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_DEFINITIONS: Final = {
    "AREA": "Area of polygon feature, m2",
    "PERIMETER": "Perimeter length of polygon feature, m",
    "POLY_TYPE": "Type of polygon feature",
    "CT": "Total concentration",
    "CA": "Partial concentration of thickest ice",
    "CB": "Partial concentration of second thickest ice",
    "CC": "Partial concentration of the third thickest ice",
    "CN": "Stage of development of ice thicker than SA, concentration less than 1/10",
    "SA": "Stage of development of thickest ice",
    "SB": "Stage of development of second thickest ice",
    "SC": "Stage of development of third thickest ice",
    "CD": "Stage of development of any remaining class of ice",
    "FA": "Form of thickest ice",
    "FB": "Form of second thickest ice",
    "FC": "Form of third thickest ice",
    "FP": "Predominant form of ice",
    "FS": "Secondary form of ice",
    "ICEACT": "Total concentration",
    "ICEAPC": "Partial concentrations of up to three types of ice (Ca,Cb,Cc)",
    "ICESOD": "Stage of development of up to five types of ice (So,Sa,Sb,Sc,Sd)",
    "ICEFLZ": "Form of up to three types of ice (Fa,Fb,Fc)",
}
_SOURCE: Final = "JCOMM ETSI"


def metadata_xml(title: str, columns: Sequence[str]) -> str:
    """The document, with a description of every column in their order."""
    root = Element("metadata")
    identification = SubElement(root, "idinfo")
    citation = SubElement(SubElement(identification, "citation"), "citeinfo")
    _add(citation, title=title)
    _add(
        SubElement(SubElement(identification, "keywords"), "theme"), themekey="sea ice"
    )
    detailed = SubElement(SubElement(root, "eainfo"), "detailed")
    for column in columns:
        attribute = SubElement(detailed, "attr")
        definition = _DEFINITIONS[column]
        _add(attribute, attrlabl=column, attrdef=definition, attrdefs=_SOURCE)
        domain = SubElement(SubElement(attribute, "attrdomv"), "codesetd")
        _add(domain, codesetn="SIGRID-3 Version 3.0", codesets=_SOURCE)
    transfer = SubElement(SubElement(root, "distinfo"), "stdorder")
    digital = SubElement(SubElement(transfer, "digform"), "digtinfo")
    _add(digital, formname="SIGRID-3", formvern="3.0", formverd="20140501")
    _add(
        SubElement(root, "metainfo"),
        metstdn="FGDC Content Standard for Digital Geospatial Metadata",
        metstdv="FGDC-STD-001-1998",
    )
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _add(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text
