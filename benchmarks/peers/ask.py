"""Load a file into another engine and ask it; runs in an environment of the engine's.

    python ask.py ENGINE DATA RUNS < {title: query}

Prints JSON: the engine's version, the seconds of the load, and for each title the best
milliseconds and the rows, or the error. Standard library and the engine alone.
"""

# ruff: noqa: PLC0415 - an environment has one of the engines

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, TypeAlias

Rows: TypeAlias = list[list[str | float | None]]
Ask: TypeAlias = Callable[[str], Rows]

_PATIENCE_S: Final = 15
"""No further run of a query that took as long in all."""


def open_oxigraph(path: str) -> Ask:
    """Pyoxigraph, in memory, which is its fastest."""
    import pyoxigraph as ox

    store = ox.Store()
    store.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)

    def ask(text: str) -> Rows:
        return [[_value(term) for term in row] for row in store.query(text)]

    def _value(term: Any) -> str | float | None:
        return None if term is None else _number(term.value)

    return ask


def open_maplib(path: str) -> Ask:
    """Maplib, whose answers are data frames."""
    from maplib import Model

    model = Model()
    model.read(path, format="ntriples")
    return lambda text: [
        [_written(cell) for cell in row] for row in model.query(text).rows()
    ]


def _written(cell: Any) -> str | float | None:
    """A cell as maplib writes it: `<iri>`, `"text"@en`, `"text"^^<iri>` or a value."""
    if not isinstance(cell, str):
        return cell if cell is None else float(cell)
    if cell.startswith("<"):
        return cell[1:-1]
    if cell.startswith('"'):
        cell = cell[1 : cell.rindex('"')]
    return _number(cell)


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


ENGINES: Final[Mapping[str, Callable[[str], Ask]]] = {
    "pyoxigraph": open_oxigraph,
    "maplib": open_maplib,
}


def measure(ask: Ask, text: str, runs: int) -> dict[str, Any]:
    """The best time of some runs, and the rows."""
    best, spent, rows = float("inf"), 0.0, []
    for _ in range(runs):
        started = time.perf_counter()
        rows = ask(text)
        took = time.perf_counter() - started
        best, spent = min(best, took), spent + took
        if spent > _PATIENCE_S:
            break
    return {"ms": best * 1000, "rows": rows}


def main(arguments: Sequence[str]) -> None:
    """Load, ask and print."""
    engine, path, runs = arguments
    started = time.perf_counter()
    ask = ENGINES[engine](path)
    loaded = time.perf_counter() - started
    answers: dict[str, Any] = {}
    for title, text in json.load(sys.stdin).items():
        try:
            answers[title] = measure(ask, text, int(runs))
        except Exception as error:  # noqa: BLE001 - a peer's own, whatever it is
            answers[title] = {"error": str(error).splitlines()[0][:80]}
    report = {"version": version(engine), "load_s": loaded, "answers": answers}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
