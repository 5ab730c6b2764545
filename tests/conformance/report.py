"""What of the standards we do, suite by suite.

    python -m tests.conformance.report [EARL.ttl]  # run all, write EARL and the README
    python -m tests.conformance.report --count     # count, and write the README

The table in the README is counted from the manifests and the lists of expected
failures, which a run of the suites holds to the truth: a listed case must fail.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Final

import pyoxigraph as ox
import pytest

from ml.version import software_version
from tests.api import (
    test_description_suite,
    test_graph_store_suite,
    test_protocol_suite,
)
from tests.conformance import (
    test_direct_mapping_mariadb,
    test_direct_mapping_postgresql,
    test_direct_mapping_sqlite,
    test_entailment,
    test_geosparql_requirements,
    test_geosparql_shapes,
    test_jts_testxml,
    test_r2rml_mariadb,
    test_r2rml_postgresql,
    test_r2rml_sqlite,
    test_rdf_parsers,
    test_rdf_semantics,
    test_rml_core,
    test_rml_fnml,
    test_rml_io_registry_sql,
    test_rml_io_sources,
    test_rml_targets,
    test_sparql12,
    test_sparql_query,
    test_sparql_syntax,
    test_sparql_update,
    test_sparql_update_syntax,
    test_virtual_rml_core,
    test_yarrrml,
)
from tests.expected_failures import ExpectedFailure

ROOT: Final = Path(__file__).resolve().parent.parent.parent
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- counted by python -m tests.conformance.report -->\n"
END: Final = "<!-- end of what is counted -->\n"
_OGC: Final = "http://www.opengis.net/def/geosparql/validator/"
_PROJECT: Final = "https://w3id.org/pytheas/"
_RDB2RDF: Final = "http://www.w3.org/2001/sw/rdb2rdf/test-cases/#"
_JTS: Final = "urn:jts-testxml:"
_W3C: Final = "https://w3c.github.io/rdf-tests/"
_EARL: Final = "http://www.w3.org/ns/earl#"
_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_DATE: Final = ox.NamedNode("http://purl.org/dc/terms/date")
_XSD_DATE: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a suite, as one line of the table.

    Attributes:
        title: What is tested.
        module: The tests that run them.
        cases: Their ids.
        base: What makes an IRI of an id.
        listed: The expected failures of the module.
    """

    title: str
    module: ModuleType
    cases: tuple[str, ...]
    base: str
    listed: Mapping[str, ExpectedFailure] = field(default_factory=dict)

    @property
    def failures(self) -> list[ExpectedFailure]:
        """The cases that are listed."""
        return [self.listed[case] for case in self.cases if case in self.listed]

    @property
    def row(self) -> str:
        """A line of the table."""
        cases, failures = len(self.cases), self.failures
        kinds = Counter(each.kind for each in failures)
        text = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        if text:
            text = f"[{text}]({self._list})"
        return f"| {self.title} | {cases:,} | {cases - len(failures):,} | {text} |"

    @property
    def _list(self) -> str:
        path = Path(str(self.module.__file__))
        name = path.stem.removeprefix("test_").removesuffix("_suite")
        listed = path.with_name(f"{name}_expected_failures.toml")
        return listed.relative_to(ROOT).as_posix()


def read_suites() -> list[Suite]:
    """All suites, in the order of the table."""
    return [*_sparql(), *_geosparql(), *_rdf(), *_rml(), *_r2rml(), *_yarrrml()]


def _sparql() -> Iterator[Suite]:
    sparql = f"{_W3C}sparql/"
    query, syntax = test_sparql_query, test_sparql_syntax
    for number, folder in (("1.0", "sparql10/"), ("1.1", "sparql11/")):
        cases = _within(syntax.SYNTAX, folder)
        title = f"SPARQL {number} query syntax"
        yield Suite(title, syntax, cases, sparql, syntax.EXPECTED)
        cases = _within(query.CASES, folder)
        title = f"SPARQL {number} query evaluation and result formats"
        yield Suite(title, query, cases, sparql, query.EXPECTED)
    cases = tuple(test_sparql_update_syntax.SYNTAX)
    yield Suite("SPARQL 1.1 Update syntax", test_sparql_update_syntax, cases, sparql)
    cases = tuple(test_sparql_update.CASES)
    yield Suite("SPARQL 1.1 Update evaluation", test_sparql_update, cases, sparql)
    protocol = test_protocol_suite
    cases = tuple(protocol.cases())
    base = f"{sparql}sparql11/protocol/manifest#"
    yield Suite("SPARQL 1.1 Protocol", protocol, cases, base)
    cases = tuple(test_graph_store_suite.cases())
    base = f"{sparql}sparql11/graph-store-protocol/"
    yield Suite("SPARQL 1.1 Graph Store Protocol", test_graph_store_suite, cases, base)
    cases = tuple(test_description_suite.CHECKS)
    base = f"{sparql}sparql11/service-description/manifest#"
    yield Suite("SPARQL 1.1 Service Description", test_description_suite, cases, base)
    later = test_sparql12
    title = "SPARQL 1.2 queries, triple terms apart"
    yield Suite(title, later, tuple(later.CASES), sparql, later.EXPECTED)
    regimes = test_entailment
    title = "SPARQL 1.1 Entailment Regimes, with RDFS on"
    yield Suite(title, regimes, tuple(regimes.CASES), sparql, regimes.EXPECTED)


def _geosparql() -> Iterator[Suite]:
    module, base = test_geosparql_requirements, f"{_PROJECT}tests/geosparql/"
    yield Suite("GeoSPARQL 1.1 requirements", module, tuple(module.CASES), base)
    cases = tuple(test_geosparql_shapes.SAMPLES)
    title = "OGC GeoSPARQL 1.1, samples for its shapes"
    yield Suite(title, test_geosparql_shapes, cases, _OGC)
    jts = test_jts_testxml
    title = "JTS Topology Suite, all that GeoSPARQL has a function for"
    yield Suite(title, jts, tuple(jts.CASES), _JTS, jts.EXPECTED)


def _rdf() -> Iterator[Suite]:
    base, parsers, semantics = f"{_W3C}rdf/rdf11/", test_rdf_parsers, test_rdf_semantics
    for title, folder in (
        ("N-Triples", "rdf-n-triples#"),
        ("N-Quads", "rdf-n-quads#"),
        ("Turtle", "rdf-turtle#"),
        ("TriG", "rdf-trig#"),
        ("RDF/XML", "rdf-xml#"),
    ):
        cases = _within(parsers.CASES, folder)
        yield Suite(f"RDF 1.1 {title}", parsers, cases, base, parsers.EXPECTED)
    yield Suite(
        "RDF 1.1 Semantics, by the closure of RDFS",
        semantics,
        tuple(semantics.CASES),
        f"{base}rdf-mt/manifest#",
        semantics.EXPECTED,
    )


def _rml() -> Iterator[Suite]:
    for title, part, module in (
        ("RML Core", "core", test_rml_core),
        ("RML FNML", "fnml", test_rml_fnml),
    ):
        base = f"https://w3id.org/rml/{part}/test-cases#"
        yield Suite(title, module, tuple(module.SUITE.cases), base, module.EXPECTED)
    virtual, base = test_virtual_rml_core, "https://w3id.org/rml/core/test-cases#"
    title, cases = "RML Core in place, a third", tuple(virtual.CASES)
    yield Suite(title, virtual, cases, base, virtual.EXPECTED)
    targets, base = test_rml_targets, "https://w3id.org/rml/io/test-cases#"
    cases = tuple(targets.CASES)
    yield Suite("RML IO, logical targets", targets, cases, base, targets.EXPECTED)
    sources = test_rml_io_sources
    title = "RML IO and IO-Registry, sources but databases"
    yield Suite(title, sources, tuple(sources.CASES), base, sources.EXPECTED)
    sql = test_rml_io_registry_sql
    base = "https://w3id.org/rml/io-registry/test-cases#"
    title = "RML IO-Registry, databases but SQL Server"
    yield Suite(title, sql, tuple(sql.CASES), base, sql.EXPECTED)


def _r2rml() -> Iterator[Suite]:
    for title, module in (
        ("R2RML on SQLite", test_r2rml_sqlite),
        ("R2RML on PostgreSQL", test_r2rml_postgresql),
        ("R2RML on MariaDB", test_r2rml_mariadb),
        ("Direct Mapping of SQLite", test_direct_mapping_sqlite),
        ("Direct Mapping of PostgreSQL", test_direct_mapping_postgresql),
        ("Direct Mapping of MariaDB", test_direct_mapping_mariadb),
    ):
        cases = tuple(module.CASES)
        yield Suite(title, module, cases, _RDB2RDF, module.EXPECTED)


def _yarrrml() -> Iterator[Suite]:
    base, cases = "urn:yarrrml-parser-tests:", tuple(test_yarrrml.PAIRS)
    listed = test_yarrrml.EXPECTED
    yield Suite("YARRRML, pairs of yarrrml-parser", test_yarrrml, cases, base, listed)


def _within(cases: Iterable[str], folder: str) -> tuple[str, ...]:
    return tuple(case for case in cases if case.startswith(folder))


def write_table(suites: Iterable[Suite]) -> str:
    """The table in Markdown."""
    head = "| suite | cases | pass | listed, with reasons |\n|---|---:|---:|---|\n"
    return head + "".join(f"{suite.row}\n" for suite in suites)


def rewrite(readme: str, table: str) -> str:
    """The README with the table between its markers."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


@dataclass(slots=True)
class Outcomes:
    """A plugin of pytest that notes what became of each case.

    Attributes:
        by_case: `passed`, `failed` or `skipped`, by the test's module and the case.
    """

    by_case: dict[tuple[str, str], str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome; a case that fails as it is listed fails."""
        if report.when == "call" or report.outcome != "passed":
            path, _, name = report.nodeid.partition("::")
            case = name.partition("[")[2].removesuffix("]")
            known = report.outcome == "skipped" and hasattr(report, "wasxfail")
            outcome = "failed" if known else report.outcome
            self.by_case[path, case] = outcome


def run(suites: Iterable[Suite]) -> tuple[int, Outcomes]:
    """Run the suites; pytest's exit status, which knows of cases not as listed."""
    files = {str(suite.module.__file__): None for suite in suites}
    outcomes = Outcomes()
    # Strict expected failures count; only the printing is left to us.
    arguments = ["-q", "--no-header", "-p", "no:cacheprovider", "-r", "fE", "-n", "0"]
    status = pytest.main([*arguments, *files], plugins=[outcomes])
    return int(status), outcomes


def write_earl(suites: Iterable[Suite], outcomes: Outcomes) -> bytes:
    """What became of each case, in EARL 1.0 as Turtle."""
    text = ox.serialize(
        _assertions(suites, outcomes),
        format=ox.RdfFormat.TURTLE,
        prefixes={"earl": _EARL, "dcterms": "http://purl.org/dc/terms/"},
    )
    assert text is not None
    return text


def _assertions(suites: Iterable[Suite], outcomes: Outcomes) -> Iterator[ox.Triple]:
    project = ox.NamedNode(f"urn:pytheas:{software_version()}")
    today = ox.Literal(datetime.now(UTC).date().isoformat(), datatype=_XSD_DATE)
    yield ox.Triple(project, _TYPE, _earl("Software"))
    for suite in suites:
        path = Path(str(suite.module.__file__)).relative_to(ROOT).as_posix()
        for case in suite.cases:
            outcome = outcomes.by_case.get((path, case), "untested")
            assertion, result = ox.BlankNode(), ox.BlankNode()
            test = ox.NamedNode(suite.base + case.replace("#", "/manifest#"))
            yield ox.Triple(assertion, _TYPE, _earl("Assertion"))
            yield ox.Triple(assertion, _earl("subject"), project)
            yield ox.Triple(assertion, _earl("assertedBy"), project)
            yield ox.Triple(assertion, _earl("test"), test)
            yield ox.Triple(assertion, _earl("mode"), _earl("automatic"))
            yield ox.Triple(assertion, _earl("result"), result)
            yield ox.Triple(result, _TYPE, _earl("TestResult"))
            yield ox.Triple(result, _earl("outcome"), _earl(outcome))
            yield ox.Triple(result, _DATE, today)


def _earl(name: str) -> ox.NamedNode:
    return ox.NamedNode(_EARL + name)


def main(arguments: list[str]) -> int:
    """Count or run, and write."""
    suites = read_suites()
    status = 0
    if "--count" not in arguments:
        target = Path(arguments[0] if arguments else "earl.ttl")
        status, outcomes = run(suites)
        target.write_bytes(write_earl(suites, outcomes))
    table = write_table(suites)
    README.write_text(rewrite(README.read_text("utf-8"), table), "utf-8")
    sys.stdout.write(table)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
