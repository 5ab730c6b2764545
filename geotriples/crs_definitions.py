"""Definitions of the CRSs that have no code, for the literals that are in one.

A literal in a file's own CRS names it by IRI. Where no authority has a code for it, as
for most ice charts, the IRI is ours and says nothing without its definition, so that
travels along as a statement (docs/adr/0018).
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from geotriples.geometry import crs_of_file
from geotriples.plan import Partition
from geotriples.rows import Compute, GatheredPart, Rows
from geotriples.sinks import escape
from ontologies.geosparql.crs import OWN_CRS_BASE, Crs, define_crs
from ontologies.namespaces import CRS

_NATIVE = "RDF_WKT_LITERAL"
_TRANSFORMED = "RDF_TRANSFORM_WKB"


def definition_lines(partitions: Iterable[Partition]) -> tuple[str, ...]:
    """The statements that define the CRSs of literals, as lines of N-Quads.

    From here on their IRIs can be resolved in this process: a mapping may transform one
    source to the CRS of another.
    """
    calls = [call for one in partitions for call in _calls(one)]
    known = {crs.iri: crs for crs in map(_source, calls) if _is_own(crs)}
    for crs in known.values():
        define_crs(crs.iri, crs.definition)
    used = {_source(call).iri for call in calls if call.name == _NATIVE}
    used |= {call.expressions[-1].name for call in calls if call.name == _TRANSFORMED}
    return tuple(_line(crs) for iri, crs in sorted(known.items()) if iri in used)


def _line(crs: Crs) -> str:
    return f'<{crs.iri}> <{CRS.term("asWKT2")}> "{escape(crs.definition)}" .\n'


def _is_own(crs: Crs) -> bool:
    return crs.iri.startswith(OWN_CRS_BASE)


def _source(call: exp.Anonymous) -> Crs:
    return crs_of_file(call.expressions[1].name)


def _calls(partition: Partition) -> Iterator[exp.Anonymous]:
    """The calls that write literals from geometry columns, each maybe several times."""
    for part in _parts(partition):
        for call in part.find_all(exp.Anonymous):
            if call.name in {_NATIVE, _TRANSFORMED}:
                yield call


def _parts(partition: Partition | GatheredPart) -> Iterator[exp.Expr]:
    sides: Sequence[Rows | None] = (partition.child, partition.parent)
    for rows in filter(None, sides):
        yield from (step.sql for step in rows.steps if isinstance(step, Compute))
        if rows.derived is not None:
            for part in rows.derived.parts:
                yield from _parts(part)
    if isinstance(partition, Partition):
        for quad in partition.quads:
            yield from (term.lexical for term in quad.terms)
