"""What a run guarantees, whatever the mapping."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from engines.errors import MemoryExceeded
from geotriples.errors import (
    InvalidData,
    InvalidMapping,
    MappingNotFound,
    OutputError,
    SourceError,
)
from geotriples.execution import Execution
from geotriples.run_local import run
from geotriples.sources.catalog import SourceCatalog
from ontologies.progress import Progress
from tests.geotriples.rml import objects, quads, triples_map

NASTY = [
    'say "hi"',
    "two\nlines",
    "back\\slash \\n",
    "carriage\rreturn",
    "tab\t, comma; ünïcödé 雪 🧊",
    "",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _mapping(folder: Path, text: str) -> Path:
    path = folder / "mapping.ttl"
    path.write_text(text, encoding="utf-8")
    return path


def _csv(folder: Path, *rows: list[str], header: tuple[str, ...] = ("id", "v")) -> None:
    lines = [
        ",".join(f'"{one.replace(chr(34), chr(34) * 2)}"' for one in row)
        for row in (list(header), *rows)
    ]
    (folder / "data.csv").write_bytes("\n".join(lines).encode())


SIMPLE = triples_map(
    "data.csv", '[ rml:template "http://x.org/{id}" ]', '[ rml:reference "v" ]'
)


def test_any_string_survives_as_a_literal(folder: Path) -> None:
    _csv(folder, *([str(i), text] for i, text in enumerate(NASTY)))
    run(_mapping(folder, SIMPLE), folder / "o.nq")
    found = ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
    assert {one.object.value for one in found} == set(NASTY)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b", "a%20b"),
        ("a/b?c#d", "a%2Fb%3Fc%23d"),
        ("Zoë Krüger", "Zoë%20Krüger"),
        ("雪🧊", "雪🧊"),
        ("\ue000", "%EE%80%80"),
        ('<">{}|\\^`%', "%3C%22%3E%7B%7D%7C%5C%5E%60%25"),
        ("a\nb", "a%0Ab"),
        ("~._-", "~._-"),
        ("\u00a0\ufdd0\U0001fffe", "\u00a0%EF%B7%90%F0%9F%BF%BE"),
    ],
)
def test_a_value_in_an_iri_template_is_made_iri_safe(
    folder: Path, value: str, expected: str
) -> None:
    _csv(folder, [value, "x"])
    run(_mapping(folder, SIMPLE), folder / "o.nq")
    (quad,) = ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
    assert quad.subject.value == f"http://x.org/{expected}"


def test_a_relative_iri_is_appended_to_the_base(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    text = triples_map("data.csv", '[ rml:template "a/{id}" ]', '[ rml:reference "v" ]')
    run(_mapping(folder, text), folder / "o.nq", base="https://b.org/")
    assert quads(folder / "o.nq") == {'<https://b.org/a/1> <http://example.com/p0> "x"'}


def test_the_order_of_the_rows_does_not_matter(folder: Path) -> None:
    rows = [[str(i % 70), f"value {i}"] for i in range(100)]
    outputs = []
    for ordered in (rows, rows[::-1]):
        _csv(folder, *ordered)
        run(_mapping(folder, SIMPLE), folder / "o.nq")
        outputs.append((folder / "o.nq").read_bytes())
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("suffix", [".nq", ".nt", ".ttl"])
def test_running_twice_gives_the_same_bytes(folder: Path, suffix: str) -> None:
    _csv(folder, *([str(i), f"{i}"] for i in range(50)))
    mapping = _mapping(folder, SIMPLE)
    reports = [run(mapping, folder / f"o{i}{suffix}") for i in range(2)]
    first, second = ((folder / f"o{i}{suffix}").read_bytes() for i in range(2))
    assert first == second
    assert reports[0].sha256 == reports[1].sha256


def test_turtle_holds_the_same_triples(folder: Path) -> None:
    _csv(folder, *([str(i), text] for i, text in enumerate(NASTY)))
    mapping = _mapping(folder, SIMPLE)
    for suffix in (".nq", ".ttl"):
        run(mapping, folder / f"o{suffix}")
    turtle = ox.parse(path=folder / "o.ttl", format=ox.RdfFormat.TURTLE)
    assert {str(one) for one in turtle} == quads(folder / "o.nq")


def test_a_triple_appears_once_however_many_rows_make_it(folder: Path) -> None:
    _csv(folder, *(["1", "same"] for _ in range(40_000)))
    report = run(_mapping(folder, SIMPLE), folder / "o.nq")
    assert (report.triples, report.rows) == (1, 40_000)
    assert len((folder / "o.nq").read_text().splitlines()) == 1


@pytest.mark.parametrize("suffix", [".nt", ".nq", ".trig"])
def test_lines_are_sorted_by_their_bytes(folder: Path, suffix: str) -> None:
    """Also where a predicate begins another, comes twice, or is made by the row."""
    _csv(folder, *([f"{i}", v] for i, v in enumerate("ba")), ["1", "é"])
    maps = [
        f"rml:predicateObjectMap [ rml:predicate <http://x.org/{one}> ; "
        f'rml:objectMap [ rml:reference "{reference}" ] ] ;'
        for one in ("p", "p-q", "p/é", "pZ", "é")
        for reference in ("v", "id")
    ]
    made = (
        'rml:predicateObjectMap [ rml:predicateMap [ rml:template "http://x.org/{v}" ]'
        ' ; rml:objectMap [ rml:reference "id" ] ] ;'
    )
    subject = "rml:subjectMap"
    text = SIMPLE.replace(subject, "\n".join([*maps, made, subject]))
    run(_mapping(folder, text), folder / f"o{suffix}")
    rdf_format = ox.RdfFormat.from_extension(suffix[1:])
    found = [
        str(one) for one in ox.parse(path=folder / f"o{suffix}", format=rdf_format)
    ]
    assert len(found) == 12 + 18  # é and 1 come from two maps
    assert found == sorted(set(found), key=str.encode)


def test_a_subject_of_more_lines_than_are_held(folder: Path) -> None:
    """Its lines go through a file, between those of a subject before and one after."""
    text = "x" * 300
    rows = [["many", f"{i % 30_000:05}{text}"] for i in range(60_000)]
    _csv(folder, ["few", "a"], *rows, ["other", "z"], ["few", "b"])
    report = run(_mapping(folder, SIMPLE), folder / "o.nq")
    lines = (folder / "o.nq").read_text().splitlines()
    assert report.triples == len(lines) == 30_003
    assert lines == sorted(set(lines))
    assert {one.name for one in folder.iterdir()} == {"data.csv", "mapping.ttl", "o.nq"}


def test_no_rows_make_an_empty_file(folder: Path) -> None:
    (folder / "data.csv").write_text("id,v\n")
    report = run(_mapping(folder, SIMPLE), folder / "o.nq")
    assert report.triples == 0
    assert (folder / "o.nq").read_bytes() == b""


def test_a_null_makes_no_triple(folder: Path) -> None:
    (folder / "data.csv").write_text("id,v\n1,\n2,x\n,y\n")
    text = SIMPLE.replace('"data.csv"', '"data.csv" ; rml:null ""')
    report = run(_mapping(folder, text), folder / "o.nq")
    assert report.triples == 1


def test_every_problem_is_told_at_once_with_its_node(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{nowhere}" ]',
        '[ rml:reference "absent" ]',
        '[ rml:reference "v" ; rml:language "not a tag" ]',
        '[ rml:template "{unclosed" ]',
        "[ rml:functionExecution [ rml:function ex:unknown ] ]",
        '[ rml:reference "pytheas:missing" ]',
        '[ rml:refernce "v" ]',
    )
    with pytest.raises(InvalidMapping) as caught:
        run(_mapping(folder, text), folder / "o.nq")
    told = {problem.node: problem.message for problem in caught.value.problems}
    at = "<http://example.com/map>"
    assert "no column 'nowhere'" in told[f"{at} subjectMap"]
    assert "no column 'absent'" in told[f"{at} predicateObjectMap 1 objectMap 1"]
    assert "language tag" in told[f"{at} predicateObjectMap 2 objectMap 1 language"]
    assert "unclosed" in "".join(str(one) for one in caught.value.problems)
    assert "unknown function" in "".join(told.values())
    assert "no parameter 'missing'" in "".join(told.values())
    assert "rml:refernce is not supported" in told["a blank node"]
    assert not (folder / "o.nq").exists()


@pytest.mark.parametrize(
    "value",
    [
        *(
            "http://x.org/100%",
            "http://x.org/%zz",
            "http://x.org/a[b]",
            "http://x.org/<",
        ),
        *("http://x.org/#a#b", "http://x.org/\ue000", "http://x.org:port/", "a\nb:c"),
        *("http://x.org/a\n", "http://x.org/\ufdd0", "http://[x]/", "http://x.org/a b"),
    ],
)
def test_no_invalid_iri_is_written(folder: Path, value: str) -> None:
    _csv(folder, ["1", value])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        '[ rml:reference "v" ; rml:termType rml:IRI ]',
    )
    with pytest.raises(InvalidData):
        run(_mapping(folder, text), folder / "o.nq")


@pytest.mark.parametrize(
    "value",
    [
        *("http://x.org", "HTTP://x.org/ünï/雪?q=a/b?c#f/?", "urn:isbn:0-395-36341-1"),
        *("http://[2001:db8::7]:80/a;b=c", "mailto:a@b.org", "http://x.org/%E9?\ue000"),
        *("file:///tmp/a", "a:", "http://u:p@x.org:8080"),
    ],
)
def test_every_valid_iri_is_written(folder: Path, value: str) -> None:
    _csv(folder, ["1", value])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        '[ rml:reference "v" ; rml:termType rml:IRI ]',
    )
    run(_mapping(folder, text), folder / "o.nq")
    (quad,) = ox.parse(path=folder / "o.nq", format=ox.RdfFormat.N_QUADS)
    assert quad.object.value == value


def test_an_invalid_base_is_refused(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    with pytest.raises(InvalidMapping, match="base: 'no iri'"):
        run(_mapping(folder, SIMPLE), folder / "o.nq", base="no iri")


def test_a_reference_to_another_source_needs_a_join_condition(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    (folder / "other.csv").write_text("id\n1\n")
    other = triples_map("other.csv", '[ rml:template "http://x.org/{id}" ]')
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        "[ rml:parentTriplesMap ex:other ]",
    ) + other.replace("ex:map", "ex:other")
    with pytest.raises(InvalidMapping, match="needs a join condition"):
        run(_mapping(folder, text), folder / "o.nq")


def test_an_invalid_iri_ends_the_run_and_names_the_row(folder: Path) -> None:
    _csv(folder, ["1", "http://ok.org/"], ["2", "http://bad.org/a b"])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        '[ rml:reference "v" ; rml:termType rml:IRI ]',
    )
    with pytest.raises(
        InvalidData, match=r"row 2, .*objectMap 1: 'http://bad.org/a b'"
    ):
        run(_mapping(folder, text), folder / "o.nq")
    assert not (folder / "o.nq").exists()


def test_an_invalid_iri_can_be_left_out_and_reported(folder: Path) -> None:
    _csv(folder, ["1", "http://ok.org/"], ["2", "http://bad.org/a b"])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        '[ rml:reference "v" ; rml:termType rml:IRI ]',
    )
    report = run(_mapping(folder, text), folder / "o.nq", on_invalid="reject")
    assert (report.triples, report.rejected) == (1, 1)
    assert report.examples[0].row == 2


def test_parameters_are_the_same_in_every_row(folder: Path) -> None:
    _csv(folder, ["1", "x"], ["1", "y"])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{pytheas:mapping_name}/{pytheas:place}" ]',
        '[ rml:reference "pytheas:place" ]',
    )
    run(_mapping(folder, text), folder / "o.nq", parameters={"place": "Fram Strait"})
    assert quads(folder / "o.nq") == {
        '<http://x.org/mapping/Fram%20Strait> <http://example.com/p0> "Fram Strait"'
    }


def test_the_mapping_iri_changes_with_its_text(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    iris = {
        run(_mapping(folder, SIMPLE + comment), folder / "o.nq").mapping_iri
        for comment in ("", "# another\n")
    }
    assert len(iris) == 2


def test_a_path_that_leads_out_of_the_folder_is_refused(folder: Path) -> None:
    text = SIMPLE.replace("data.csv", "../secret.csv")
    with pytest.raises(InvalidMapping, match="leads out"):
        run(_mapping(folder, text), folder / "o.nq")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not CSV"),
        (b"id,id\n1,2\n", "twice"),
        (b"id,v\n1,2,3\n", "not CSV"),
        (None, "does not exist"),
    ],
)
def test_a_broken_source_is_named(
    folder: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (folder / "data.csv").write_bytes(content)
    with pytest.raises(InvalidMapping, match=message):
        run(_mapping(folder, SIMPLE), folder / "o.nq")


@pytest.mark.parametrize(
    ("row", "place"), [(b"1,\xff\xfe\n", "line 400002, byte"), (b"1,2,3\n", "#400002")]
)
def test_a_source_that_breaks_on_the_way_leaves_no_output(
    folder: Path, row: bytes, place: str
) -> None:
    (folder / "data.csv").write_bytes(b"id,v\n" + b"1,x\n" * 400_000 + row)
    with pytest.raises(SourceError, match=place):
        run(_mapping(folder, SIMPLE), folder / "o.nq")
    assert [one.name for one in folder.glob("*o.nq*")] == []


def test_what_cannot_be_written_is_refused_first(folder: Path) -> None:
    with pytest.raises(OutputError, match="ends in none of"):
        run(folder / "absent.ttl", folder / "o.docx")
    with pytest.raises(OutputError, match="does not exist"):
        run(folder / "absent.ttl", folder / "nowhere" / "o.nq")
    with pytest.raises(MappingNotFound):
        run(folder / "absent.ttl", folder / "o.nq")


def test_named_graphs_need_a_format_that_has_them(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    text = SIMPLE.replace("rml:subjectMap [", "rml:subjectMap [ rml:graph ex:g ;")
    run(_mapping(folder, text), folder / "o.nq")
    assert "<http://example.com/g>" in (folder / "o.nq").read_text()
    with pytest.raises(OutputError, match="named graphs"):
        run(_mapping(folder, text), folder / "o.ttl")
    assert not (folder / "o.ttl").exists()


def test_datatypes_of_a_template_and_a_column(folder: Path) -> None:
    _csv(folder, ["1", "http://dt.org/a"])
    text = triples_map(
        "data.csv",
        '[ rml:template "http://x.org/{id}" ]',
        '[ rml:reference "id" ; rml:datatype xsd:integer ]',
        '[ rml:reference "id" ; rml:datatypeMap [ rml:reference "v" ] ]',
        '[ rml:template "no {id}" ; rml:termType rml:Literal ]',
    )
    run(_mapping(folder, text), folder / "o.nq")
    found = objects(folder / "o.nq")
    assert str(found["p0"]) == '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert str(found["p1"]) == '"1"^^<http://dt.org/a>'
    assert str(found["p2"]) == '"no 1"'


def test_progress_ends_at_one(folder: Path) -> None:
    _csv(folder, ["1", "x"])
    told: list[tuple[str, float]] = []
    run(
        _mapping(folder, SIMPLE),
        folder / "o.nq",
        progress=lambda stage, fraction: told.append((stage, fraction)),
    )
    assert told[-1] == ("map", 1.0)


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_no_output(
    folder: Path, signal_: signal.Signals
) -> None:
    rows = "".join(f"{i},value {i}\n" for i in range(400_000))
    (folder / "data.csv").write_text(f"id,v\n{rows}")
    mapping = _mapping(folder, SIMPLE)
    program = (
        "import sys; from pathlib import Path; from geotriples.run_local import run\n"
        "run(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(mapping), str(folder / "o.nq")],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    # The second is the file's own place; the first is where the engine may spill to.
    while len(list(folder.glob(".o.nq.*"))) < 2 and time.monotonic() < deadline:
        assert child.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.001)
    os.kill(child.pid, signal_)
    child.wait()
    assert child.returncode != 0
    left = {one.name for one in folder.iterdir()} - {"data.csv", "mapping.ttl"}
    assert all(name.startswith(".o.nq.partial-") for name in left)
    assert not left or signal_ == signal.SIGKILL
    # The next run does the work, and removes what was left.
    (folder / "data.csv").write_text("id,v\n1,x\n")
    run(mapping, folder / "o.nq")
    assert {one.name for one in folder.iterdir()} == {"data.csv", "mapping.ttl", "o.nq"}


def test_many_sources_are_read_at_once(folder: Path) -> None:
    """More than the threads that Arrow has for files, each reading on one of them."""
    maps = []
    for i in range(20):
        (folder / f"d{i}.csv").write_text(f"id\n{i}\n")
        one = triples_map(
            f"d{i}.csv",
            '[ rml:template "http://x.org/{id}" ]',
            '[ rml:reference "id" ]',
        )
        maps.append(one.replace("ex:map", f"ex:map{i}"))
    report = run(_mapping(folder, "\n".join(maps)), folder / "o.nq")
    assert report.triples == 20


def test_what_does_not_fit_in_memory_is_told_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _csv(folder, *([str(i), "x" * 200] for i in range(20_000)))

    def limited(catalog: SourceCatalog, progress: Progress, spill: Path) -> Execution:
        execution = Execution(catalog, progress, spill)
        execution.connection.execute("SET memory_limit = '3MB'; SET threads = 1")
        execution.connection.execute("SET temp_directory = ''")
        return execution

    monkeypatch.setattr("geotriples.run_local.Execution", limited)
    with pytest.raises(MemoryExceeded):
        run(_mapping(folder, SIMPLE), folder / "o.nq")
    assert not (folder / "o.nq").exists()
