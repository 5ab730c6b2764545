"""What RDF asks of the text of IRIs and language tags, as regular expressions.

The expressions use only what Python's `re`, RE2 (DuckDB) and Java (Spark) read alike,
so that mappings and data are held to the same rule.
"""

import re
from typing import Final

_UNICODE: Final = "".join(
    f"{chr(first)}-{chr(last)}"
    for first, last in (
        (0xA0, 0xD7FF),
        (0xF900, 0xFDCF),
        (0xFDF0, 0xFFEF),
        *((plane << 16, (plane << 16) + 0xFFFD) for plane in range(1, 14)),
        (0xE1000, 0xEFFFD),
    )
)
"""`ucschar` of RFC 3987 section 2.2, as ranges of a character class."""

_PRIVATE: Final = "".join(
    f"{chr(first)}-{chr(last)}"
    for first, last in ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
)
_PERCENT: Final = "%[0-9A-Fa-f][0-9A-Fa-f]"
_NAME: Final = f"A-Za-z0-9._~!$&'()*+,;={_UNICODE}-"
_PATH: Final = f"(?:[:@/{_NAME}]|{_PERCENT})*"

ABSOLUTE_IRI: Final = (
    r"^[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:(?:[:{_NAME}]|{_PERCENT})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[{_NAME}]|{_PERCENT})*)"
    rf"(?::[0-9]*)?(?:/{_PATH})?"
    rf"|/?(?:(?:[:@{_NAME}]|{_PERCENT}){_PATH})?)"
    rf"(?:\?(?:[:@/?{_PRIVATE}{_NAME}]|{_PERCENT})*)?"
    rf"(?:#(?:[:@/?{_NAME}]|{_PERCENT})*)?$"
)
"""An IRI with its scheme (RFC 3987 2.2; of IP literals, only the characters)."""

SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How an absolute IRI begins (RFC 3986 section 3.1)."""

LANGUAGE_TAG: Final = (
    r"^[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}"
    r"(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[A-WYZa-wyz0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?$"
)
"""Well-formed language tags (BCP 47 section 2.1), without the grandfathered ones.

Languages of four letters are reserved, and none of five to eight is registered: what
looks like one is the name of a language, such as `english`, and no tag (R2RML 7.4).
"""


def is_iri_character(character: str) -> bool:
    """Whether a character stands for itself in an IRI: `iunreserved` of RFC 3987.

    Examples:
        >>> is_iri_character("é"), is_iri_character("/")
        (True, False)
    """
    return re.match(f"[A-Za-z0-9._~{_UNICODE}-]", character) is not None


def is_absolute_iri(text: str) -> bool:
    """Whether a string is an IRI with a scheme.

    Examples:
        >>> is_absolute_iri("https://example.org/Tromsø?q=1#a")
        True
        >>> is_absolute_iri("https://example.org/100%"), is_absolute_iri("a/b")
        (False, False)
    """
    # `$` would also match before a final line feed.
    return re.match(ABSOLUTE_IRI, text) is not None and not text.endswith("\n")


def is_language_tag(text: str) -> bool:
    """Whether a string is a well-formed language tag.

    Examples:
        >>> is_language_tag("en-GB"), is_language_tag("english")
        (True, False)
    """
    return re.match(LANGUAGE_TAG, text) is not None and not text.endswith("\n")
