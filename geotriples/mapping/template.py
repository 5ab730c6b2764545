"""Template strings: literal text with references in braces (RML Core, templates).

A backslash escapes a brace or a backslash, and nothing else.
"""

import re

from geotriples.mapping.model import Reference, Template

_TOKEN = re.compile(r"\\(?P<escaped>[{}\\])|(?P<mark>[{}\\])|(?P<text>[^{}\\]+)")


def parse_template(text: str) -> Template:
    r"""Read a template string.

    Raises:
        ValueError: A brace is unmatched or nested, a reference is empty, or a backslash
            escapes what needs no escape.

    Examples:
        >>> parse_template("observation/{id}").parts
        ('observation/', Reference(text='id'))
        >>> parse_template(r"\{{a\}b}").parts
        ('{', Reference(text='a}b'))
    """
    parts: list[str | Reference] = []
    run = ""
    is_reference = False
    for token in _TOKEN.finditer(text):
        mark = token["mark"]
        if mark is None:
            run += token["escaped"] or token["text"]
            continue
        expected = "}" if is_reference else "{"
        if mark != expected:
            raise ValueError(
                f"unexpected {mark!r} at {token.start()} in template {text!r}; "
                "escape it with a backslash if it is text"
            )
        if is_reference and not run:
            raise ValueError(f"empty reference in template {text!r}")
        if is_reference:
            parts.append(Reference(run))
        elif run:
            parts.append(run)
        run, is_reference = "", not is_reference
    if is_reference:
        raise ValueError(f"unclosed brace in template {text!r}")
    return Template((*parts, run) if run else tuple(parts))
