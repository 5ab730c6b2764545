r"""Values of YARRRML: text with references `$(name)`, prefixes, and a type after `~`.

ex:$(id)~iri        a template, the prefix written out
$(name)             a reference
\$(id)\:x           text: a backslash takes the meaning of what follows
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from geotriples.mapping.model import Reference

_TYPE: Final = re.compile(r"(?<!\\)~(iri|literal|blank|lang)$")
_PREFIXED: Final = re.compile(
    r"(?P<prefix>[A-Za-z_][\w-]*)?:(?P<rest>(?!//)(?!\s).*)$", re.DOTALL
)
_TOKEN: Final = re.compile(
    r"\\(?P<escaped>[:$()~_\\])"
    r"|\$\((?P<reference>(?:\\.|[^\\)])+)\)"
    r"|(?P<text>[^\\$]+|[\\$])",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Names:
    """What names stand for.

    Attributes:
        prefixes: Prefix to namespace.
        external: What `$(_name)` stands for.
    """

    prefixes: Mapping[str, str]
    external: Mapping[str, str]

    def expanded(self, text: str) -> str:
        """A name with its prefix written out; other text as it is.

        Examples:
            >>> Names({"ex": "http://e.org/"}, {}).expanded("ex:ice")
            'http://e.org/ice'
        """
        match = _PREFIXED.match(text)
        if match is None or (match["prefix"] or "") not in self.prefixes:
            return text
        return self.prefixes[match["prefix"] or ""] + match["rest"]


@dataclass(frozen=True, slots=True)
class Text:
    """A value that was read.

    Attributes:
        parts: Text and references.
        type: What stands after `~`; None for nothing.
    """

    parts: tuple[str | Reference, ...]
    type: str | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it is the same in every row."""
        return not any(isinstance(one, Reference) for one in self.parts)

    @property
    def constant(self) -> str:
        """The text, where it has no references."""
        return "".join(one for one in self.parts if isinstance(one, str))

    @property
    def reference(self) -> str | None:
        """The reference, where there is nothing else."""
        match self.parts:
            case (Reference(text),):
                return text
            case _:
                return None

    @property
    def template(self) -> str:
        """As a template of RML."""
        return "".join(
            _escape(one) if isinstance(one, str) else f"{{{_escape(one.text)}}}"
            for one in self.parts
        )


def _escape(text: str) -> str:
    return re.sub(r"([\\{}])", r"\\\1", text)


def read_text(text: str, names: Names) -> Text:
    """Read a value.

    Examples:
        >>> read_text("ex:$(id)~iri", Names({"ex": "http://e.org/"}, {}))
        Text(parts=('http://e.org/', Reference(text='id')), type='iri')
    """
    match = _TYPE.search(text)
    kind = match[1] if match else None
    text = names.expanded(text[: match.start()] if match else text)
    parts: list[str | Reference] = []
    for token in _TOKEN.finditer(text):
        if token["reference"] is None:
            part: str | Reference = token["escaped"] or token["text"]
        else:
            part = _reference(token["reference"], names)
        if parts and isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts), kind)


def _reference(raw: str, names: Names) -> str | Reference:
    if raw.startswith("_") and raw[1:] in names.external:
        return names.external[raw[1:]]
    return Reference(_ESCAPED.sub(r"\1", names.expanded(raw)))
