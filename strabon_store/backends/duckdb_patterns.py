"""REGEX and REPLACE as SQL functions that listen, over Arrow vectors.

What RE2 can do is done by Arrow's, a block of texts at a time; the rest by Python's
`regex`, which may take for ever and cannot be interrupted, but be given up. So it is
asked again and again with twice the time, and between two tries it is seen whether
anybody still wants to know. A pattern that takes too long fails the query: to leave the
value out would make the answer wrong.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import regex
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, BOOLEAN, VARCHAR

from engines.duckdb.functions import defined
from engines.duckdb.interrupts import Patience
from engines.errors import PatternTooCostly
from strabon_store.relational.regular_expressions import (
    LARGEST,
    Linear,
    MalformedPattern,
    PatternTooLarge,
    linear_replacement,
    replacement_pieces,
    translate,
    translate_for_backtracking,
)

_Array: TypeAlias = Any  # pyarrow ships no types
_T = TypeVar("_T", bool, str)
_T_co = TypeVar("_T_co", bool, str, covariant=True)

PATTERN_SECONDS: Final = 1.0
"""How long one pattern may search one text; `regex` counts CPU time of all threads."""

_FIRST_SECONDS: Final = 0.125
_SHOWN: Final = 60
_ALMOST: Final = 0.9
_STEPS_AT_ONCE: Final = 10_000_000
"""Bytes times the size of the pattern: a twentieth of a second for RE2, at the most."""

_MOST_STEPS: Final = 20 * _STEPS_AT_ONCE
"""Of one text, which RE2 searches in one go."""


def register_patterns(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on a connection; those that are there stay.

    The last argument is `engines.duckdb.interrupts.CONNECTION`.

    | function | answer |
    |---|---|
    | `pytheas_matches(text, pattern, flags, n) -> BOOLEAN` | REGEX |
    | `pytheas_replace(text, pattern, replacement, flags, n) -> VARCHAR` | REPLACE |
    """
    functions: dict[str, tuple[Any, ...]] = {
        "pytheas_matches": (_matches, 3, BOOLEAN),
        "pytheas_replace": (_replaces, 4, VARCHAR),
    }
    there = defined(connection, list(functions))
    for name, (function, texts, result) in functions.items():
        if name not in there:
            connection.create_function(
                name,
                function,
                [*[VARCHAR] * texts, BIGINT],
                result,
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )


def _matches(
    texts: _Array, patterns: _Array, flags: _Array, connection: _Array
) -> _Array:
    columns = (each.to_pylist() for each in (texts, patterns, flags))
    answers = _by_arguments(_Match(), Patience(connection), *columns)
    return pa.array(answers, pa.bool_())


def _replaces(
    texts: _Array,
    patterns: _Array,
    replacements: _Array,
    flags: _Array,
    connection: _Array,
) -> _Array:
    columns = (each.to_pylist() for each in (texts, patterns, flags, replacements))
    answers = _by_arguments(_Replace(), Patience(connection), *columns)
    return pa.array(answers, pa.string())


class _Question(Protocol[_T_co]):
    """What is asked of texts, by RE2 or by `regex`."""

    def linearly(self, texts: _Array, pattern: Linear, *others: str) -> _Array | None:
        """The answers of RE2; None where it cannot tell."""
        ...

    def tracking_back(
        self, pattern: str, flags: str, *others: str
    ) -> Callable[[str, float], _T_co] | None:
        """What asks `regex` about a text for some seconds; None: it is an error."""
        ...


class _Match:
    """Whether texts have a place that a pattern matches."""

    def linearly(self, texts: _Array, pattern: Linear, *_others: str) -> _Array:
        """Ask RE2."""
        return pc.match_substring_regex(texts, pattern.text)

    def tracking_back(
        self, pattern: str, flags: str, *_others: str
    ) -> Callable[[str, float], bool] | None:
        """Ask `regex`."""
        compiled = _compiled(pattern, flags)
        if compiled is None:
            return None
        search = compiled[0].search
        return lambda text, seconds: search(text, timeout=seconds) is not None


class _Replace:
    """Texts with all that a pattern matches replaced."""

    def linearly(self, texts: _Array, pattern: Linear, *others: str) -> _Array | None:
        """Ask RE2, which knows nine groups."""
        flags, replacement = others
        written = linear_replacement(replacement, pattern.groups, flags)
        if written is None or pattern.matches_nothing:
            return None
        return pc.replace_substring_regex(texts, pattern.text, written)

    def tracking_back(
        self, pattern: str, flags: str, *others: str
    ) -> Callable[[str, float], str] | None:
        """Ask `regex`."""
        compiled = _compiled(pattern, flags)
        if compiled is None or compiled[0].search(""):
            return None
        (replacement,) = others
        pieces = replacement_pieces(replacement, compiled[1], flags)
        if pieces is None:
            return None

        def by(match: "regex.Match[str]") -> str:
            return "".join(
                match[piece] or "" if isinstance(piece, int) else piece
                for piece in pieces
            )

        substitute = compiled[0].sub
        return lambda text, seconds: substitute(by, text, timeout=seconds)


def _by_arguments(
    question: _Question[_T],
    patience: Patience,
    texts: Sequence[str | None],
    *arguments: Sequence[str | None],
) -> list[_T | None]:
    """The answer of each row; a pattern is asked about all its texts together."""
    answers: list[_T | None] = [None] * len(texts)
    rows: dict[tuple[str, ...], list[int]] = {}
    for row, (text, *others) in enumerate(zip(texts, *arguments, strict=True)):
        told = tuple(each for each in others if each is not None)
        if text is not None and len(told) == len(others):
            rows.setdefault(told, []).append(row)
    for told, places in rows.items():
        asked = dict.fromkeys(str(texts[place]) for place in places)
        found = _answers(question, patience, list(asked), *told)
        for place in places:
            answers[place] = found[str(texts[place])]
    return answers


def _answers(
    question: _Question[_T],
    patience: Patience,
    texts: list[str],
    pattern: str,
    flags: str,
    *others: str,
) -> dict[str, _T | None]:
    """The answer about each text."""
    answers: dict[str, _T | None] = {}
    linear = _translated(pattern, flags)
    if linear is not None:
        steps = [linear.size * (1 + len(text)) for text in texts]
        short = [text for text, n in zip(texts, steps, strict=True) if n <= _MOST_STEPS]
        for block in patience.blocks(
            [n for n in steps if n <= _MOST_STEPS], _STEPS_AT_ONCE
        ):
            found = question.linearly(
                pa.array(short[block], pa.string()), linear, flags, *others
            )
            if found is None:
                break
            answers.update(zip(short[block], found.to_pylist(), strict=True))
    ask = question.tracking_back(pattern, flags, *others)
    for text in texts:
        if text not in answers:
            answers[text] = (
                None if ask is None else patiently(patience, ask, text, pattern)
            )
    return answers


def _too_long(pattern: str, text: str) -> str:
    return (
        f"the regular expression {pattern[:_SHOWN]!r} takes more than "
        f"{PATTERN_SECONDS:g} s on a text of {len(text):,} characters; "
        "alternatives within repetitions that match the same text do that"
    )


def patiently(
    patience: Patience, ask: Callable[[str, float], _T], text: str, pattern: str
) -> _T:
    """The answer about a text that a pattern is asked about.

    Raises:
        PatternTooCostly: There is none in `PATTERN_SECONDS`.
        Interrupted: Nobody wants to know any more.
    """
    seconds = _FIRST_SECONDS
    while True:
        patience.check()
        begun = time.monotonic()
        try:
            return ask(text, seconds)
        except TimeoutError as error:
            # Many threads have used up the seconds long before a clock would say so.
            waited = time.monotonic() - begun
            if min(seconds, waited / _ALMOST) >= PATTERN_SECONDS:
                raise PatternTooCostly(_too_long(pattern, text)) from error
            seconds = 2 * seconds


@lru_cache(maxsize=256)
def _translated(pattern: str, flags: str) -> Linear | None:
    try:
        return translate(pattern, flags)
    except MalformedPattern:
        return None
    except PatternTooLarge as error:
        raise PatternTooCostly(
            f"the regular expression {pattern[:_SHOWN]!r} repeats more than "
            f"{LARGEST:,} characters; let it repeat fewer"
        ) from error


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> tuple["regex.Pattern[str]", int] | None:
    try:
        text, groups = translate_for_backtracking(pattern, flags)
        return regex.compile(text, regex.V1), groups
    except (MalformedPattern, regex.error):
        return None
