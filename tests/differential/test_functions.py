"""Every operation of section 17 on a table of terms: our store and pyoxigraph.

Where pyoxigraph leaves the standard, `functions_deviations.toml` says where and why; an
entry that excuses nothing fails.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyoxigraph as ox
import pytest

from strabon_store.algebra.terms import IRI, Literal, Term
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.differential.cases import PROLOGUE
from tests.solutions import Answer, read_all, read_oxigraph

Answers: TypeAlias = Mapping[tuple[str, ...], object]

FOLDER: Final = Path(__file__).parent
TABLE: Final = tomllib.loads((FOLDER / "functions.toml").read_text("utf-8"))
OPERATIONS: Final = [each for group in TABLE["operations"].values() for each in group]
_EXAMPLE: Final = "http://example.org/"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ROUNDED: Final = {f"{_XSD}{name}" for name in ("decimal", "float", "double")}
_DIGITS: Final = 12
_FLOAT_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where pyoxigraph answers otherwise than the standard.

    Attributes:
        operations: Of these.
        terms: On these as some argument; none: on all.
        section: What decides.
        reason: How pyoxigraph differs.
    """

    operations: frozenset[str]
    terms: frozenset[str]
    section: str
    reason: str

    def excuses(self, operation: str, arguments: tuple[str, ...]) -> bool:
        """Whether it tells why the answers to this differ."""
        is_told = not self.terms or not self.terms.isdisjoint(arguments)
        return operation in self.operations and is_told


def _deviation(entry: Mapping[str, Any]) -> Deviation:
    return Deviation(
        frozenset(entry["operations"]),
        frozenset(entry.get("terms", ())),
        entry["section"],
        entry["reason"],
    )


@lru_cache
def deviations() -> tuple[Deviation, ...]:
    text = (FOLDER / "functions_deviations.toml").read_text("utf-8")
    return tuple(map(_deviation, tomllib.loads(text)["deviation"]))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, ox.Store]]:
    """The table in our store and in the oracle."""
    folder = tmp_path_factory.mktemp("functions")
    statements = (f":{name} :is {term} ." for name, term in TABLE["terms"].items())
    prologue = PROLOGUE.replace("PREFIX", "@prefix").replace(">\n", "> .\n")
    path = folder / "terms.ttl"
    path.write_text(prologue + "\n".join(statements), "utf-8")
    oracle = ox.Store()
    oracle.load(path=path, format=ox.RdfFormat.TURTLE)
    with Store.open(folder / "store") as store:
        store.load([path])
        yield store, oracle


def _query(operation: str) -> str:
    names = [name for name in ("a", "b") if f"?{name}" in operation]
    patterns = " ".join(f"?s{name} :is ?{name} ." for name in names)
    subjects = " ".join(f"?s{name}" for name in names)
    return f"{PROLOGUE}SELECT {subjects} ({operation} AS ?result) {{ {patterns} }}"


def _answers(answer: Answer) -> Answers:
    result = answer.variables.index("result")
    return {
        tuple(
            str(term.value).removeprefix(_EXAMPLE)
            for term in row
            if isinstance(term, IRI) and term is not row[result]
        ): _key(row[result])
        for row in answer.rows
    }


def _key(term: Term | None) -> object:
    """The value of a result: numbers are spelled otherwise, as are tags."""
    match term:
        case Literal(lexical, datatype) if datatype in _ROUNDED:
            digits = _FLOAT_DIGITS if datatype.endswith("float") else _DIGITS
            return datatype, f"{float(lexical):.{digits}g}"
        case Literal(lexical, datatype, language):
            return lexical, datatype, language and language.lower()
        case _:
            return term


@pytest.mark.parametrize("operation", OPERATIONS)
def test_both_engines_agree_or_the_standard_decides(
    both: tuple[Store, ox.Store], operation: str
) -> None:
    differing = _differing(both, operation)
    assert not {
        arguments: answers
        for arguments, answers in differing.items()
        if not any(each.excuses(operation, arguments) for each in deviations())
    }


def test_every_deviation_is_one(both: tuple[Store, ox.Store]) -> None:
    stale = set(deviations())
    for operation in {each for entry in stale for each in entry.operations}:
        differing = _differing(both, operation)
        stale -= {
            each for each in stale for a in differing if each.excuses(operation, a)
        }
    assert not stale


def _differing(
    both: tuple[Store, ox.Store], operation: str
) -> dict[tuple[str, ...], tuple[object, object]]:
    """The arguments for which the answers differ, with both answers."""
    store, oracle = both
    text = _query(operation)
    asked, expected = store.query(text), oracle.query(text)
    assert isinstance(asked, Solutions)
    assert isinstance(expected, ox.QuerySolutions)
    mine = _answers(read_all(asked))
    wanted = _answers(read_oxigraph(expected))
    assert mine.keys() == wanted.keys()
    return {key: (mine[key], wanted[key]) for key in mine if mine[key] != wanted[key]}
