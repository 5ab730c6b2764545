"""What of SPARQL 1.2 is answered over RDF 1.1."""

from collections.abc import Iterator

import pytest

from strabon_store.errors import QuerySyntaxError
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.solutions import read_all

TERMS = 'VALUES ?t { "a"@en "a" 1 <urn:a> UNDEF }'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("later") / "store") as opened:
        opened.update('INSERT DATA { <urn:s> <urn:p> "a"@en, "a", 1, <urn:a> }')
        yield opened


def _column(store: Store, text: str) -> list[str | None]:
    result = store.query(text)
    assert isinstance(result, Solutions)
    column = (row[0] for row in read_all(result).rows)
    return [None if term is None else getattr(term, "lexical", "") for term in column]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("hasLANG", ["true", "false", "false", "false", None]),
        ("HASLANGDIR", ["false", "false", "false", "false", None]),
        ("LangDir", ["", "", "", None, None]),
    ],
)
def test_functions_of_languages_and_directions(
    store: Store, function: str, expected: list[str | None]
) -> None:
    computed = _column(store, f"SELECT ?v {{ {TERMS} BIND({function}(?t) AS ?v) }}")
    assert computed == expected
    stored = f"SELECT ?v {{ ?s ?p ?t BIND({function}(?t) AS ?v) }}"
    assert sorted(map(str, _column(store, stored))) == sorted(map(str, expected[:4]))


def test_as_may_name_what_groups_hide(store: Store) -> None:
    hidden = "(COUNT(*) AS ?t) { ?s ?p ?t }"
    assert _column(store, f"SELECT {hidden} GROUP BY ?s") == ["4"]
    with pytest.raises(QuerySyntaxError, match="already has a meaning"):
        store.query(f"SELECT {hidden} GROUP BY ?t")
    with pytest.raises(QuerySyntaxError, match="already has a meaning"):
        store.query("SELECT (1 AS ?t) { ?s ?p ?t }")
    with pytest.raises(QuerySyntaxError, match="already has a meaning"):
        store.query(f"SELECT {hidden}")
