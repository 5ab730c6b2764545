"""The functions that `rml:functionExecution` may name: IRI -> function, one table.

| namespace | module |
|---|---|
| `grel:` http://users.ugent.be/~bjdmeest/function/grel.ttl# | `grel`, `grel_numbers` |
| `idlab-fn:` https://w3id.org/imec/idlab/function# | `idlab` |
| `geof:` http://www.opengis.net/def/function/geosparql/ | `geo` |
| `rrxf:` http://www.w3.org/ns/r2rml-ext/functions/def/ | `rrx` |

Arguments go by parameter (RML-FNML), or by place (`model.positional`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from geotriples.functions import geo, grel, grel_numbers, idlab, rrx
from geotriples.functions.base import (
    Function,
    Parameter,
    Type,
)
from geotriples.mapping.model import (
    Constant,
    FunctionExecution,
    Input,
    Literal,
    Problem,
    positional,
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        **geo.FUNCTIONS,
        **grel.FUNCTIONS,
        **grel_numbers.FUNCTIONS,
        **idlab.FUNCTIONS,
        **rrx.FUNCTIONS,
    }
)
"""Function IRI to function."""

_NEAR: Final = 5


def inputs_of(
    execution: FunctionExecution, place: int, parameter: Parameter
) -> list[Input]:
    """The inputs for one parameter, in the order of the mapping."""
    names = {*parameter.names, positional(place + 1)}
    return [one for one in execution.inputs if one.parameter in names]


def check_execution(execution: FunctionExecution) -> Iterator[Problem]:
    """What is wrong with the function and the arguments that a mapping names."""
    function = FUNCTIONS.get(execution.function)
    if function is None:
        yield Problem(execution.node, _unknown(execution.function))
        return
    name = f"<{execution.function}>"
    results = function.results or (execution.returns,)
    if execution.returns not in {None, *results}:
        message = f"{name} does not return <{execution.returns}>"
        yield Problem(execution.node, f"{message}, but {_listed(function.results)}")
    known: set[int] = set()
    for place, parameter in enumerate(function.parameters):
        given = inputs_of(execution, place, parameter)
        known |= {id(one) for one in given}
        yield from _parameter_problems(execution, function, place, given)
    for one in execution.inputs:
        if id(one) not in known:
            names = [parameter.names[0] for parameter in function.parameters]
            message = f"{name} has no parameter <{one.parameter}>"
            yield Problem(one.node, f"{message}; it has {_listed(names) or 'none'}")


def _parameter_problems(
    execution: FunctionExecution, function: Function, place: int, given: list[Input]
) -> Iterator[Problem]:
    parameter = function.parameters[place]
    what = f"<{execution.function}> needs parameter <{parameter.names[0]}>"
    if parameter.is_required and not given:
        yield Problem(execution.node, f"{what} once, has it 0 times")
    if len(given) > 1 and parameter.type is not Type.LIST:
        yield Problem(execution.node, f"{what} once, has it {len(given)} times")
    for of_place, read in function.constants:
        if of_place == place:
            for one in given:
                yield from _constant_problems(what, one, read)


def _constant_problems(
    what: str, one: Input, read: Callable[[str], object]
) -> Iterator[Problem]:
    match one.value.expression:
        case Constant(Literal(lexical)):
            try:
                read(lexical)
            except ValueError as error:
                yield Problem(one.node, str(error))
        case _:
            yield Problem(one.node, f"{what} as a constant literal")


def _unknown(iri: str) -> str:
    local = iri.replace("#", "/").rpartition("/")[2].lower()
    names: dict[str, str] = {}
    for known in FUNCTIONS:
        name = known.replace("#", "/").rpartition("/")[2]
        names.setdefault(name.lower(), known)
        names.setdefault(name.lower().rpartition("_")[2], known)
    near = get_close_matches(local, names, n=_NEAR, cutoff=0.5)
    hint = _listed(dict.fromkeys(names[one] for one in near))
    return f"unknown function <{iri}>" + (f"; near it are {hint}" if hint else "")


def _listed(iris: Iterable[str]) -> str:
    return ", ".join(f"<{iri}>" for iri in iris)
