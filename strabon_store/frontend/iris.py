"""IRI references against a base (RFC 3986 section 5, as SPARQL 4.1.1.2 asks)."""

import re
from dataclasses import dataclass, replace
from typing import Final

_PARTS: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
    re.DOTALL,
)
"""Appendix B, with the scheme held to its grammar so that `a/b:c` has none."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """The five components; None where one is absent, which differs from empty."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:
        scheme = "" if self.scheme is None else f"{self.scheme}:"
        authority = "" if self.authority is None else f"//{self.authority}"
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{scheme}{authority}{self.path}{query}{fragment}"


def is_absolute(iri: str) -> bool:
    """Whether the reference names a scheme.

    Examples:
        >>> is_absolute("urn:x"), is_absolute("x/y:z")
        (True, False)
    """
    return _parse(iri).scheme is not None


def resolve(reference: str, base: str) -> str:
    """The IRI that `reference` means in a document at `base` (RFC 3986 5.2.2).

    An absolute reference stays as it is, dots included: an IRI in a query must equal
    the same text in data.

    Examples:
        >>> resolve("../g?y#s", "http://a/b/c/d;p?q")
        'http://a/b/g?y#s'
        >>> resolve("", "http://a/b?q#f")
        'http://a/b?q'
    """
    relative = _parse(reference)
    if relative.scheme is not None:
        return reference
    origin = _parse(base)
    if relative.authority is not None:
        target = replace(relative, path=_remove_dots(relative.path))
    elif relative.path:
        path = _remove_dots(_merge(origin, relative.path))
        target = replace(relative, authority=origin.authority, path=path)
    else:
        query = origin.query if relative.query is None else relative.query
        target = replace(origin, query=query, fragment=relative.fragment)
    return str(replace(target, scheme=origin.scheme))


def _parse(iri: str) -> _Reference:
    match = _PARTS.fullmatch(iri)
    assert match is not None, "every part of the pattern is optional"  # noqa: S101
    return _Reference(match[1], match[2], match[3], match[4], match[5])


def _merge(base: _Reference, path: str) -> str:
    if path.startswith("/"):
        return path
    if base.authority is not None and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path


def _remove_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
