"""What RDF asks of the text of IRIs and language tags, as regular expressions."""

import re
from typing import Final

INVALID_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')
"""A character that no IRI of N-Triples holds (IRIREF)."""

SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
"""How an absolute IRI begins (RFC 3986 section 3.1)."""

LANGUAGE_TAG: Final = (
    r"^(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    r"(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    r"(?:-[A-WYZa-wyz0-9](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[Xx](?:-[A-Za-z0-9]{1,8})+)?$"
)
"""Well-formed language tags (BCP 47 section 2.1, without the grandfathered ones)."""
