"""What goes wrong in tasks, brought back as the error that it is.

Of an exception in a task Spark passes on only the text.  So an error of ours takes its
class and what it knows along in the text, as JSON: data, which cannot run anything.
"""

import base64
import importlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engines.errors import EngineError, SparkFailed
from ontologies.errors import PytheasError

_PACKAGES: Final = frozenset({"engines", "geotriples", "ontologies"})
_MARK: Final = re.compile(r"pytheas-error:([A-Za-z0-9+/=]+);")
_REASON: Final = re.compile(
    r"^(?:\w+\.)*(\w+(?:Error|Exception|Throwable): .*)$", re.MULTILINE
)


class TaskError(Exception):
    """An error of ours in a task; its text can be read by `error_of`."""


@contextmanager
def errors_travel() -> Iterator[None]:
    """In a task: let errors of ours arrive as what they are.

    Raises:
        TaskError: In place of a `PytheasError`.
    """
    try:
        yield
    except PytheasError as error:
        raise TaskError(f"{error} pytheas-error:{_encode(error)};") from error


def error_of(text: str) -> PytheasError:
    """The error that a job's failure comes from, read from Spark's words."""
    # A value in the text may look like a mark; the true one comes after the text.
    for mark in reversed(_MARK.findall(text)):
        found = _decode(mark)
        if found is not None:
            return found
    return SparkFailed(_reason(text))


def _encode(error: PytheasError) -> str:
    kind = type(error)
    known = {
        name: _plain(value)
        for name, value in vars(error).items()
        if not name.startswith("_")
    }
    document = [kind.__module__, kind.__qualname__, str(error), known]
    return base64.b64encode(json.dumps(document).encode()).decode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return {"path": str(value)}
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)


def _decode(text: str) -> PytheasError | None:
    """The error; None where the text was made by something else than a task."""
    try:
        module, name, message, known = json.loads(base64.b64decode(text))
        if module.partition(".")[0] not in _PACKAGES:
            return None
        kind = getattr(importlib.import_module(module), name)
    except (ValueError, TypeError, AttributeError, ImportError):
        return None
    if not (isinstance(kind, type) and issubclass(kind, PytheasError)):
        return None
    # Not by the constructor, which each class has for itself.
    error = kind.__new__(kind, message)
    error.args = (message,)
    for key, value in known.items():
        setattr(error, key, _restored(value))
    return error


def _restored(value: Any) -> Any:
    return Path(value["path"]) if isinstance(value, dict) else value


def _reason(text: str) -> str:
    """Of a page of traces, the line that says something."""
    lines = _REASON.findall(text)
    # The last of a chain is what everything else came from.
    return lines[-1] if lines else text.strip().partition("\n")[0]


def wrap_error(error: Exception) -> PytheasError | EngineError:
    """An exception of pyspark's as one of ours."""
    return error_of(str(error))
