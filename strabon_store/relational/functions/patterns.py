"""REGEX and REPLACE (SPARQL 1.1 sections 17.4.3.14 and 17.4.3.15).

A pattern that stands in the query is translated here for the engine's own matcher,
which takes time linear in the text. What that cannot do (back-references, subtraction
of classes), what is computed, and texts so long that the engine would be deaf to an
interrupt go to a function of ours, which knows all of XPath, listens, and gives up on a
pattern that explodes.
"""

from typing import Final

from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.functions.arguments import (
    language_of,
    simple_literal,
    string_argument,
)
from strabon_store.relational.regular_expressions import (
    LARGEST,
    Linear,
    MalformedPattern,
    PatternTooLarge,
    linear_replacement,
    translate,
)
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import ERROR, Value, boolean, string

_NO_FLAGS: Final = string(Constant(""))


def regex(text: Value, pattern: Value, flags: Value = _NO_FLAGS) -> Value:
    """Whether a pattern matches anywhere in a text."""
    subject = string_argument(text)
    parts = simple_literal(pattern), simple_literal(flags)
    searched = call("regex_of_xpath", subject, *parts)
    match _translated(pattern, flags):
        case Linear(written) as known:
            shortly = call("regex", subject, Constant(written))
            return boolean(_by_length(known, subject, shortly, searched))
        case MalformedPattern():
            return boolean(call("no_truth"))
        case _:
            return boolean(searched)


def _by_length(
    pattern: Linear, subject: Scalar, shortly: Scalar, otherwise: Scalar
) -> Scalar:
    """What the engine computes, where it takes no time in which it hears nothing."""
    longest = Constant(pattern.longest_text)
    return call("case", call("is_short", subject, longest), shortly, otherwise)


def replace(
    text: Value, pattern: Value, replacement: Value, flags: Value = _NO_FLAGS
) -> Value:
    """The text with all matches replaced; an error where the empty string matches."""
    subject, language = string_argument(text), language_of(text)
    by = simple_literal(replacement)
    translated = _translated(pattern, flags)
    if isinstance(translated, MalformedPattern):
        return ERROR
    letters = simple_literal(flags)
    searched = call("replace_by_xpath", subject, simple_literal(pattern), by, letters)
    if (
        isinstance(translated, Linear)
        and isinstance(by, Constant)
        and isinstance(letters, Constant)
    ):
        written = linear_replacement(
            str(by.value), translated.groups, str(letters.value)
        )
        if written is None or translated.matches_nothing:
            return ERROR
        parts = Constant(translated.text), Constant(written)
        shortly = call("replace", subject, *parts)
        return string(_by_length(translated, subject, shortly, searched), language)
    return string(searched, language)


def _translated(pattern: Value, flags: Value) -> Linear | MalformedPattern | None:
    """A pattern of the query for the engine; None where the engine cannot have it."""
    match simple_literal(pattern), simple_literal(flags):
        case Constant(str(written)), Constant(str(letters)):
            try:
                return translate(written, letters)
            except MalformedPattern as error:
                return error
            except PatternTooLarge as error:
                raise UnsupportedFeature(
                    f"a regular expression that repeats more than {LARGEST:,} "
                    f"characters ({written[:60]!r})"
                ) from error
        case _:
            return None
