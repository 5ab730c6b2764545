"""BASE and PREFIX, and the IRIs that they complete (section 4.1.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from ontologies.namespaces import PREFIXES
from strabon_store.algebra.terms import IRI
from strabon_store.errors import QuerySyntaxError
from strabon_store.frontend.escapes import unescape_local
from strabon_store.frontend.iris import is_absolute, resolve
from strabon_store.frontend.syntax import Node, Token, tokens


@dataclass(slots=True)
class Prologue:
    """What the prologue declares.

    Attributes:
        error: Makes the error for a token and a problem.
        base: The IRI in force for relative references, or None.
        prefixes: Prefix, without its colon, to namespace.
    """

    error: Callable[[Token, str], QuerySyntaxError]
    base: str | None = None
    prefixes: dict[str, str] = field(default_factory=dict)

    def declare(self, node: Node) -> None:
        """Take the declarations of a `prologue` node, each in force for the next."""
        for declaration in node.children:
            *prefix, iri = tokens(declaration)
            if iri.type == "STRING":
                # What we read is the same under every version (SPARQL 1.2, 4.1.3).
                self._check_version(iri)
            elif prefix:
                self.prefixes[prefix[0].value[:-1]] = self.iri(iri).value
            else:
                self.base = self.iri(iri).value

    def _check_version(self, version: Token) -> None:
        if version.value.startswith(('"""', "'''")):
            raise self.error(version, "a version stands in single quotes or in double")

    def iri(self, token: Token) -> IRI:
        """The IRI that an `IRIREF` or `PNAME` token stands for.

        Raises:
            QuerySyntaxError: The prefix is not declared, or a relative IRI has no base.
        """
        if token.type == "IRIREF":
            return IRI(self._resolve(token, token.value[1:-1]))
        prefix, _, local = token.value.partition(":")
        namespace = self.prefixes.get(prefix)
        if namespace is None:
            raise self.error(token, self._unknown_prefix(prefix))
        return IRI(namespace + unescape_local(local))

    def _resolve(self, token: Token, reference: str) -> str:
        if is_absolute(reference):
            return reference
        if self.base is None:
            raise self.error(
                token,
                f"<{reference}> is relative and there is no base; write the whole IRI, "
                "or begin the query with BASE <...>",
            )
        return resolve(reference, self.base)

    def _unknown_prefix(self, prefix: str) -> str:
        message = f"unknown prefix '{prefix}:'"
        if prefix in PREFIXES:
            return f"{message}; declare it: PREFIX {prefix}: <{PREFIXES[prefix]}>"
        for known in (self.prefixes, PREFIXES):
            if close := get_close_matches(prefix, known, n=1):
                namespace = known[close[0]]
                return f"{message}; did you mean '{close[0]}:' (<{namespace}>)?"
        return f"{message}; declare it: PREFIX {prefix}: <...>"
