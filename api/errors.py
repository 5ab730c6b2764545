"""Every exception that this package raises, and the HTTP status of every exception.

* ApiError
  - MalformedRequest      the request does not follow the SPARQL protocol   -> HTTP 400
  - UpdatesForbidden      the service takes no updates, or not from there   -> HTTP 403
  - BackupsForbidden      the service makes no backups                      -> HTTP 403
  - GraphNotFound         the store has no graph of that name               -> HTTP 404
  - NotAcceptable         no format on offer is one the client takes        -> HTTP 406
  - UnknownQuery          no query with this id is running              -> HTTP 404
  - QueryTooLong          the body is longer than the service reads         -> HTTP 413
  - UnsupportedMediaType  the body is in a format that nobody reads         -> HTTP 415
  - Overloaded            every place for queries stays taken               -> HTTP 503
  - FetchForbidden        a document on a host that nobody allowed
  - FetchFailed           a document that cannot be had from the web
  - InvalidSettings       a variable of the environment has an unfit value
  - AddressUnavailable    the server cannot listen where it should
  - UnreadableClassTable  a file that does not say what codes mean
  - UnwritableFile        a file cannot be written where it should be
  - UnusedOption          an option that means nothing for this kind of map
  - ProductDiffers        the store holds another map of the same scene

Errors of the packages below keep their classes; `STATUS` says what HTTP makes of them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from engines.errors import (
    DatabaseCorrupt,
    DatabaseLocked,
    DatabaseMissing,
    DiskFull,
    EngineBroken,
    EngineError,
    ExtensionMissing,
    Interrupted,
    MemoryExceeded,
    NoSuchGeometry,
    NowhereOnEarth,
    PatternTooCostly,
    QueryFailed,
    SourceUnreadable,
    StorageFailed,
    TransformFailed,
    ValueUnfit,
    WriteConflict,
)
from ontologies.errors import OntologyError, PytheasError
from ontologies.geosparql.literals import LiteralError
from ontologies.namespaces import Namespace
from ontologies.vocabulary import UnknownConcept, UnknownScheme
from strabon_store.errors import (
    BackupFailed,
    DatasetConflict,
    DocumentUnavailable,
    DumpFailed,
    GraphExists,
    InternalError,
    LoadError,
    LoadForbidden,
    NoSuchGraph,
    QueryCancelled,
    QueryCutOff,
    QueryIdTaken,
    QueryMemoryExceeded,
    QuerySyntaxError,
    QueryTimeout,
    ResultTooLarge,
    ServiceFailed,
    StoreBusy,
    StoreError,
    StoreInUse,
    StoreUnavailable,
    UnknownFunction,
    UnsupportedFeature,
)
from strabon_store.results.geojson import NoGeometry


class ApiError(PytheasError):
    """A request, over HTTP or on the command line, cannot be served."""


class MalformedRequest(ApiError):
    """The request does not follow the SPARQL 1.1 Protocol."""


class UpdatesForbidden(ApiError):
    """The service takes no updates, or not from where this one comes."""


class BackupsForbidden(ApiError):
    """The service makes no backups."""


class GraphNotFound(ApiError):
    """The store has no graph of that name.

    Attributes:
        graph: Its IRI.
    """

    def __init__(self, graph: str) -> None:
        self.graph = graph
        super().__init__(f"there is no graph <{graph}>: no statement is in it")


class NotAcceptable(ApiError):
    """No format on offer is one that the client takes.

    Attributes:
        wanted: What the client asked for.
        offered: The media types on offer.
    """

    def __init__(self, wanted: str, offered: Sequence[str]) -> None:
        self.wanted = wanted
        self.offered = tuple(offered)
        super().__init__(
            f"nothing on offer matches {wanted!r}; there is {', '.join(self.offered)}"
        )


class UnsupportedMediaType(ApiError):
    """The body of a request is in a format that nobody reads.

    Attributes:
        given: The media type of the body.
        offered: The media types that are read.
    """

    def __init__(self, given: str, offered: Sequence[str]) -> None:
        self.given = given
        self.offered = tuple(offered)
        what = given or "a body without a Content-Type"
        super().__init__(f"cannot read {what}; send {' or '.join(self.offered)}")


class UnknownQuery(ApiError):
    """No query with an id is running, or not any more.

    Attributes:
        query_id: The id.
    """

    def __init__(self, query_id: str) -> None:
        self.query_id = query_id
        super().__init__(f"no query {query_id} is running; it may have ended")


class QueryTooLong(ApiError):
    """The body of a request is longer than the service reads.

    Attributes:
        limit: How many bytes it reads.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the request is longer than {limit} bytes; shorten it")


class Overloaded(ApiError):
    """Every place for running queries stayed taken for as long as one may wait.

    Attributes:
        places: How many queries may run at once.
        waited_s: How long the request waited for a place.
    """

    def __init__(self, places: int, waited_s: float) -> None:
        self.places = places
        self.waited_s = waited_s
        super().__init__(
            f"{places} queries are running and none ended within {waited_s:g} s; "
            "try again later"
        )


class FetchForbidden(ApiError):
    """A document is on a host that nobody allowed.

    Attributes:
        url: The document.
        host: The host, or its address when it is of a private network.
    """

    def __init__(self, url: str, host: str) -> None:
        self.url = url
        self.host = host
        super().__init__(
            f"nobody allowed to fetch {url} from {host}; allow it with "
            f"--allow-host {host}"
        )


class FetchFailed(ApiError):
    """A document cannot be had from the web.

    Attributes:
        url: The document.
        reason: What went wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"cannot fetch {url}: {reason}; nothing was loaded")


class InvalidSettings(ApiError):
    """Variables of the environment have values that do not fit.

    Attributes:
        wrong: Name of each, and what is wrong with its value.
    """

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        self.wrong = tuple(wrong)
        said = "; ".join(f"{name}: {problem}" for name, problem in self.wrong)
        super().__init__(f"correct or unset these variables: {said}")


class AddressUnavailable(ApiError):
    """The server cannot listen at an address.

    Attributes:
        host: The address.
        port: The port.
        reason: What the system says.
    """

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"cannot listen at {host}:{port} ({reason}); name another with --host and "
            "--port, or stop the program that listens there"
        )


class UnreadableClassTable(ApiError):
    """A file does not say what the codes of a class map mean.

    Attributes:
        path: The file.
        reason: What is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} is no class table: {reason}; write JSON from code to notation, "
            'for example {"1101": "wheat"}'
        )


class UnwritableFile(ApiError):
    """A file cannot be written where it should be.

    Attributes:
        path: The file.
        reason: What the system says.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"cannot write {path}: {reason}; nothing is left there")


class UnusedOption(ApiError):
    """An option that means nothing for this kind of map.

    Attributes:
        option: The option.
        reason: Why it means nothing.
    """

    def __init__(self, option: str, reason: str) -> None:
        self.option = option
        self.reason = reason
        super().__init__(f"{option} cannot be used here: {reason}; leave it out")


class ProductDiffers(ApiError):
    """The store holds another map of the same scene.

    Attributes:
        scene_id: The scene.
        folder: Where the map is that the store holds.
    """

    def __init__(self, scene_id: str, folder: str) -> None:
        self.scene_id = scene_id
        self.folder = folder
        super().__init__(
            f"the store holds another map of scene {scene_id}, made from other data or "
            f"with another model, base or version ({folder}); "
            "load this one into a store of its own with another --location"
        )


STATUS: Final[Mapping[type[PytheasError], int]] = MappingProxyType(
    {
        PytheasError: 500,
        ApiError: 500,
        MalformedRequest: 400,
        UpdatesForbidden: 403,
        BackupsForbidden: 403,
        GraphNotFound: 404,
        NotAcceptable: 406,
        UnknownQuery: 404,
        QueryTooLong: 413,
        UnsupportedMediaType: 415,
        Overloaded: 503,
        StoreError: 500,
        QuerySyntaxError: 400,
        UnsupportedFeature: 501,
        UnknownFunction: 400,
        DatasetConflict: 400,
        QueryCutOff: 503,
        QueryTimeout: 503,
        QueryCancelled: 503,
        QueryMemoryExceeded: 503,
        ResultTooLarge: 422,
        ServiceFailed: 502,
        QueryIdTaken: 409,
        LoadError: 500,
        LoadForbidden: 403,
        DocumentUnavailable: 502,
        GraphExists: 409,
        NoSuchGraph: 409,
        StoreBusy: 503,
        StoreUnavailable: 503,
        StoreInUse: 503,
        BackupFailed: 500,
        DumpFailed: 500,
        InternalError: 500,
        # GeoJSON of a result without a geometry is not among what we can offer.
        NoGeometry: 406,
        OntologyError: 500,
        LiteralError: 500,
        UnknownScheme: 404,
        UnknownConcept: 404,
        EngineError: 500,
        DatabaseLocked: 503,
        DatabaseCorrupt: 503,
        DatabaseMissing: 503,
        ExtensionMissing: 503,
        SourceUnreadable: 500,
        QueryFailed: 500,
        ValueUnfit: 500,
        WriteConflict: 409,
        Interrupted: 503,
        MemoryExceeded: 503,
        DiskFull: 507,
        PatternTooCostly: 422,
        StorageFailed: 500,
        EngineBroken: 500,
        TransformFailed: 500,
        NowhereOnEarth: 500,
        NoSuchGeometry: 500,
    }
)
"""The HTTP status of every class of error that can reach a client."""

RETRY_AFTER_S: Final = 5
"""What `Retry-After` says with status 503 (RFC 9110 section 10.2.3)."""

PROBLEM: Final = Namespace("https://w3id.org/pytheas/problem/")
"""The types of problem documents: one for each class of error."""

_MEMBERS: Final = (
    "line",
    "column",
    "found",
    "expected",
    "function",
    "feature",
    "offered",
    "limit",
)


def status_of(error: PytheasError) -> int:
    """The HTTP status of an error: its class's, or that of the nearest base.

    Examples:
        >>> status_of(UnsupportedFeature("SERVICE"))
        501
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: PytheasError) -> dict[str, Any]:
    """The error as a problem document (RFC 9457 section 3), with what it knows.

    Examples:
        >>> problem(UnsupportedFeature("SERVICE"))["feature"]
        'SERVICE'
    """
    kind = type(error)
    title = (kind.__doc__ or kind.__name__).partition("\n")[0].rstrip(".")
    extensions = {n: getattr(error, n) for n in _MEMBERS if hasattr(error, n)}
    return {
        "type": PROBLEM.term(kind.__name__),
        "title": title,
        "status": status_of(error),
        "detail": str(error),
        **extensions,
    }
