"""RML Core asked in place: all that is in a virtual graph is what the case expects."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest

from api.virtual import VirtualEngines, open_mapping
from geotriples.errors import InvalidData, MappingError
from geotriples.run_local import run
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.solutions import Solutions
from tests.conformance.rml_suite import BASE, canonical, read_suite
from tests.expected_failures import assert_all_known, load, parametrize


def _is_third(case: str) -> bool:
    return hashlib.sha256(case.encode()).digest()[0] % 3 == 0


SUITE = read_suite("rml-core")
EXPECTED = load(Path(__file__).with_name("virtual_rml_core_expected_failures.toml"))
# All cases pass; a third of them is asked here, for the time they take.
CASES = [case for case in sorted(SUITE.cases) if case in EXPECTED or _is_third(case)]
EVERYTHING = (
    "SELECT ?s ?p ?o { ?s ?p ?o }",
    "SELECT ?s ?p ?o ?g { GRAPH ?g { ?s ?p ?o } }",
)


@pytest.fixture(scope="module")
def engines() -> Iterator[VirtualEngines]:
    """Engines for all cases."""
    with closing(VirtualEngines()) as started:
        yield started


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_the_graph_is_what_the_case_expects(
    case: str, engines: VirtualEngines, tmp_path: Path, suites: Path
) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    row = SUITE.cases[case]
    mapping = SUITE.folder / case / row["mapping"]
    base = row.get("base_iri", BASE)
    if row["error"] == "true":
        _check_error(mapping, base, engines, tmp_path)
        return
    expected = canonical(SUITE.folder / case / row["output1"])
    assert _everything(mapping, base, engines) == expected


def _check_error(
    mapping: Path, base: str, engines: VirtualEngines, folder: Path
) -> None:
    """What is wrong with a mapping is an error; a row without a term is left out."""
    try:
        run(mapping, folder / "output.nq", base=base)
    except InvalidData:
        run(mapping, folder / "output.nq", base=base, on_invalid="reject")
        expected = canonical(folder / "output.nq")
        assert _everything(mapping, base, engines) == expected
    except MappingError:
        with pytest.raises(MappingError):
            _everything(mapping, base, engines)


def _everything(mapping: Path, base: str, engines: VirtualEngines) -> ox.Dataset:
    dataset = ox.Dataset()
    with open_mapping(mapping, base=base, engines=engines) as virtual:
        for query in EVERYTHING:
            answer = virtual.query(query)
            assert isinstance(answer, Solutions)
            for solution in answer:
                dataset.add(_quad(*solution))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def _quad(
    subject: Term | None,
    predicate: Term | None,
    value: Term | None,
    graph: Term | None = None,
) -> ox.Quad:
    node, link, name = map(_term, (subject, predicate, graph or IRI("a:none")))
    assert isinstance(node, ox.NamedNode | ox.BlankNode)
    assert isinstance(link, ox.NamedNode)
    assert isinstance(name, ox.NamedNode | ox.BlankNode)
    return ox.Quad(node, link, _term(value), None if graph is None else name)


def _term(term: Term | None) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    match term:
        case IRI(value):
            return ox.NamedNode(value)
        case BlankNode(label):
            return ox.BlankNode(label)
        case Literal(lexical, language=str() as language):
            return ox.Literal(lexical, language=language)
        case Literal(lexical, datatype):
            return ox.Literal(lexical, datatype=ox.NamedNode(datatype))
        case _:
            raise TypeError(term)


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert_all_known(EXPECTED, SUITE.cases)
