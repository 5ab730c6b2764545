"""Every exception that this package raises on purpose.

* MappingError                 everything below
  - MappingNotFound            no such shipped mapping, or no such mapping file
  - InvalidMapping             the mapping, or its fit to the sources, has problems
  - SourceError                a source that cannot be read
  - InvalidData                rows from which no valid term can be made
  - OutputError                a file that cannot be written
  - FunctionFailure            a function of the mapping rejects its arguments
"""

from collections.abc import Sequence
from pathlib import Path

from geotriples.mapping.model import Problem
from ontologies.errors import PytheasError

_SHOWN = 20


class MappingError(PytheasError):
    """A mapping cannot be read, does not fit its sources, or cannot be run."""


class MappingNotFound(MappingError):
    """No mapping of this name or path exists.

    Attributes:
        wanted: The name or path.
        known: The names that exist.
    """

    def __init__(self, wanted: str, known: Sequence[str] = ()) -> None:
        self.wanted = wanted
        self.known = tuple(known)
        hint = f"; shipped mappings: {', '.join(self.known)}" if self.known else ""
        super().__init__(f"no mapping {wanted!r}{hint}")


class InvalidMapping(MappingError):
    """A mapping has problems; all of them are told at once.

    Attributes:
        mapping: The mapping's name.
        problems: Every problem with its node.
    """

    def __init__(self, mapping: str, problems: Sequence[Problem]) -> None:
        self.mapping = mapping
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"mapping {mapping} has {count}:{lines}")


class SourceError(MappingError):
    """A source is absent, broken, or not what the mapping says it is.

    Attributes:
        path: The file, the URL, or the name of the database.
        reason: What is wrong with it.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"source {path}: {reason}")


class InvalidData(MappingError):
    """Some rows give terms that are not valid RDF.

    Attributes:
        rejected: Each rejected term, as far as they are listed.
        count: How many there are in all.
    """

    def __init__(self, rejected: Sequence[object], count: int) -> None:
        self.rejected = tuple(rejected)
        self.count = count
        shown = "".join(f"\n  {one}" for one in self.rejected[:_SHOWN])
        more = count - min(len(self.rejected), _SHOWN)
        rest = f"\n  and {more} more" if more else ""
        super().__init__(f"{count} values give no valid RDF term:{shown}{rest}")


class FunctionFailure(MappingError):
    """A function of the mapping cannot work on the values that it is given.

    Attributes:
        function: IRI of the function.
        reason: What is wrong with the values.
    """

    def __init__(self, function: str, reason: str) -> None:
        self.function = function
        self.reason = reason
        super().__init__(f"function <{function}>: {reason}")


class OutputError(MappingError):
    """The output cannot be written.

    Attributes:
        path: The file; None where no file was named.
        reason: Why not.
    """

    def __init__(self, path: Path | None, reason: str) -> None:
        self.path = path
        self.reason = reason
        named = "" if path is None else f" {path}"
        super().__init__(f"output{named} {reason}")
