"""SPARQL 1.1 Query Results TSV Format: terms in Turtle's spelling (section 4)."""

from collections.abc import Iterator

from strabon_store.results.ntriples import render_term
from strabon_store.results.solutions import Result


def serialize_tsv(result: Result) -> Iterator[str]:
    r"""The result as tab-separated lines; terms keep datatype and language.

    Examples:
        >>> "".join(serialize_tsv(True))
        'true\n'
    """
    if isinstance(result, bool):
        yield f"{str(result).lower()}\n"
        return
    yield "\t".join(f"?{name}" for name in result.variables) + "\n"
    for row in result:
        yield "\t".join("" if t is None else render_term(t) for t in row) + "\n"
