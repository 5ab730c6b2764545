"""What DuckDB says of a statement: its operators, their estimates and what they took.

`EXPLAIN (FORMAT json)` tells what is planned, the profile of a statement that ran what
it did. DuckDB forgets which relation of the text an operator comes from; tables and
conditions are what tells them apart.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from strabon_store.backends.sql import Sql, Template

PROFILE: Final = "SET enable_profiling = 'no_output'"
"""Makes a cursor keep the profile of what it executes."""

_EXPLAIN: Final = Template("EXPLAIN (FORMAT json) :a")
_COUNT: Final = Template("SELECT count(*) FROM (:a) AS counted")
_ESTIMATE: Final = "Estimated Cardinality"
_TABLE: Final = "Table"
_HIDDEN: Final = frozenset({_ESTIMATE, "Projections", "Text"})
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of DuckDB's plan.

    Attributes:
        name: Its kind, in DuckDB's words.
        details: What it is told: table, filters, conditions.
        estimated_rows: How many rows DuckDB expects.
        rows: How many there were; None when nothing ran.
        seconds: How long it worked, on all threads together, without its sources.
        sources: The operators that it reads.
    """

    name: str
    details: Mapping[str, str]
    estimated_rows: int | None
    rows: int | None
    seconds: float | None
    sources: tuple["Operator", ...]

    @property
    def label(self) -> str:
        """The operator in a line."""
        said = (
            value if key == _TABLE else f"{key.lower()}: {value}"
            for key, value in self.details.items()
        )
        return " ".join([self.name, ", ".join(map(_shortened, said))]).rstrip()

    def walk(self) -> Iterator["Operator"]:
        """The operator and all below it, sources after what reads them."""
        yield self
        for source in self.sources:
            yield from source.walk()

    def tables(self) -> tuple[str, ...]:
        """What is read, and how: a table after each kind of scan, each once."""
        found = (
            f"{each.details[_TABLE]} ({each.details.get('Type', each.name).lower()})"
            for each in self.walk()
            if _TABLE in each.details
        )
        return tuple(dict.fromkeys(found))


def explain_statement(sql: str) -> str:
    """The statement that tells how another would be executed."""
    return _EXPLAIN.filled([Sql(sql)])


def count_statement(sql: str) -> str:
    """The statement that tells how many rows another has."""
    return _COUNT.filled([Sql(sql)])


def read_plan(document: str) -> Operator:
    """The plan that `EXPLAIN (FORMAT json)` tells."""
    (root,) = json.loads(document)
    return _operator(root, root["name"])


def read_profile(document: str) -> Operator:
    """The plan that ran, from the profile of a statement."""
    roots = json.loads(document)["children"]
    return _profiled(roots[0])


def _profiled(node: Mapping[str, Any]) -> Operator:
    found = _operator(node, node["operator_name"])
    return Operator(
        found.name,
        found.details,
        found.estimated_rows,
        rows=int(node["operator_cardinality"]),
        seconds=float(node["operator_timing"]),
        sources=tuple(_profiled(each) for each in node["children"]),
    )


def _operator(node: Mapping[str, Any], name: str) -> Operator:
    said = node.get("extra_info", {})
    estimate = said.get(_ESTIMATE)
    details = {
        key: _text(value) for key, value in said.items() if key not in _HIDDEN and value
    }
    if _TABLE in details:
        details[_TABLE] = details[_TABLE].rpartition(".")[2]
    sources = node["children"] if "name" in node else ()
    return Operator(
        name.strip(),
        details,
        None if estimate is None else int(estimate),
        rows=None,
        seconds=None,
        sources=tuple(_operator(each, each["name"]) for each in sources),
    )


def _text(value: Any) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."
