"""Mapping text -> partitions, or everything that is wrong with it.

Nothing is read of the sources but what says which columns they have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from geotriples.errors import InvalidMapping
from geotriples.functions.catalog import check_execution
from geotriples.mapping.grammar import is_absolute_iri
from geotriples.mapping.model import (
    INDEX,
    ITERATION,
    Field,
    LogicalView,
    Problem,
    TermMap,
    TriplesMap,
)
from geotriples.mapping.model import Mapping as RmlMapping
from geotriples.mapping.normalize import normalize
from geotriples.mapping.read import read_mapping
from geotriples.mapping.validate import (
    check_references,
    executions,
    nested_maps,
    references,
    validate,
)
from geotriples.plan import Partition, plan
from geotriples.records import FORMULATIONS as RECORD_FORMULATIONS
from geotriples.rows import PARAMETER_PREFIX
from geotriples.sources.catalog import SourceCatalog
from ontologies.namespaces import RML


def prepare(
    text: bytes,
    name: str,
    catalog: SourceCatalog,
    parameters: Mapping[str, str],
    base: str,
) -> tuple[Partition, ...]:
    """The partitions of a mapping, once nothing is wrong with it.

    Raises:
        InvalidMapping: With everything that is wrong, in the mapping and in its fit to
            the sources.
    """
    if not is_absolute_iri(base):
        problem = Problem("base", f"{base!r} is not an absolute IRI")
        raise InvalidMapping(name, [problem])
    parsed = read_mapping(text, base)
    mapping = normalize(parsed.mapping)
    problems = [
        *parsed.problems,
        *validate(mapping),
        *_function_problems(mapping),
        *_source_problems(mapping, catalog),
        *_view_problems(mapping, catalog),
        *check_references(mapping, _explain(catalog, parameters)),
    ]
    if problems:
        raise InvalidMapping(name, list(dict.fromkeys(problems)))
    return plan(mapping, catalog.column, parameters=parameters, base=base)


def _function_problems(mapping: RmlMapping) -> Iterator[Problem]:
    for triples_map in mapping.triples_maps:
        for execution in executions(triples_map):
            yield from check_execution(execution)


def _source_problems(mapping: RmlMapping, catalog: SourceCatalog) -> Iterator[Problem]:
    for triples_map in mapping.triples_maps:
        source = triples_map.source
        sources = source.sources if isinstance(source, LogicalView) else (source,)
        for one in sources:
            opened = catalog.open(one)
            if isinstance(opened, Problem):
                yield opened


def _explain(
    catalog: SourceCatalog, parameters: Mapping[str, str]
) -> Callable[[TriplesMap, str], str | None]:
    def explain(triples_map: TriplesMap, reference: str) -> str | None:
        if reference.startswith(PARAMETER_PREFIX):
            name = reference.removeprefix(PARAMETER_PREFIX)
            if name in parameters:
                return None
            return f"no parameter {name!r} was given; there are {sorted(parameters)}"
        if isinstance(triples_map.source, LogicalView):
            return _explain_key(triples_map.source, reference)
        opened = catalog.open(triples_map.source)
        return None if isinstance(opened, Problem) else opened.explain(reference)

    return explain


def _explain_key(view: LogicalView, reference: str) -> str | None:
    if reference in view.keys:
        return None
    if f"{reference}.{INDEX}" in view.keys or reference == ITERATION:
        return f"{reference!r} is a record of the view, which is no value"
    return f"the view has no field {reference!r}; it has {list(view.keys)}"


def _view_problems(mapping: RmlMapping, catalog: SourceCatalog) -> Iterator[Problem]:
    """What fields of views refer to in vain."""
    for triples_map in mapping.triples_maps:
        if isinstance(triples_map.source, LogicalView):
            yield from _fields_problems(triples_map.source, catalog)


def _fields_problems(view: LogicalView, catalog: SourceCatalog) -> Iterator[Problem]:
    if isinstance(view.on, LogicalView):
        yield from _fields_problems(view.on, catalog)
        yield from _reference_problems(view.fields, partial(_explain_key, view.on))
        formulation = None
    else:
        opened = catalog.open(view.on)
        if not isinstance(opened, Problem):
            yield from _reference_problems(view.fields, opened.explain)
        formulation = view.on.formulation
    for one in view.fields:
        yield from _iteration_problems(one, formulation, is_record=False)
    for join in view.joins:
        yield from _fields_problems(join.parent, catalog)
        explain = partial(_explain_key, join.parent)
        yield from _reference_problems(join.fields, explain)
        for condition in join.conditions:
            yield from _map_problems(condition.child, partial(_explain_key, view))
            yield from _map_problems(condition.parent, explain)


def _reference_problems(
    fields: Iterable[Field], explain: Callable[[str], str | None]
) -> Iterator[Problem]:
    for one in fields:
        yield from _map_problems(TermMap(one.node, one.expression), explain)


def _map_problems(
    term: TermMap, explain: Callable[[str], str | None]
) -> Iterator[Problem]:
    for each in nested_maps(term):
        for reference in references(each.expression):
            if message := explain(reference.text):
                yield Problem(each.node, message)


def _iteration_problems(
    one: Field, formulation: str | None, *, is_record: bool
) -> Iterator[Problem]:
    """Records within records are read in few formulations, and from JSON at first."""
    inner = one.formulation or formulation
    known = ", ".join(f"<{iri}>" for iri in sorted(RECORD_FORMULATIONS))
    is_readable = inner in RECORD_FORMULATIONS
    if one.expression is None and not is_record:
        is_readable = is_readable and formulation == RML.term("JSONPath")
    if (one.expression is None or one.fields) and not is_readable:
        message = f"cannot iterate within <{inner}>, but within {known}"
        yield Problem(one.node, message)
    for each in one.fields:
        yield from _iteration_problems(each, inner, is_record=True)
