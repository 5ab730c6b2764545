"""YARRRML's pairs: a mapping and what yarrrml-parser makes of it in RML or R2RML.

Both are read into our model, where names and nodes are forgotten and what means the
same is written the same way: a template without references is a constant.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from geotriples.mapping import model as m
from geotriples.mapping.normalize import normalize
from geotriples.mapping.read import read_mapping
from tests.conformance.rml_suite import SUITES
from tests.expected_failures import assert_all_known, load, parametrize

FOLDER = SUITES / "yarrrml-parser-tests" / "test"
EXPECTED = load(Path(__file__).with_name("yarrrml_expected_failures.toml"))


def _pairs() -> Mapping[str, tuple[tuple[Path, ...], Path]]:
    found = {}
    for expected in sorted(FOLDER.rglob("*.ttl")):
        stem = expected.name.partition(".")[0]
        written = sorted(
            path
            for path in expected.parent.iterdir()
            if re.fullmatch(rf"{stem}\..*(ya?ml|yarrrml)", path.name)
        )
        if written:
            name = expected.relative_to(FOLDER).as_posix().removesuffix(".ttl")
            found[name] = (tuple(written), expected)
    return found


PAIRS = _pairs()


@pytest.mark.parametrize("case", parametrize(PAIRS or EXPECTED, EXPECTED))
def test_yarrrml(case: str, suites: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    (written, *_), expected = PAIRS[case]
    ours, theirs = _read(written), _read(expected)
    assert ours
    assert ours == theirs


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(PAIRS) == 146
    assert_all_known(EXPECTED, PAIRS)


def _read(path: Path) -> list[str]:
    text = path.read_bytes()
    parsed = read_mapping(text, "http://mapping.example.com/")
    assert not parsed.problems, [str(one) for one in parsed.problems]
    mapping = normalize(parsed.mapping)
    names = {one.name: one for one in mapping.triples_maps}
    return sorted(_text(_plain(one, names)) for one in mapping.triples_maps)


def _plain(part: Any, names: Mapping[str, m.TriplesMap]) -> Any:  # noqa: C901 - a case for each part
    """Without names and nodes, in one spelling, in an order of its own."""
    match part:
        case m.RefObjectMap(parent=parent):
            part = replace(part, parent=_text(_plain(names[parent].subject, names)))
        case m.TermMap(expression=m.Constant(m.Iri(text))):
            part = replace(part, expression=m.Constant(m.Literal(text, "")))
        case m.TermMap(expression=m.Constant(m.Literal(text))):
            part = replace(part, expression=m.Constant(m.Literal(text, "")))
        case m.TermMap(expression=m.Template() as template):
            if not template.references:
                text = "".join(map(str, template.parts))
                part = replace(part, expression=m.Constant(m.Literal(text, "")))
        case m.LogicalSource(iterator=str(iterator)):
            # The parser puts queries on one line.
            part = replace(part, iterator=" ".join(iterator.split()))
        case m.TriplesMap():
            part = replace(part, predicate_objects=tuple(_products(part)))
        case m.DatabaseAccess():
            return repr((part, part.password))
        case _:
            pass
    if isinstance(part, tuple):
        return tuple(sorted((_plain(one, names) for one in part), key=_text))
    if not is_dataclass(part) or isinstance(part, type):
        return part
    if isinstance(part, m.Template):
        return part.parts
    return {
        one.name: _plain(getattr(part, one.name), names)
        for one in fields(part)
        if one.name not in {"node", "name"}
    }


def _products(triples_map: m.TriplesMap) -> Iterator[m.PredicateObjectMap]:
    """Each predicate with each object: a class is one of them."""
    for one in triples_map.predicate_objects:
        for predicate in one.predicates:
            for term in one.objects:
                yield replace(one, predicates=(predicate,), objects=(term,))


def _text(value: Any) -> str:
    return repr(value)
