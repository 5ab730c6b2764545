"""Every error that can reach a client has a status that somebody chose."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import api
import engines
import federation
import ontologies
import strabon_store
from api.errors import STATUS, problem, status_of
from ontologies.errors import PytheasError
from strabon_store.errors import QuerySyntaxError, QueryTimeout

# What is raised here never meets a client of the service: commands run it.
ONLY_COMMANDS = ("api.cli", "federation", "geotriples", "ml", "ontologies.reasoning")
COMMAND_ERRORS = {
    "AddressUnavailable",
    # Becomes a LoadError that says where.
    "BadValidTime",
    "FetchFailed",
    "FetchForbidden",
    "InvalidSettings",
    # Spark runs mappings, which commands do.
    "JavaMissing",
    "SparkFailed",
    "ObjectFailed",
    "SparkMissing",
    "ProductDiffers",
    "UnreadableClassTable",
    "UnusedOption",
    "UnwritableFile",
}
PACKAGES = (ontologies, engines, strabon_store, federation, api)


def _import_all() -> None:
    for package in PACKAGES:
        prefix = f"{package.__name__}."
        for module in pkgutil.walk_packages(package.__path__, prefix):
            importlib.import_module(module.name)


def _descendants(kind: type[PytheasError]) -> Iterator[type[PytheasError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def _reaches_clients(kind: type[PytheasError]) -> bool:
    return (
        not kind.__module__.startswith((*ONLY_COMMANDS, "tests."))
        and kind.__name__ not in COMMAND_ERRORS
    )


def test_every_error_that_can_reach_a_client_has_a_row() -> None:
    _import_all()
    reaching = {k for k in _descendants(PytheasError) if _reaches_clients(k)}
    assert {k.__name__ for k in reaching - set(STATUS)} == set()
    assert {k.__name__ for k in set(STATUS) - reaching} == set()


def test_an_error_without_a_row_has_the_status_of_its_base() -> None:
    class NewTimeout(QueryTimeout):
        pass

    assert status_of(NewTimeout(1.0)) == STATUS[QueryTimeout]


def test_a_problem_says_where_the_query_is_wrong() -> None:
    error = QuerySyntaxError("ASK {\n x", line=2, column=2, found="x", expected=("?x",))
    document = problem(error)
    assert (document["line"], document["column"]) == (2, 2)
    assert document["found"] == "x"
    assert document["status"] == 400
    assert document["detail"] == str(error)
    assert document["type"].endswith("/QuerySyntaxError")


@pytest.mark.parametrize("kind", STATUS)
def test_statuses_are_errors(kind: type[PytheasError]) -> None:
    assert 400 <= STATUS[kind] < 600
