import pytest

from api.errors import NotAcceptable
from api.negotiation import negotiate, parse_accept, quality_of
from strabon_store.results.media_types import RESULT_FORMATS

OFFERS = tuple(RESULT_FORMATS.values())


def chosen(accept: str | None, name: str | None = None) -> str:
    return negotiate(OFFERS, accept=accept, name=name).name


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("application/json", "json"),
        ("application/xml", "xml"),
        ("text/*", "xml"),
        ("text/*;q=0.5, text/csv;q=0.9", "csv"),
        ("application/sparql-results+xml;q=0.4, text/csv;q=0.3", "xml"),
        ("text/csv;q=0, */*;q=0.1", "json"),
        ("application/sparql-results+json;charset=utf-8", "json"),
        ("TEXT/CSV", "csv"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "xml"),
    ],
)
def test_the_client_gets_what_it_wants_most(accept: str | None, expected: str) -> None:
    assert chosen(accept) == expected


@pytest.mark.parametrize("name", ["csv", "CSV", "text/csv"])
def test_a_named_format_beats_the_header(name: str) -> None:
    assert chosen("application/json", name) == "csv"


@pytest.mark.parametrize(
    ("accept", "name"), [("image/png", None), ("*/*;q=0", None), ("*/*", "pdf")]
)
def test_what_is_not_on_offer_is_refused_with_the_offer(
    accept: str, name: str | None
) -> None:
    with pytest.raises(NotAcceptable, match="text/csv") as raised:
        chosen(accept, name)
    assert len(raised.value.offered) == len(OFFERS)


def test_an_unreadable_quality_means_not_wanted() -> None:
    assert quality_of("text/csv", parse_accept("text/csv;q=much")) == 0
