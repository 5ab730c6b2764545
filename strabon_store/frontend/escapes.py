r"""Escape sequences of SPARQL text (sections 19.2, 19.7 and PN_LOCAL_ESC in 19.8)."""

import re
from typing import Final

_CODEPOINT: Final = re.compile(r"\\\\|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_STRING_ESCAPE: Final = re.compile(r"\\(.)")
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_CHARACTERS: Final = {
    "t": "\t",
    "b": "\b",
    "n": "\n",
    "r": "\r",
    "f": "\f",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_LONG_QUOTE: Final = 3


def unescape_codepoints(text: str) -> str:
    r"""`text` with `\uXXXX` and `\UXXXXXXXX` replaced, before any parsing (19.2).

    A backslash that is itself escaped starts no sequence: the string `"\\u0041"` holds
    a backslash. A sequence that names no character stays, and fails to parse.

    Examples:
        >>> unescape_codepoints(r"?\u0078")
        '?x'
        >>> unescape_codepoints(r'"\\u0041"')
        '"\\\\u0041"'
    """
    return _CODEPOINT.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if digits is None:
        return match[0]
    codepoint = int(digits, 16)
    is_surrogate = 0xD800 <= codepoint <= 0xDFFF  # noqa: PLR2004 - as Unicode has it
    is_beyond = codepoint > 0x10FFFF  # noqa: PLR2004 - the last code point
    return match[0] if is_surrogate or is_beyond else chr(codepoint)


def unquote(token: str) -> str:
    r"""The lexical form of a string in any of the four quotes (19.7).

    Examples:
        >>> unquote(r"'it\'s'")
        "it's"
        >>> unquote('\"\"\"a \"b\" c\"\"\"')
        'a "b" c'
    """
    is_long = len(token) >= 2 * _LONG_QUOTE and token[1] == token[0] == token[2]
    width = _LONG_QUOTE if is_long else 1
    inner = token[width:-width]
    if "\\" not in inner:
        return inner
    return _STRING_ESCAPE.sub(lambda match: _CHARACTERS[match[1]], inner)


def unescape_local(local: str) -> str:
    r"""A local name without the backslashes of PN_LOCAL_ESC; `%41` stays as it is.

    Examples:
        >>> unescape_local(r"a\,b%20c")
        'a,b%20c'
    """
    return _LOCAL_ESCAPE.sub(r"\1", local) if "\\" in local else local
