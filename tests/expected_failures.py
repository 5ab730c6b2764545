"""Known failures of the conformance suites: a file per suite, read strictly.

A case that is listed must fail, and in the stated way. When it starts to pass the run
goes red; so does an entry that no suite has a case for (`assert_all_known`).
"""

import builtins
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

KINDS: Final = frozenset({"not-implemented", "upstream", "wont-fix", "suite-error"})

_BUILT_IN: Final = {
    name: one
    for name, one in vars(builtins).items()
    if isinstance(one, type) and issubclass(one, BaseException)
}


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    id: str
    kind: str
    raises: type[BaseException]
    reason: str
    backend: str | None = None

    @property
    def mark(self) -> pytest.MarkDecorator:
        return pytest.mark.xfail(
            strict=True, raises=self.raises, reason=f"{self.kind}: {self.reason}"
        )


def load(
    path: Path, exceptions: Iterable[type[BaseException]] = ()
) -> dict[str, ExpectedFailure]:
    """Read a file of expected failures.

    Args:
        path: A TOML file of `[[case]]` tables.
        exceptions: The exceptions that `raises` may name, beside Python's own.

    Raises:
        ValueError: An entry is incomplete, of an unknown kind or exception, or double.
    """
    known = {one.__name__: one for one in exceptions}
    entries: dict[str, ExpectedFailure] = {}
    for case in tomllib.loads(path.read_text("utf-8")).get("case", []):
        entry = _entry(case, known)
        if entry.id in entries:
            raise ValueError(f"{path.name}: {entry.id} is listed twice")
        entries[entry.id] = entry
    return entries


def _entry(
    case: Mapping[str, str], known: Mapping[str, type[BaseException]]
) -> ExpectedFailure:
    unknown = set(case) - {"id", "kind", "raises", "reason", "backend"}
    if unknown or not case.get("reason"):
        raise ValueError(f"{case}: unknown keys {sorted(unknown)}, or no reason")
    if case["kind"] not in KINDS:
        raise ValueError(f"{case['id']}: unknown kind {case['kind']!r}")
    raises = known.get(case["raises"]) or _BUILT_IN.get(case["raises"])
    if raises is None:
        raise ValueError(f"{case['id']}: unknown exception {case['raises']!r}")
    return ExpectedFailure(
        case["id"], case["kind"], raises, case["reason"], case.get("backend")
    )


def parametrize(
    ids: Iterable[str], expected: Mapping[str, ExpectedFailure]
) -> list[object]:
    """One pytest parameter per case, marked where a failure is expected."""
    return [
        pytest.param(one, id=one, marks=[expected[one].mark] if one in expected else [])
        for one in ids
    ]


def assert_all_known(
    expected: Mapping[str, ExpectedFailure], cases: Iterable[str]
) -> None:
    """Fail where an entry names a case that the suite does not have."""
    assert not set(expected) - set(cases)
