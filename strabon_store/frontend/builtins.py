"""The built-in calls of SPARQL 1.1 section 17.4, and how many arguments each takes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_NO_ARGUMENT = ("RAND", "NOW", "UUID", "STRUUID")
_ONE_ARGUMENT = (
    "STR",
    "LANG",
    "DATATYPE",
    "BOUND",
    "IRI",
    "URI",
    "ABS",
    "CEIL",
    "FLOOR",
    "ROUND",
    "STRLEN",
    "UCASE",
    "LCASE",
    "ENCODE_FOR_URI",
    "YEAR",
    "MONTH",
    "DAY",
    "HOURS",
    "MINUTES",
    "SECONDS",
    "TIMEZONE",
    "TZ",
    "MD5",
    "SHA1",
    "SHA256",
    "SHA384",
    "SHA512",
    "ISIRI",
    "ISURI",
    "ISBLANK",
    "ISLITERAL",
    "ISNUMERIC",
    # Of SPARQL 1.2's drafts.
    "HASLANG",
    "HASLANGDIR",
    "LANGDIR",
)
_TWO_ARGUMENTS = (
    "LANGMATCHES",
    "CONTAINS",
    "STRSTARTS",
    "STRENDS",
    "STRBEFORE",
    "STRAFTER",
    "STRLANG",
    "STRDT",
    "SAMETERM",
)

BUILTINS: Final[Mapping[str, tuple[int, int | None]]] = MappingProxyType(
    {
        **dict.fromkeys(_NO_ARGUMENT, (0, 0)),
        **dict.fromkeys(_ONE_ARGUMENT, (1, 1)),
        **dict.fromkeys(_TWO_ARGUMENTS, (2, 2)),
        # Of SPARQL 1.2's drafts.
        "ADJUST": (1, 2),
        "BNODE": (0, 1),
        "IF": (3, 3),
        "REGEX": (2, 3),
        "SUBSTR": (2, 3),
        "REPLACE": (3, 4),
        "CONCAT": (0, None),
        "COALESCE": (0, None),
    }
)
"""Upper-case keyword to the fewest and the most arguments; None is no upper limit."""

SYNONYMS: Final[Mapping[str, str]] = MappingProxyType({"URI": "IRI", "ISURI": "ISIRI"})
"""Keywords of one meaning in the standard; the algebra has the second only."""

AGGREGATES: Final = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
"""The set functions of section 18.5.1."""


def arity_words(name: str) -> str:
    """How many arguments a built-in takes, for people.

    Examples:
        >>> arity_words("STRLEN"), arity_words("REGEX")
        ('1 argument', '2 to 3 arguments')
    """
    fewest, most = BUILTINS[name]
    if fewest == most:
        return f"{fewest} argument{'' if fewest == 1 else 's'}"
    return f"{fewest} to {most} arguments"
