"""Requests as the SPARQL 1.1 Protocol reads them (section 2); no web framework."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from api.errors import MalformedRequest, UnsupportedMediaType
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
DIRECT_UPDATE: Final = "application/sparql-update"

_QUERY_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """A query operation (section 2.1).

    Attributes:
        text: The query.
        dataset: The dataset that the request names, or None; it beats FROM (section
            2.1.4).
        format: Short name or media type asked for by `?format=`, or None.
        timeout_s: How many seconds the query may take, by `?timeout=`, or None.
        base: What its relative IRIs are resolved against, or None.
    """

    text: str
    dataset: Dataset | None = None
    format: str | None = None
    timeout_s: float | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """An update operation (section 2.2).

    Attributes:
        text: The update.
        dataset: What its WHEREs ask, as the request names it, or None (2.2.3).
    """

    text: str
    dataset: Dataset | None = None


def parse_get(parameters: Parameters) -> QueryRequest | None:
    """A query via GET (section 2.1.1), or None where there is no query at all.

    Raises:
        MalformedRequest: There are two queries, or there is an update.
    """
    if _values(parameters, "update"):
        raise MalformedRequest("an update cannot come by GET; send it by POST")
    if not _values(parameters, "query"):
        return None
    return _query(parameters)


def parse_post(
    content_type: str, url: Parameters, body: bytes
) -> QueryRequest | UpdateRequest:
    """What comes via POST, URL-encoded or directly (sections 2.1.2, 2.1.3, 2.2).

    Args:
        content_type: The header of that name, or an empty text.
        url: The parameters in the URL; a dataset may be named there in both forms.
        body: The body.

    Raises:
        MalformedRequest: There is neither query nor update, or more than one, or the
            body is no UTF-8.
        UnsupportedMediaType: The body is in another format or encoding.
    """
    media_type, charset = _media_type(content_type)
    if media_type not in _READ or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaType(content_type, _READ)
    text = _decode(body)
    if media_type == DIRECT:
        return _query([*url, ("query", text)])
    if media_type == DIRECT_UPDATE:
        return _update([*url, ("update", text)])
    fields = parse_qsl(text, keep_blank_values=True, errors="strict")
    if _values(fields, "update"):
        return _update([*url, *fields])
    return _query([*url, *fields])


_READ: Final = (FORM, DIRECT, DIRECT_UPDATE)


def _media_type(content_type: str) -> tuple[str, str]:
    media_type, *parameters = content_type.lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    charset = next((v for name, _, v in pairs if name.strip() == "charset"), "")
    return media_type.strip(), charset.strip().strip('"')


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"the body is not UTF-8 (at byte {error.start}); send it in UTF-8"
        ) from error


def _query(parameters: Parameters) -> QueryRequest:
    formats = _values(parameters, "format", "output")
    return QueryRequest(
        text=_only("query", parameters),
        dataset=_dataset(parameters, "default-graph-uri", "named-graph-uri"),
        format=formats[0] if formats else None,
        timeout_s=_timeout(parameters),
    )


def _update(parameters: Parameters) -> UpdateRequest:
    return UpdateRequest(
        text=_only("update", parameters),
        dataset=_dataset(parameters, "using-graph-uri", "using-named-graph-uri"),
    )


def _only(name: str, parameters: Parameters) -> str:
    found = _values(parameters, "query", "update")
    if len(found) != 1:
        raise MalformedRequest(f"send one `{name}` and nothing else, not {len(found)}")
    return found[0]


def _timeout(parameters: Parameters) -> float | None:
    for text in _values(parameters, "timeout"):
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            raise MalformedRequest(f"timeout={text} is no number of seconds above 0")
        return seconds
    return None


def proposed_id(header: str | None) -> str | None:
    """The id that a client proposes for its query, or None where it proposes none.

    Raises:
        MalformedRequest: It cannot stand in a URL as it is, or is too long.

    Examples:
        >>> proposed_id("nightly-1")
        'nightly-1'
    """
    if header is None or _QUERY_ID.fullmatch(header):
        return header
    raise MalformedRequest(
        "X-Query-Id takes up to 64 letters, digits, and any of . _ ~ -"
    )


def _values(parameters: Parameters, *names: str) -> list[str]:
    return [value for name, value in parameters if name in names]


def _dataset(parameters: Parameters, *names: str) -> Dataset | None:
    default, named = (
        tuple(IRI(value) for value in _values(parameters, name)) for name in names
    )
    return Dataset(default, named) if default or named else None
