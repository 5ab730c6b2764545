"""Ask ours and its peers, one after another, each alone on the machine."""

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Final

from peers.comparison import Missing, Question, Timings, ask_all
from peers.postgis import Table, postgis
from peers.servers import jena, oxigraph, pytheas

PEERS: Final = ("jena", "oxigraph", "postgis")


def run_all(
    questions: Sequence[Question],
    data: Path,
    folder: Path,
    tables: Iterable[Table],
    peers: Sequence[str],
) -> dict[str, Timings]:
    """The timings of ours and of each peer that can be had.

    Args:
        questions: What is asked.
        data: N-Triples or N-Quads.
        folder: For the stores, each of which is removed after its turn.
        tables: The same for PostGIS.
        peers: Who is asked beside us; of `PEERS`.
    """
    opened: dict[str, Callable[[], AbstractContextManager[Any]]] = {
        "jena": partial(jena, data, folder),
        "oxigraph": partial(oxigraph, data, folder),
        "postgis": partial(postgis, tables),
    }
    results = {"pytheas": _timings(partial(pytheas, data, folder), questions)}
    for peer in peers:
        try:
            results[peer] = _timings(opened[peer], questions)
        except Missing as why:
            print(f"no {peer}: {why}", file=sys.stderr)
        for name in ("pytheas", "jena", "oxigraph"):
            shutil.rmtree(folder / name, ignore_errors=True)
    return results


def _timings(
    opened: Callable[[], AbstractContextManager[Any]], questions: Sequence[Question]
) -> Timings:
    with opened() as peer:
        print(f"{peer.name}: loaded in {peer.load_s:.1f} s", file=sys.stderr)
        return ask_all(peer, questions)
