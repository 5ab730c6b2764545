"""A SPARQL 1.1 endpoint as a source, through SPARQLWrapper."""

import ast
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, Unpack
from urllib.error import HTTPError, URLError

import pyoxigraph as ox
from SPARQLWrapper import (
    CONSTRUCT,
    DESCRIBE,
    INSERT,
    JSON,
    POST,
    TURTLE,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from federation.clients.running import cancel_query, list_queries
from federation.errors import EndpointRefused, EndpointUnreachable, UnusableAnswer
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term
from strabon_store.errors import ResultTooLarge
from strabon_store.query_options import QueryOptions
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Row, Solutions
from strabon_store.running import RunningQuery

DEFAULT_TIMEOUT_S: Final = 60.0

_SHOWN: Final = 500
_RDF: Final = {
    rdf_format.media_type: rdf_format
    for rdf_format in (
        ox.RdfFormat.TURTLE,
        ox.RdfFormat.N_TRIPLES,
        ox.RdfFormat.RDF_XML,
        ox.RdfFormat.JSON_LD,
    )
}


@dataclass(frozen=True, slots=True)
class SparqlEndpoint:
    """An endpoint that speaks the SPARQL 1.1 Protocol.

    Attributes:
        url: Where it takes queries.
    """

    url: str

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        """The answer to a query, read whole before it is returned.

        Raises:
            EndpointUnreachable: Nobody answers, or not in time.
            EndpointRefused: The endpoint answers with an HTTP error.
            UnusableAnswer: The answer is cut off, or no SPARQL result.
        """
        allowed_s = timeout_s or DEFAULT_TIMEOUT_S
        base, dataset = options.get("base"), options.get("dataset")
        if base is not None:
            # A BASE of the query's own comes later, and holds.
            text = f"BASE {ox.NamedNode(base)} {text}"
        media_type, document = self._ask(
            text, allowed_s, dataset, options.get("query_id")
        )
        try:
            if media_type in _RDF:
                return _graph(document, _RDF[media_type])
            return _limited(_result(json.loads(document)), options.get("max_rows"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableAnswer(
                self.url,
                f"the answer is neither a SPARQL JSON result nor RDF ({error!r})",
            ) from error

    def update(self, text: str, timeout_s: float | None = None) -> dict[str, Any]:
        """Have the endpoint run an update; what it says about it, if it speaks JSON.

        Raises:
            EndpointUnreachable: Nobody answers, or not in time.
            EndpointRefused: The endpoint answers with an HTTP error.
            UnusableAnswer: The answer is cut off.
        """
        wrapper = self._wrapper(timeout_s or DEFAULT_TIMEOUT_S)
        wrapper.setQuery(text)
        # What it takes for a query, a request that begins with WITH among it, would be
        # sent as one.
        wrapper.queryType = INSERT
        _, answer = self._sent(wrapper)
        try:
            said = json.loads(answer)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def queries(self) -> tuple[RunningQuery, ...]:
        """What runs there; endpoints of ours tell."""
        return list_queries(self.url)

    def cancel(self, query_id: str) -> bool:
        """Stop a query there; endpoints of ours let us."""
        return cancel_query(self.url, query_id)

    def _ask(
        self,
        text: str,
        timeout_s: float,
        dataset: Dataset | None,
        query_id: str | None,
    ) -> tuple[str, bytes]:
        wrapper = self._wrapper(timeout_s)
        if query_id is not None:
            wrapper.addCustomHttpHeader("X-Query-Id", query_id)
        if dataset is not None:
            for graph in dataset.default:
                wrapper.addDefaultGraph(graph.value)
            for graph in dataset.named:
                wrapper.addNamedGraph(graph.value)
        wrapper.setQuery(text)
        if wrapper.queryType in {CONSTRUCT, DESCRIBE}:
            wrapper.setReturnFormat(TURTLE)
        return self._sent(wrapper)

    def _wrapper(self, timeout_s: float) -> SPARQLWrapper:
        wrapper = SPARQLWrapper(self.url)
        wrapper.setMethod(POST)
        wrapper.setReturnFormat(JSON)
        wrapper.setTimeout(math.ceil(timeout_s))
        return wrapper

    def _sent(self, wrapper: SPARQLWrapper) -> tuple[str, bytes]:
        """The media type of the answer, and the answer."""
        try:
            response = wrapper.query().response
            media_type: str = response.headers.get_content_type()
            body: bytes = response.read()
        except SPARQLWrapperException as error:
            raise self._refused(error) from error
        except HTTPError as error:
            detail = _detail(error.read(), error.reason)
            raise EndpointRefused(self.url, error.code, detail) from error
        except HTTPException as error:
            raise UnusableAnswer(
                self.url, f"the answer is cut off ({error!r})"
            ) from error
        except (URLError, OSError, ValueError) as error:
            reason = str(getattr(error, "reason", error))
            raise EndpointUnreachable(self.url, reason) from error
        return media_type, body

    def _refused(self, error: SPARQLWrapperException) -> EndpointRefused:
        # SPARQLWrapper reads the body away, and keeps it only as the repr of its bytes
        # at the end of the message; the status is left in what it was handling.
        _, _, body = str(error).partition("Response:\n")
        response = error.__context__
        status = response.code if isinstance(response, HTTPError) else 500
        detail = _detail(ast.literal_eval(body) if body else b"", error.msg)
        return EndpointRefused(self.url, status, detail)


def _detail(body: bytes, reason: str) -> str:
    """What the body says went wrong: RFC 9457's `detail`, else its first characters."""
    text = body.decode("utf-8", errors="replace").strip()
    try:
        problem = json.loads(text)
    except ValueError:
        return text[:_SHOWN] or reason
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        return str(problem["detail"])
    return text[:_SHOWN] or reason


def _result(document: dict[str, Any]) -> Result:
    if "boolean" in document:
        return bool(document["boolean"])
    variables = tuple(document["head"]["vars"])
    # Made whole at once: an odd term is found here, not after half of the rows.
    rows = list(_rows(variables, document["results"]["bindings"]))
    return Solutions(variables, iter(rows))


def _graph(document: bytes, rdf_format: ox.RdfFormat) -> Graph:
    triples = {
        (
            _of_oxigraph(q.subject),
            _of_oxigraph(q.predicate),
            _of_oxigraph(q.object),
        ): None
        for q in ox.parse(document, format=rdf_format)
    }
    return Graph.of_triples(triples)


def _of_oxigraph(term: object) -> Term:
    match term:
        case ox.NamedNode():
            return IRI(term.value)
        case ox.BlankNode():
            return BlankNode(term.value)
        case ox.Literal():
            return Literal(term.value, term.datatype.value, term.language)
        case _:
            raise ValueError(f"{term} is no term of RDF 1.1")


def _limited(result: Result, max_rows: int | None) -> Result:
    if max_rows is None or not isinstance(result, Solutions):
        return result
    rows = list(result.rows)
    if len(rows) > max_rows:
        raise ResultTooLarge(f"{max_rows} rows")
    return Solutions(result.variables, iter(rows))


def _rows(
    variables: tuple[str, ...], bindings: list[dict[str, dict[str, str]]]
) -> Iterator[Row]:
    for binding in bindings:
        yield tuple(
            _term(binding[name]) if name in binding else None for name in variables
        )


def _term(value: dict[str, str]) -> Term:
    match value["type"]:
        case "uri":
            return IRI(value["value"])
        case "bnode":
            return BlankNode(value["value"])
        case "literal" | "typed-literal":
            datatype = value.get("datatype", XSD_STRING)
            return Literal(value["value"], datatype, value.get("xml:lang"))
        case kind:
            raise ValueError(f"unknown kind of term {kind!r}")
