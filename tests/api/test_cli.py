"""The command line: reports on stdout, one message on stderr, honest exit codes."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.settings import Settings
from ml.version import software_version
from strabon_store.store import Store

ROOT = Path(__file__).resolve().parent.parent.parent
TURTLE = """@prefix ex: <https://example.org/> .
ex:a ex:name "Ärzte"@de ; ex:size 2.5e0 .
ex:b ex:name "b" ; ex:size 3 .
"""
NAMES = """PREFIX ex: <https://example.org/>
SELECT ?s ?name { ?s ex:name ?name } ORDER BY ?s"""
PYTHEAS = (sys.executable, "-c", "from api.cli.main import main; main()")


@pytest.fixture
def location(tmp_path: Path) -> Path:
    (tmp_path / "data.ttl").write_text(TURTLE)
    assert (
        pytheas("load", tmp_path / "data.ttl", "-l", tmp_path / "store").exit_code == 0
    )
    return tmp_path / "store"


def pytheas(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=stdin)


def assert_failed(result: Result, *words: str) -> None:
    """One message that names the words, exit code 1, nothing on stdout."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("pytheas: ")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_every_command_has_help_and_json_and_quiet() -> None:
    listing = pytheas("--help").stdout
    commands = [
        "demo",
        "run",
        "load",
        "query",
        "update",
        "serve",
        "dump",
        "backup",
        "restore",
        "verify",
        "stats",
    ]
    for command in commands:
        assert command in listing
        text = pytheas(command, "--help").stdout
        assert "--json" in text
        assert "--quiet" in text


def test_the_version_is_that_of_the_package() -> None:
    assert pytheas("--version").stdout == f"pytheas {software_version()}\n"


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from api.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'duckdb', 'rasterio', 'shapely', 'numpy', 'fastapi'}"
        " & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # Half a second on an idle machine; this one may be busy.
    assert time.monotonic() - started < 5


def test_wrong_usage_is_2() -> None:
    assert pytheas("query").exit_code == 2
    assert pytheas("nonsense").exit_code == 2
    assert pytheas("query", "ASK {}", "-l", "x", "--format", "pdf").exit_code == 2
    assert pytheas("query", "-l", "x").exit_code == 2


def test_loading_reports_what_was_loaded(tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(TURTLE)
    result = pytheas("load", tmp_path / "data.ttl", "-l", tmp_path / "s", "--json")
    report = json.loads(result.stdout)
    assert report["location"] == str(tmp_path / "s")
    assert 4 in report.values()


def test_queries_come_from_arguments_files_and_stdin(
    location: Path, tmp_path: Path
) -> None:
    (tmp_path / "q.rq").write_text(NAMES)
    options = ("-l", location, "--format", "csv")
    from_argument = pytheas("query", NAMES, *options)
    from_file = pytheas("query", "--file", tmp_path / "q.rq", *options)
    from_stdin = pytheas("query", "-", *options, stdin=NAMES)
    assert (
        from_argument.stdout_bytes == from_file.stdout_bytes == from_stdin.stdout_bytes
    )
    rows = list(csv.reader(io.StringIO(from_argument.stdout, newline="")))
    assert rows == [
        ["s", "name"],
        ["https://example.org/a", "Ärzte"],
        ["https://example.org/b", "b"],
    ]


def test_entailment_is_an_option(tmp_path: Path) -> None:
    schema = "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> ."
    text = f"{schema} <a:l> a <a:Lead> . <a:Lead> rdfs:subClassOf <a:Water> ."
    (tmp_path / "ice.ttl").write_text(text)
    pytheas("load", tmp_path / "ice.ttl", "-l", tmp_path / "s")
    query = ("query", "ASK { <a:l> a <a:Water> }", "--json", "-l")
    assert json.loads(pytheas(*query, tmp_path / "s").stdout)["boolean"] is False
    entailed = pytheas(*query, tmp_path / "s", "--entailment", "rdfs")
    assert json.loads(entailed.stdout)["boolean"] is True
    elsewhere = pytheas(*query, "http://127.0.0.1:1/", "--entailment", "rdfs")
    assert elsewhere.exit_code == 2


def test_extensions_of_geosparql_are_switches_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool, bool]] = []

    def serve_store(store: Store, *_: object, settings: Settings, **__: object) -> None:
        result = store.query("ASK { <a:g> a <http://www.opengis.net/ont/sf#Surface> }")
        seen.append(
            (
                store.rewrites_relations,
                settings.rewrite_relations,
                result is True,
            )
        )

    monkeypatch.setattr("api.cli.serve.serve_store", serve_store)
    text = "<a:g> a <http://www.opengis.net/ont/sf#Polygon> ."
    (tmp_path / "ice.ttl").write_text(text)
    pytheas("load", tmp_path / "ice.ttl", "-l", tmp_path / "s")
    served = ("serve", "-l", tmp_path / "s", "--entailment", "rdfs")
    assert pytheas(*served).exit_code == 0
    pytheas(*served, "--no-rewrite-relations", "--no-geosparql-axioms")
    monkeypatch.setenv("PYTHEAS_REWRITE_RELATIONS", "false")
    monkeypatch.setenv("PYTHEAS_GEOSPARQL_AXIOMS", "false")
    pytheas(*served)
    pytheas(*served, "--rewrite-relations", "--geosparql-axioms")
    on, off = (True, True, True), (False, False, False)
    assert seen == [on, off, off, on]


@pytest.mark.parametrize("name", ["json", "xml", "tsv", "csv"])
def test_every_format_holds_the_answer(location: Path, name: str) -> None:
    result = pytheas("query", NAMES, "-l", location, "--format", name)
    assert result.exit_code == 0
    assert "Ärzte" in result.stdout


@pytest.mark.parametrize("name", ["turtle", "nt", "rdfxml", "jsonld", "table"])
def test_every_format_of_a_graph_holds_the_answer(location: Path, name: str) -> None:
    text = "CONSTRUCT { <urn:a> <urn:is> 'Ærø' } {}"
    result = pytheas("query", text, "-l", location, "--format", name)
    assert result.exit_code == 0
    assert "Ærø" in result.stdout


def test_a_format_of_another_form_is_wrong_usage(location: Path) -> None:
    graph = pytheas("query", "CONSTRUCT {} {}", "-l", location, "--format", "csv")
    table = pytheas("query", "SELECT * {}", "-l", location, "--format", "turtle")
    assert graph.exit_code == table.exit_code == 2
    assert "turtle" in graph.stderr
    assert "csv" in table.stderr


def test_json_is_the_sparql_format(location: Path) -> None:
    result = pytheas("query", NAMES, "-l", location, "--json")
    bindings = json.loads(result.stdout)["results"]["bindings"]
    assert bindings[0]["name"] == {
        "type": "literal",
        "value": "Ärzte",
        "xml:lang": "de",
    }


def test_tables_are_for_people(location: Path) -> None:
    result = pytheas("query", NAMES, "-l", location)
    assert "Ärzte" in result.stdout
    assert "2 rows" in result.stdout
    assert pytheas("query", "ASK { ?s ?p ?o }", "-l", location).stdout == "yes\n"


def test_a_syntax_error_points_at_its_place(location: Path) -> None:
    result = pytheas("query", "SELECT * {\n ?a ?b }", "-l", location)
    assert_failed(result, "line 2", "^")


def test_no_store_names_the_place_and_the_cure(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    for command in (("query", "ASK {}"), ("serve",)):
        assert_failed(pytheas(*command, "-l", absent), str(absent), "pytheas load")
    assert not absent.exists()


def test_no_endpoint_names_the_address(unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}/sparql"
    assert_failed(pytheas("query", "ASK {}", "-l", url), url, "check the address")


def test_a_file_that_is_no_rdf_is_named_with_its_line(
    location: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> nonsense .\n")
    before = pytheas("query", "SELECT * { ?s ?p ?o }", "-l", location, "--json").stdout
    assert_failed(pytheas("load", bad, "-l", location), f"{bad}:2:")
    assert_failed(pytheas("load", tmp_path / "none.ttl", "-l", location), "none.ttl")
    after = pytheas("query", "SELECT * { ?s ?p ?o }", "-l", location, "--json").stdout
    assert sorted(before) == sorted(after)


def test_a_taken_port_is_named(location: Path, taken_port: int) -> None:
    result = pytheas("serve", "-l", location, "--port", taken_port)
    assert_failed(result, str(taken_port), "--port")


def test_an_unfit_setting_is_named(
    location: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHEAS_QUERY_TIMEOUT_S", "soon")
    result = pytheas("serve", "-l", location, "--port", "0")
    assert_failed(result, "PYTHEAS_QUERY_TIMEOUT_S")


def test_a_program_serves_until_it_is_interrupted(location: Path) -> None:
    command = [
        *PYTHEAS,
        "serve",
        "-l",
        str(location),
        "--port",
        "0",
        "--json",
        "--quiet",
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as server:
        assert server.stdout
        lines = [server.stdout.readline() for _ in range(4)]
        urls = json.loads("".join(lines))
        answer = pytheas("query", NAMES, "-l", urls["sparql"], "--format", "csv")
        server.send_signal(signal.SIGINT)
        code = server.wait(20)
    assert answer.exit_code == 0
    assert "Ärzte" in answer.stdout
    assert code == 130


@pytest.mark.parametrize("name", ["a.csv", "a.srj", "a.parquet", "a.arrows"])
def test_an_answer_goes_to_a_file_by_its_suffix(
    location: Path, tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    result = pytheas("query", NAMES, "-l", location, "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.stat().st_size > 0
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_query_that_is_cut_off_leaves_the_file_as_it_was(
    location: Path, tmp_path: Path
) -> None:
    cross = " . ".join(f"?a{i} ?p{i} ?b{i}" for i in range(20))
    target = tmp_path / "answer.csv"
    target.write_text("before")
    result = pytheas(
        "query", f"SELECT * {{ {cross} }}", "-l", location, "-o", target, "--timeout", 3
    )
    assert_failed(result, "3 s")
    assert target.read_text() == "before"
    assert list(tmp_path.glob(".*")) == []


def test_a_file_needs_a_format_and_a_place(location: Path, tmp_path: Path) -> None:
    assert pytheas("query", NAMES, "-l", location, "-o", "x.doc").exit_code == 2
    nowhere = tmp_path / "absent" / "a.csv"
    assert_failed(pytheas("query", NAMES, "-l", location, "-o", nowhere), "a.csv")


def test_a_folder_runs_no_queries(location: Path) -> None:
    assert pytheas("queries", "list", "-l", location).exit_code == 2


def test_loading_from_stdin_into_a_graph_without_what_is_bad(tmp_path: Path) -> None:
    options = ("-l", tmp_path / "s", "--format", "nt", "--graph", "urn:g")
    text = "<urn:a> <urn:b> <urn:c> .\n<urn:a> <b> <urn:c> .\n"
    assert_failed(
        pytheas("load", "-", *options, stdin=text), "<stdin>:2:9", "nothing was loaded"
    )
    rejects = tmp_path / "rejects.nt"
    result = pytheas("load", "-", *options, "--skip-bad", rejects, "--json", stdin=text)
    report = json.loads(result.stdout)
    assert (report["triples_added"], report["lines_rejected"]) == (1, 1)
    assert rejects.read_text().splitlines()[1] == "<urn:a> <b> <urn:c> ."
    (line,) = result.stderr.splitlines()
    assert json.loads(line)["items"] == 1
    query = ("query", "ASK { GRAPH <urn:g> { ?s ?p ?o } }", "-l", tmp_path / "s")
    assert pytheas(*query).stdout == "yes\n"


def test_loading_from_the_web_needs_leave(tmp_path: Path) -> None:
    result = pytheas("load", "http://127.0.0.1:9/a.ttl", "-l", tmp_path / "s")
    assert_failed(result, "127.0.0.1", "--allow-host")
