"""Every exception that this package raises.

* StoreError
  - QuerySyntaxError      the text is not SPARQL                      -> HTTP 400
  - UnsupportedFeature    valid SPARQL that we do not compile         -> HTTP 501
    - UnknownFunction     no such function, or not of so many arguments -> HTTP 400
  - DatasetConflict       the protocol and the update both name graphs  -> HTTP 400
  - QueryCutOff           a query ended before its answer did
    - QueryTimeout        the deadline passed                         -> HTTP 503
    - QueryCancelled      somebody cancelled it                       -> HTTP 503
    - QueryMemoryExceeded memory and spill space do not suffice       -> HTTP 503
    - ResultTooLarge      the answer is larger than allowed           -> HTTP 422
  - ServiceFailed         another endpoint did not answer its part      -> HTTP 502
  - QueryIdTaken          a running query has this id                 -> HTTP 409
  - LoadError             a file that cannot be loaded; store as before
    - LoadForbidden       a document that LOAD may not read             -> HTTP 403
    - DocumentUnavailable a document of the web that cannot be had      -> HTTP 502
  - GraphExists           CREATE of a graph that is there               -> HTTP 409
  - NoSuchGraph           an update names a graph that is not there     -> HTTP 409
  - StoreBusy             somebody else has been writing for too long   -> HTTP 503
  - BackupFailed          no backup was made, or none restored; all is as before
  - DumpFailed            no dump was written
  - StoreUnavailable      no store there, or damaged                  -> HTTP 503
    - StoreInUse          another process holds it
  - InternalError         an invariant of ours is broken (a bug)      -> HTTP 500
"""

from typing import ClassVar, Final

from ontologies.errors import PytheasError

_AROUND: Final = 60
"""Characters that an error shows on each side of the place."""


class StoreError(PytheasError):
    """The base of all errors of the store.

    Attributes:
        is_silenceable: Whether SILENT makes nothing of it (SPARQL 1.1 Update 3.1.4 to
            3.2.5): it says that one operation cannot be done, not that the request is
            wrong or the store unwell.
    """

    is_silenceable: ClassVar[bool] = False


class QuerySyntaxError(StoreError):
    """The text is not SPARQL.

    Attributes:
        line: Line of the first character that does not fit, from 1.
        column: Column of it, from 1.
        expected: What could have stood there, in the words of the grammar.
        found: What stands there.
    """

    def __init__(
        self,
        text: str,
        *,
        line: int,
        column: int,
        found: str,
        expected: tuple[str, ...] = (),
        problem: str | None = None,
    ) -> None:
        self.line = line
        self.column = column
        self.found = found
        self.expected = expected
        super().__init__(self._render(text, problem))

    def _render(self, text: str, problem: str | None) -> str:
        what = problem or f"unexpected {self.found}"
        source, before = self._excerpt(text)
        message = f"line {self.line}, column {self.column}: {what}\n"
        message += f"  {source}\n  {' ' * before}^"
        if self.expected:
            message += f"\nexpected one of: {', '.join(self.expected)}"
        return message

    def _excerpt(self, text: str) -> tuple[str, int]:
        """What stands around the place on its line, and how much of it before."""
        lines = text.split("\n")
        source = lines[self.line - 1] if 0 < self.line <= len(lines) else ""
        first = max(self.column - 1 - _AROUND, 0)
        excerpt = source[first : self.column - 1 + _AROUND]
        before = self.column - 1 - first
        if first:
            excerpt, before = f"... {excerpt}", before + len("... ")
        if self.column - 1 + _AROUND < len(source):
            excerpt += " ..."
        # A tab is as wide as any character, so that the caret stands below its place.
        return "".join(c if c.isprintable() else " " for c in excerpt), before


class UnsupportedFeature(StoreError):
    """A valid query uses a feature that the target backend cannot run.

    Attributes:
        feature: What is missing, in the words of the standard.
        backend: Which backend lacks it, or None when none has it.
    """

    def __init__(self, feature: str, *, backend: str | None = None) -> None:
        self.feature = feature
        self.backend = backend
        where = f" on {backend}" if backend else ""
        super().__init__(f"{feature} is not supported{where}")


class UnknownFunction(UnsupportedFeature):
    """A query calls a function that we do not know, or with too few or many arguments.

    SPARQL 1.1 leaves open what becomes of it (17.6). An error of each solution would
    make a misspelled filter an empty answer.

    Attributes:
        function: Its IRI.
        line: Line of the call, from 1; None where it is unknown.
        column: Column of it, from 1.
    """

    def __init__(
        self, function: str, problem: str, place: tuple[int, int] | None = None
    ) -> None:
        self.function = function
        self.problem = problem
        self.line: int | None = None if place is None else place[0]
        self.column: int | None = None if place is None else place[1]
        self.feature, self.backend = f"the function <{function}>", None
        where = "" if place is None else f"line {self.line}, column {self.column}: "
        StoreError.__init__(self, f"{where}{problem}")

    def at(self, place: tuple[int, int] | None) -> "UnknownFunction":
        """The same, where the call stands."""
        return UnknownFunction(self.function, self.problem, place)


class DatasetConflict(StoreError):
    """The graphs to ask are named twice: beside the update and within it.

    Attributes:
        operation: The operation with graphs of its own.
    """

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"the request names the graphs to ask, and so does its {operation} (USING, "
            "USING NAMED or WITH); leave one of the two out"
        )


class QueryCutOff(StoreError):
    """A query ended before its answer did; there is no partial answer."""


class QueryTimeout(QueryCutOff):
    """A query took too long.

    Attributes:
        timeout_s: The deadline in seconds, or None when a source has one of its own.
    """

    def __init__(self, timeout_s: float | None) -> None:
        self.timeout_s = timeout_s
        after = "in time" if timeout_s is None else f"after {timeout_s:g} s"
        super().__init__(f"query not done {after}; narrow it, or allow more time")


class QueryCancelled(QueryCutOff):
    """Somebody cancelled a query.

    Attributes:
        query_id: Its id.
    """

    def __init__(self, query_id: str) -> None:
        self.query_id = query_id
        super().__init__(f"query {query_id} was cancelled")


class QueryMemoryExceeded(QueryCutOff):
    """A query needs more memory, and more space to spill to, than there is.

    Attributes:
        reason: What the engine says.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the query needs more memory than the store may use ({reason}); narrow "
            "it, ask when fewer queries run, or open the store with a higher limit"
        )


class ResultTooLarge(QueryCutOff):
    """An answer is larger than it may be.

    Attributes:
        limit: What it exceeds, with its unit.
    """

    def __init__(self, limit: str) -> None:
        self.limit = limit
        super().__init__(f"the answer has more than {limit}; narrow it, or add a LIMIT")


class ServiceFailed(StoreError):
    """Another endpoint did not answer its part of a query (SERVICE).

    Attributes:
        endpoint: The endpoint, or the variable that names none.
    """

    def __init__(self, endpoint: str, why: str) -> None:
        self.endpoint = endpoint
        super().__init__(f"SERVICE {endpoint} gave no answer: {why}")


class QueryIdTaken(StoreError):
    """A running query has the id that was proposed for another.

    Attributes:
        query_id: The id.
    """

    def __init__(self, query_id: str) -> None:
        self.query_id = query_id
        super().__init__(f"a query with the id {query_id} is running; propose another")


class LoadError(StoreError):
    """A file cannot be loaded; the store holds what it held before."""

    is_silenceable = True


class LoadForbidden(LoadError):
    """LOAD names a document that nobody allowed it to read.

    Attributes:
        iri: The document.
        address: The address of a private network at which it is, or None.
    """

    def __init__(self, iri: str, address: str | None = None) -> None:
        self.iri = iri
        self.address = address
        message = (
            f"nobody allowed to load <{iri}>; whoever runs the store can, with "
            "--allow-load and the beginning of the IRI up to a /"
        )
        if address is not None:
            message += f"; it is at {address}, which must be named in the same way"
        super().__init__(message)


class DocumentUnavailable(LoadError):
    """LOAD names a document of the web that cannot be had; the store is as before.

    Attributes:
        iri: The document, or where it redirects to.
    """

    def __init__(self, iri: str, why: str) -> None:
        self.iri = iri
        super().__init__(f"cannot load <{iri}>: {why}")


class GraphExists(StoreError):
    """CREATE names a graph that is there already; the store is as before.

    Attributes:
        graph: Its IRI.
    """

    is_silenceable = True

    def __init__(self, graph: str) -> None:
        self.graph = graph
        super().__init__(
            f"the graph <{graph}> exists already; write CREATE SILENT if it may"
        )


class NoSuchGraph(StoreError):
    """An update names a graph that is not there; the store is as before.

    Attributes:
        graph: Its IRI.
    """

    is_silenceable = True

    def __init__(self, graph: str) -> None:
        self.graph = graph
        super().__init__(
            f"there is no graph <{graph}>: no statement is in it; correct the name, or "
            "write SILENT if it may be missing"
        )


class StoreBusy(StoreError):
    """Somebody else writes, and did not end in time; nothing was changed.

    Attributes:
        waited_s: How long the writer waited, or None when it would not wait.
    """

    def __init__(self, waited_s: float | None) -> None:
        self.waited_s = waited_s
        waited = "" if waited_s is None else f" and did not end within {waited_s:g} s"
        super().__init__(
            f"somebody else is writing to the store{waited}; nothing was changed: "
            "try again later"
        )


class BackupFailed(StoreError):
    """No backup was made, or none was restored; what was there is as before."""


class DumpFailed(StoreError):
    """No dump was written; a file that was there is as before."""


class StoreUnavailable(StoreError):
    """There is no usable store at the location."""


class StoreInUse(StoreUnavailable):
    """Another process holds the store."""


class InternalError(StoreError):
    """An invariant of ours is broken; please report the query."""
