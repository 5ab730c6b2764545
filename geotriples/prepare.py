"""Mapping text -> partitions, or everything that is wrong with it.

Nothing is read of the sources but what says which columns they have.
"""

from collections.abc import Callable, Iterator, Mapping

from geotriples.errors import InvalidMapping
from geotriples.functions.catalog import check_execution
from geotriples.mapping.grammar import is_absolute_iri
from geotriples.mapping.model import Mapping as RmlMapping
from geotriples.mapping.model import Problem, TriplesMap
from geotriples.mapping.normalize import normalize
from geotriples.mapping.read import read_mapping
from geotriples.mapping.validate import check_references, executions, validate
from geotriples.plan import Partition, plan
from geotriples.rows import PARAMETER_PREFIX
from geotriples.sources.catalog import SourceCatalog


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
        opened = catalog.open(triples_map.source)
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
        opened = catalog.open(triples_map.source)
        return None if isinstance(opened, Problem) else opened.explain(reference)

    return explain
