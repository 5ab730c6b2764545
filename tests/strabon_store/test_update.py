"""Updates of a store: what they change, and that a failure changes nothing."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI
from strabon_store.errors import (
    DatasetConflict,
    GraphExists,
    LoadError,
    LoadForbidden,
    NoSuchGraph,
    QueryCancelled,
    QueryTimeout,
    StoreBusy,
    StoreError,
    StoreUnavailable,
)
from strabon_store.results.solutions import Solutions
from strabon_store.storage import templates
from strabon_store.store import Store
from tests.datasets import canonical, read_store

PROLOGUE = "PREFIX : <urn:>\n"
MANY = 20_000


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("update")
    with Store.open(folder / "store", allow_load=[f"{folder.as_uri()}/"]) as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    opened.update("DROP ALL")
    return opened


@pytest.fixture
def many(store: Store, tmp_path: Path) -> Store:
    path = tmp_path / "many.nt"
    path.write_text("".join(f'<urn:s{i}> <urn:v> "n{i}" .\n' for i in range(MANY)))
    store.load([path])
    return store


def _holds(store: Store, turtle: str) -> bool:
    """Whether the store holds these quads (TriG) and no others, up to blank nodes."""
    wanted = ox.Dataset(
        ox.parse(
            input=f"@prefix : <urn:> . {turtle}".encode(), format=ox.RdfFormat.TRIG
        )
    )
    return canonical(read_store(store)) == canonical(wanted)


def _count(store: Store, pattern: str) -> int:
    answer = store.query(f"{PROLOGUE}SELECT * {{ {pattern} }}")
    assert isinstance(answer, Solutions)
    return len(list(answer))


def _update(store: Store, text: str) -> tuple[int, int]:
    report = store.update(PROLOGUE + text)
    return report.deleted, report.inserted


def test_later_operations_see_earlier_ones(store: Store) -> None:
    report = store.update(
        f"{PROLOGUE}INSERT DATA {{ :a :p 1 }} ; INSERT {{ ?s :q ?o }} WHERE "
        f"{{ ?s :p ?o }} ; DELETE WHERE {{ ?s :p ?o }}"
    )
    assert [(each.deleted, each.inserted) for each in report.operations] == [
        (0, 1),
        (0, 1),
        (1, 0),
    ]
    assert [each.name for each in report.operations] == [
        "INSERT DATA",
        "INSERT",
        "DELETE WHERE",
    ]
    assert "1 statements deleted, 2 inserted by 3 operations" in str(report)
    assert _holds(store, ":a :q 1 .")


def test_what_is_deleted_and_inserted_again_stays_and_is_not_counted(
    store: Store,
) -> None:
    _update(store, "INSERT DATA { :a :p 1, 2 }")
    done = _update(
        store, "DELETE { ?s :p ?o } INSERT { ?s :p ?o ; :q 1 } WHERE { ?s :p ?o }"
    )
    assert done == (0, 1)
    assert _holds(store, ":a :p 1, 2 ; :q 1 .")


def test_a_template_has_new_blank_nodes_for_each_solution(store: Store) -> None:
    _update(store, "INSERT DATA { :a :p 1 . :b :p 2 }")
    _update(
        store, "INSERT { ?s :has _:x . _:x :of ?o, [ :in _:x ] } WHERE { ?s :p ?o }"
    )
    _update(store, "DELETE WHERE { ?s :p ?o }")
    assert _holds(
        store,
        ":a :has _:a . _:a :of 1, [ :in _:a ] . :b :has _:b . _:b :of 2, [ :in _:b ] .",
    )


def test_blank_nodes_of_data_are_new_each_time_and_one_in_all_its_graphs(
    store: Store,
) -> None:
    for _ in range(2):
        _update(store, "INSERT DATA { _:x :p _:x . GRAPH :g { _:x :q [] } }")
    assert _holds(
        store,
        "_:a :p _:a . _:b :p _:b . GRAPH :g { _:a :q [] . _:b :q [] }",
    )


def test_what_is_no_rdf_is_left_out(store: Store) -> None:
    _update(store, "INSERT DATA { :a :p 1, :b, [] }")
    done = _update(
        store,
        "INSERT { ?o :s 1 . :x ?o 2 . :x :o ?o . :x :n ?nothing . "
        "GRAPH ?o { :x :g 3 } } WHERE { :a :p ?o }",
    )
    # :b and the blank node are subjects and name graphs, :b alone is a predicate.
    assert done == (0, 2 + 1 + 3 + 2)


@pytest.mark.parametrize(
    "expression",
    [
        "?i + 1",
        "?i * 2.50",
        "?i / 3",
        "?d * 2",
        "xsd:integer(?i) > 1",
        "CONCAT(?s, 'ä\"\\\\\\n')",
        "STRLANG(?s, 'en-GB')",
        "STRDT(?s, :type)",
        "IRI(CONCAT('urn:', ?s))",
        "STR(?i)",
        "?d",
        "xsd:decimal(?i)",
        "COALESCE(1/0, ?s)",
        "CONCAT(?s, '\\u0001\\\\\\\\x')",
        "CONCAT(?s, '\\\\\\\\u0041')",
    ],
)
@pytest.mark.parametrize("few", [0, templates.FEW])
def test_a_computed_term_is_stored_as_a_query_shows_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, expression: str, few: int
) -> None:
    monkeypatch.setattr(templates, "FEW", few)
    prologue = f"{PROLOGUE}PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
    store.update(f'{prologue}INSERT DATA {{ :a :i 7 ; :d 1.5e3 ; :s "text" }}')
    pattern = f":a :i ?i ; :d ?d ; :s ?s BIND({expression} AS ?new)"
    shown = store.query(f"{prologue}SELECT ?new {{ {pattern} }}")
    store.update(f"{prologue}INSERT {{ :a :new ?new }} WHERE {{ {pattern} }}")
    kept = store.query(f"{PROLOGUE}SELECT ?new {{ :a :new ?new }}")
    assert isinstance(shown, Solutions)
    assert isinstance(kept, Solutions)
    rows = list(shown)
    assert rows != [(None,)]
    assert list(kept) == rows


def test_with_names_a_graph_that_may_be_empty(store: Store) -> None:
    _update(store, "WITH :g INSERT { :a :p 1 . GRAPH :h { :a :p 2 } } WHERE {}")
    _update(store, "WITH :g INSERT { ?s :q ?o } USING :h WHERE { ?s ?p ?o }")
    _update(store, "WITH :g DELETE { ?s ?p 1 } WHERE { ?s ?p 1 GRAPH ?g { ?s ?p 2 } }")
    assert _holds(store, "GRAPH :g { :a :q 2 } GRAPH :h { :a :p 2 }")


def test_the_protocol_may_name_the_dataset(store: Store) -> None:
    _update(store, "INSERT DATA { :a :p 0 GRAPH :g { :a :p 1 } GRAPH :h { :a :p 2 } }")
    dataset = Dataset((IRI("urn:g"),), (IRI("urn:h"),))
    copy = "INSERT { ?s :is ?o } WHERE { ?s :p ?o } ;"
    named = "INSERT { ?g :is ?o } WHERE { GRAPH ?g { ?s :p ?o } }"
    store.update(PROLOGUE + copy + named, dataset=dataset)
    assert _count(store, ":a :is 1") == _count(store, ":h :is 2") == 1
    assert _count(store, "?s :is ?o") == 2
    with pytest.raises(DatasetConflict, match="USING"):
        store.update(f"{PROLOGUE}WITH :g {copy}", dataset=dataset)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ("DROP GRAPH :none", NoSuchGraph),
        ("CLEAR GRAPH :none", NoSuchGraph),
        ("ADD :none TO :g", NoSuchGraph),
        ("MOVE :none TO DEFAULT", NoSuchGraph),
        ("COPY :none TO :none", NoSuchGraph),
        ("CREATE GRAPH :g", GraphExists),
        ("LOAD <file:///etc/hostname>", LoadForbidden),
        ("LOAD <http://localhost:1/x.ttl>", LoadForbidden),
    ],
)
def test_an_operation_that_cannot_be_done_undoes_the_request_unless_silent(
    store: Store, wrong: str, error: type[StoreError]
) -> None:
    _update(store, "INSERT DATA { GRAPH :g { :a :p 1 } }")
    with pytest.raises(error):
        _update(store, f"INSERT DATA {{ :b :p [] }} ; {wrong}")
    assert _holds(store, "GRAPH :g { :a :p 1 }")
    word, rest = wrong.split(maxsplit=1)
    _update(store, f"INSERT DATA {{ :b :p 1 }} ; {word} SILENT {rest}")
    assert _holds(store, ":b :p 1 . GRAPH :g { :a :p 1 }")


def test_a_graph_is_there_while_it_has_statements(store: Store) -> None:
    _update(store, "CREATE GRAPH :g ; CREATE GRAPH :g")
    _update(
        store,
        "INSERT DATA { GRAPH :g { :a :p 1 } } ; DELETE WHERE { GRAPH :g {?s ?p ?o} }",
    )
    assert _count(store, "GRAPH ?g {}") == 0
    with pytest.raises(NoSuchGraph):
        _update(store, "DROP GRAPH :g")


def test_load_adds_a_document_or_nothing(store: Store, opened: Store) -> None:
    folder = opened.location.parent
    good, bad = folder / "good.ttl", folder / "bad.ttl"
    good.write_text("<urn:a> <urn:p> _:b, _:b, 1 .")
    bad.write_text("<urn:a> <urn:q> 1 . <urn:a> <urn:r")
    _update(store, f"LOAD <{good.as_uri()}> ; LOAD <{good.as_uri()}> INTO GRAPH :g")
    assert _holds(store, ":a :p _:b, 1 . GRAPH :g { :a :p _:b, 1 }")
    assert store.verify().is_sound
    with pytest.raises(LoadError, match=r"bad\.ttl"):
        _update(store, f"DROP ALL; LOAD <{bad.as_uri()}>")
    _update(
        store, f"DROP ALL; LOAD SILENT <{bad.as_uri()}>; INSERT DATA {{ :x :y :z }}"
    )
    assert _holds(store, ":x :y :z .")
    # What a document that breaks off began is gone when the next one is read.
    bad.write_text('<urn:new> <urn:q> "POINT (1 2)" . <urn:a> <urn:r')
    silently = f"LOAD SILENT <{bad.as_uri()}>"
    _update(store, f"DROP ALL; {silently}; LOAD <{good.as_uri()}>")
    assert _holds(store, ":a :p _:b, 1 .")
    assert store.verify().is_sound


def test_what_is_allowed_to_be_loaded_ends_at_its_folder(
    store: Store, opened: Store, tmp_path: Path
) -> None:
    folder = opened.location.parent
    (tmp_path / "secret.ttl").write_text("<urn:a> <urn:p> 1 .")
    (folder / "link.ttl").symlink_to(tmp_path / "secret.ttl")
    up = f"{folder.as_uri()}/../{tmp_path.name}/secret.ttl"
    for iri in (up, up.replace("..", "%2e%2e"), f"{folder.as_uri()}/link.ttl"):
        with pytest.raises(LoadForbidden):
            _update(store, f"LOAD <{iri}>")


def test_geometries_of_an_update_are_parsed(store: Store) -> None:
    geo = "http://www.opengis.net/ont/geosparql#"
    report = store.update(
        f"PREFIX geo: <{geo}> INSERT DATA {{ <urn:a> geo:asWKT "
        f"'POINT(1 2)'^^geo:wktLiteral, 'POINT(1'^^geo:wktLiteral }}"
    )
    assert len(report.ill_formed_geometries) == 1
    assert store.statistics().geometries >= 1
    answer = store.query(
        f"PREFIX geo: <{geo}> "
        "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
        "ASK { ?s geo:asWKT ?w FILTER(geof:sfWithin(?w, "
        "'POLYGON((0 0, 3 0, 3 3, 0 3, 0 0))'^^geo:wktLiteral)) }"
    )
    assert answer is True


def test_a_reader_sees_the_store_as_it_was(many: Store) -> None:
    answer = many.query("SELECT * { ?s <urn:v> ?o }")
    assert isinstance(answer, Solutions)
    first = next(iter(answer))
    assert _update(many, "DELETE WHERE { ?s :v ?o }") == (MANY, 0)
    assert 1 + len(list(answer)) == MANY
    assert first
    assert _count(many, "?s :v ?o") == 0


def test_many_statements_change_without_a_loop_over_rows(many: Store) -> None:
    text = (
        "DELETE { ?s :v ?o } INSERT { ?s :w ?new ; :has [ :of ?o ] } "
        "WHERE { ?s :v ?o BIND(CONCAT(?o, 'x') AS ?new) }"
    )
    assert _update(many, text) == (MANY, 3 * MANY)
    assert _count(many, "?s :w ?o") == MANY
    assert many.verify().is_sound


def test_a_request_that_takes_too_long_is_undone(many: Store) -> None:
    text = (
        "INSERT DATA { :new :p 1 } ; INSERT { ?a :x ?f } WHERE "
        "{ ?a :v ?b . ?c :v ?d . ?e :v ?f FILTER(CONCAT(?b, ?d) < ?f) }"
    )
    started = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"0\.2 s"):
        many.update(PROLOGUE + text, timeout_s=0.2)
    assert time.monotonic() - started < 60
    assert _count(many, "?s ?p ?o") == MANY
    assert _update(many, "INSERT DATA { :new :p 1 }") == (0, 1)


def test_an_update_can_be_cancelled_and_is_undone(many: Store) -> None:
    text = (
        "INSERT DATA { :new :p 1 } ; INSERT { ?a :x ?f } WHERE "
        "{ ?a :v ?b . ?c :v ?d . ?e :v ?f FILTER(CONCAT(?b, ?d) < ?f) }"
    )

    def cancel() -> None:
        while not many.cancel("mine"):
            time.sleep(0.01)

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(QueryCancelled, match="mine"):
        many.update(PROLOGUE + text, query_id="mine")
    thread.join()
    assert _count(many, "?s ?p ?o") == MANY
    assert many.queries() == ()


def test_a_writer_waits_no_longer_than_it_may(store: Store) -> None:
    with store._database.write_lock, pytest.raises(StoreBusy):
        store.update("CLEAR ALL", timeout_s=0.01)


def test_updates_from_many_threads_follow_each_other(store: Store) -> None:
    def insert(number: int) -> None:
        for each in range(5):
            store.update(f"INSERT DATA {{ <urn:t{number}> <urn:p> {each}, [] }}")

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _count(store, "?s :p ?o") == 4 * 5 * 2
    assert store.verify().is_sound


def test_a_store_open_for_reading_is_not_changed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        store.update("INSERT DATA { <urn:a> <urn:p> 1 }")
    with Store.open(tmp_path / "store", read_only=True) as store:
        with pytest.raises(StoreUnavailable, match="reading only"):
            store.update("DROP ALL")
        assert _count(store, "?s ?p ?o") == 1
