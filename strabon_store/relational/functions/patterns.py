"""REGEX and REPLACE (SPARQL 1.1 sections 17.4.3.14 and 17.4.3.15).

A pattern that stands in the query is translated here for the engine's own matcher,
which takes time linear in the text. What that cannot do (back-references, subtraction
of classes) and what is computed goes to a function of ours, which knows all of XPath
and gives up on a pattern that explodes.
"""

from typing import Final

from strabon_store.relational.functions.arguments import (
    language_of,
    simple_literal,
    string_argument,
)
from strabon_store.relational.regular_expressions import (
    Linear,
    MalformedPattern,
    linear_replacement,
    translate,
)
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import ERROR, Value, boolean, string

_NO_FLAGS: Final = string(Constant(""))


def regex(text: Value, pattern: Value, flags: Value = _NO_FLAGS) -> Value:
    """Whether a pattern matches anywhere in a text."""
    subject = string_argument(text)
    match _translated(pattern, flags):
        case Linear(written):
            return boolean(call("regex", subject, Constant(written)))
        case MalformedPattern():
            return boolean(call("no_truth"))
        case _:
            parts = simple_literal(pattern), simple_literal(flags)
            return boolean(call("regex_of_xpath", subject, *parts))


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
        parts: tuple[Scalar, ...] = (Constant(translated.text), Constant(written))
        return string(call("replace", subject, *parts), language)
    parts = simple_literal(pattern), by, letters
    return string(call("replace_by_xpath", subject, *parts), language)


def _translated(pattern: Value, flags: Value) -> Linear | MalformedPattern | None:
    """A pattern of the query for the engine; None where the engine cannot have it."""
    match simple_literal(pattern), simple_literal(flags):
        case Constant(str(written)), Constant(str(letters)):
            try:
                return translate(written, letters)
            except MalformedPattern as error:
                return error
        case _:
            return None
