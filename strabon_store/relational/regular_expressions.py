r"""Regular expressions of XPath (XQuery and XPath Functions 3.1 section 5.6.1).

A pattern is translated to the dialect of RE2, which takes time linear in the text, or,
where it needs what RE2 has not (back-references, subtraction of classes), to that of
Python's `regex`. What differs from both: `.` matches no carriage return, `\d` and `\w`
know all of Unicode, `\i` and `\c` are for names in XML, and nothing but `(?:` may begin
with `(?`. Beyond XPath, `\b` and `\B` are understood.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc


class MalformedPattern(ValueError):
    """No pattern, no flags or no replacement: an error of the expression (17.2)."""


class PatternTooLarge(ValueError):
    """A pattern whose repetitions, written out, are longer than `LARGEST`."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A pattern for RE2.

    Attributes:
        text: The pattern.
        groups: How many groups it has.
        matches_nothing: Whether it matches the empty string.
        size: About how many characters it matches at once, at the most: repetitions
            count as often as they may repeat.
    """

    text: str
    groups: int
    matches_nothing: bool
    size: int = 1

    @property
    def longest_text(self) -> int:
        """Bytes of a text that takes less than a tenth of a millisecond."""
        return max(1, _STEPS_AT_ONCE // self.size)


_WORD: Final = r"\p{L}\p{M}\p{N}\p{S}"
_NAME_START: Final = r"\p{L}_:"
_CLASSES: Final = MappingProxyType(
    {
        "s": r" \t\n\r",
        "d": r"\p{Nd}",
        "w": _WORD,
        "i": _NAME_START,
        "c": rf"{_NAME_START}\p{{M}}\p{{Nd}}.\-·",
        "W": r"\p{P}\p{Z}\p{C}",
        "D": r"\P{Nd}",
    }
)
"""What may stand between brackets for a class escape."""

_SINGLE: Final = frozenset(r"nrt\|.-^?*+{}()[]$/")
_WHITE: Final = frozenset(" \t\n\r")
LARGEST: Final = 1_000_000
"""A pattern of this size takes half a second to compile."""

_MOST_REPEATS: Final = 1000
# At 5 ns each, where RE2 has to follow all that a pattern may mean.
_STEPS_AT_ONCE: Final = 20_000
# What RE2 says of patterns that are none too wrong.
_TOO_LARGE: Final = ("pattern too large", "invalid repetition size")
_TOKEN: Final = re.compile(
    r"\\(?P<category>[pP])\{(?P<name>[A-Za-z0-9-]+)\}|\\(?P<escape>.)"
    r"|(?P<quantifier>[*+?]|\{\d+(?:,\d*)?\})\??|\((?P<group>\?:)?"
    r"|(?P<single>.)",
    re.DOTALL,
)


def translate(pattern: str, flags: str) -> Linear | None:
    r"""A pattern for RE2; None where it takes back-tracking.

    Raises:
        MalformedPattern: The pattern or the flags are none of XPath.
        PatternTooLarge: It repeats what repeats too often.

    Examples:
        >>> translate(r"^\d+$", "i").text
        '(?i)^[\\p{Nd}]+$'
        >>> translate(r"(a)\1", "") is None
        True
    """
    written = _Translation(pattern, flags)
    if written.needs_backtracking:
        return None
    try:
        found = pc.match_substring_regex(pa.array([""]), pattern=written.text)
    except pa.ArrowInvalid as error:
        if any(words in str(error) for words in _TOO_LARGE):
            return None
        raise MalformedPattern(str(error)) from error
    return Linear(written.text, written.groups, found[0].as_py(), written.size)


def translate_for_backtracking(pattern: str, flags: str) -> tuple[str, int]:
    """A pattern for Python's `regex` with sets (`V1`), and how many groups it has.

    Raises:
        MalformedPattern: The pattern or the flags are none of XPath.
        PatternTooLarge: It repeats what repeats too often.
    """
    written = _Translation(pattern, flags, is_linear=False)
    return written.text, written.groups


def linear_replacement(replacement: str, groups: int, flags: str = "") -> str | None:
    r"""A replacement for RE2; None where it is none of XPath (5.6.4).

    Examples:
        >>> linear_replacement(r"\$ $1", 1), linear_replacement(r"$2", 1)
        ('$ \\1', '')
        >>> linear_replacement("$", 0) is None
        True
    """
    pieces = replacement_pieces(replacement, groups, flags)
    if pieces is None or any(
        isinstance(p, int) and p > len("123456789") for p in pieces
    ):
        return None
    return "".join(
        f"\\{piece}" if isinstance(piece, int) else piece.replace("\\", "\\\\")
        for piece in pieces
    )


def replacement_pieces(
    replacement: str, groups: int, flags: str
) -> list[str | int] | None:
    """Texts and numbers of groups; None where it is no replacement of XPath."""
    if "q" in flags:
        return [replacement]
    pieces: list[str | int] = []
    for found in _REPLACEMENT.finditer(replacement):
        escaped, digits, plain = found.groups()
        if escaped is not None:
            pieces.append(escaped)
        elif digits is not None:
            # As many digits as there are groups for; the others are text.
            length = len(digits)
            while length > 1 and int(digits[:length]) > groups:
                length -= 1
            number = int(digits[:length])
            pieces += [number if number <= groups else "", digits[length:]]
        elif plain is not None:
            pieces.append(plain)
        else:
            return None
    return [piece for piece in pieces if piece != ""]


_REPLACEMENT: Final = re.compile(r"\\([\\$])|\$([0-9]+)|([^\\$]+)|[\\$]")


class _Translation:
    """One pattern on its way, token by token."""

    def __init__(self, pattern: str, flags: str, *, is_linear: bool = True) -> None:
        if unknown := set(flags) - set("ismxq"):
            raise MalformedPattern(f"the flag {min(unknown)!r}")
        self._flags = frozenset(flags)
        self._is_linear = is_linear
        self.groups = 0
        self.needs_backtracking = False
        letters = "".join(sorted(self._flags & {"i", "m", "s"}))
        prefix = f"(?{letters})" if letters else ""
        if "q" in flags:
            self.text = prefix + re.sub(r"([^\w\s]|_)", r"\\\1", pattern)
            self.size = 1 + len(pattern)
            return
        self._pattern = pattern
        self._position = 0
        self._open: list[bool] = []
        self._may_repeat = False
        # Of the groups that are open, from the outside, and of what came last.
        self._sizes, self._last = [1], 0
        self.text = prefix + "".join(self._tokens())
        if self._open:
            raise MalformedPattern("a group is not closed")
        (self.size,) = self._sizes
        if self.size > LARGEST:
            raise PatternTooLarge(pattern)

    def _tokens(self) -> "list[str]":
        tokens = []
        while self._position < len(self._pattern):
            if self._pattern[self._position] == "[":
                tokens.append(self._bracketed())
                self._may_repeat = True
                self._grow(1)
                continue
            found = _TOKEN.match(self._pattern, self._position)
            if found is None:
                raise MalformedPattern("a back-slash at the end")
            self._position = found.end()
            tokens.append(self._token(found))
        return tokens

    def _token(self, found: "re.Match[str]") -> str:
        text, single = found[0], found["single"]
        if single is not None and single in _WHITE and "x" in self._flags:
            return ""
        if found["quantifier"] is not None:
            return self._quantifier(text, found["quantifier"])
        if text.startswith("("):
            return self._opened(text)
        self._may_repeat = text not in {"|", "^"}
        if text != ")":
            self._grow(1)
        if found["category"] is not None:
            return self._category(text, found["name"])
        if found["escape"] is not None:
            return self._escape(found["escape"])
        return self._single(text)

    def _grow(self, size: int) -> None:
        self._last = size
        self._sizes[-1] += size

    def _opened(self, text: str) -> str:
        is_capture = text == "("
        if is_capture and self._pattern.startswith("?", self._position):
            raise MalformedPattern("(? is followed by a colon in XPath")
        self.groups += is_capture
        self._open.append(is_capture)
        self._sizes.append(0)
        self._may_repeat = False
        return text

    def _quantifier(self, text: str, quantifier: str) -> str:
        bounds = [int(each) for each in re.findall(r"\d+", quantifier)]
        if not self._may_repeat or sorted(bounds) != bounds:
            raise MalformedPattern(f"nothing to repeat before {text}")
        self._may_repeat = False
        self.needs_backtracking |= any(bound > _MOST_REPEATS for bound in bounds)
        self._grow(self._last * max(0, bounds[-1] - 1) if bounds else 1)
        return text

    def _single(self, text: str) -> str:
        if text == ")":
            if not self._open:
                raise MalformedPattern("a group is closed that is not open")
            self._open.pop()
            self._grow(self._sizes.pop())
        elif text in "]{}":
            raise MalformedPattern(f"{text} stands for itself as \\{text} only")
        elif text == "." and "s" not in self._flags:
            return r"[^\n\r]"
        elif text == "$" and not self._is_linear:
            return "$" if "m" in self._flags else r"\Z"
        return text

    def _category(self, text: str, name: str) -> str:
        if not name.startswith("Is"):
            return text
        # RE2 knows no blocks.
        self.needs_backtracking = True
        return text.replace("{Is", "{In") if not self._is_linear else text

    def _escape(self, letter: str, *, is_bracketed: bool = False) -> str:
        if letter in _SINGLE or (letter in "bB" and not is_bracketed):
            return f"\\{letter}"
        if letter in "123456789" and not is_bracketed:
            return self._back_reference(int(letter))
        if inner := _CLASSES.get(letter):
            return inner if is_bracketed else f"[{inner}]"
        inner = _CLASSES.get(letter.lower(), "")
        if not inner:
            raise MalformedPattern(f"the escape \\{letter}")
        if is_bracketed:
            self.needs_backtracking = True
        return f"[^{inner}]"

    def _back_reference(self, number: int) -> str:
        if number > self.groups:
            raise MalformedPattern(f"the back-reference \\{number} to no group")
        self.needs_backtracking = True
        return f"\\{number}"

    def _bracketed(self) -> str:
        """A class between brackets, to its end."""
        self._position += 1
        start = "["
        if self._pattern.startswith("^", self._position):
            self._position += 1
            start = "[^"
        parts: list[str] = []
        while not self._begins("]"):
            if self._position >= len(self._pattern):
                raise MalformedPattern("a class is not closed")
            if self._begins("-[") and parts:
                self._position += 1
                parts.append(f"--{self._bracketed()}")
                self.needs_backtracking = True
                continue
            parts.append(self._member())
        self._position += 1
        if not parts:
            raise MalformedPattern("a class of nothing")
        return f"{start}{''.join(parts)}]"

    def _begins(self, text: str) -> bool:
        return self._pattern.startswith(text, self._position)

    def _member(self) -> str:
        found = _TOKEN.match(self._pattern, self._position)
        first = self._pattern[self._position]
        if first == "[" or found is None:
            raise MalformedPattern("a bracket, or a back-slash at the end, in a class")
        if first != "\\":
            self._position += 1
            return f"\\{first}" if first in "&~|^" else first
        self._position = found.end()
        if found["category"] is not None:
            return self._category(found[0], found["name"])
        return self._escape(found["escape"], is_bracketed=True)
