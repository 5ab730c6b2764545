"""The WHERE of an update becomes a plan: its solutions fill the templates."""

from dataclasses import replace

from strabon_store.algebra.nodes import Pattern
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI
from strabon_store.relational.context import Context, TermCatalog
from strabon_store.relational.encoding import TermId
from strabon_store.relational.lookups import as_plain, variables_only
from strabon_store.relational.lower import lower
from strabon_store.relational.nodes import Plan


def lower_where(
    pattern: Pattern, graph: IRI | None, dataset: Dataset, catalog: TermCatalog
) -> Plan:
    """The plan of a pattern; each column is of term ids, or of terms in N-Triples.

    Args:
        pattern: WHERE.
        graph: The graph of WITH: the default graph where there is no USING. It may
            be empty, which has solutions, unlike GRAPH with a name that nothing has.
        dataset: USING and USING NAMED; empty: the store's own.
        catalog: The ids of constants.

    Raises:
        UnsupportedFeature: The pattern needs what we do not compile.
    """
    context = Context(catalog, dataset)
    if graph is not None and dataset == Dataset():
        known = catalog.term_id(graph)
        context = replace(context, graph=known, is_known=known is not None)
    plan = variables_only(lower(pattern, context))
    computed = [c.name for c in plan.columns if not isinstance(c.encoding, TermId)]
    return as_plain(plan, computed)
