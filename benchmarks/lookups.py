"""Look-ups of single subjects and of one hop, and the front end, beside pyoxigraph.

    python benchmarks/lookups.py [features ...]

Each look-up is asked about many subjects, each of them before, so that its plan is in
the cache; its terms may be read again. `front end` takes a query of ten patterns whose
text nobody saw, from the text to the SQL. Medians in milliseconds, in one process, at
each size: look-ups are to stay flat.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from store_basics import PREFIXES, write_data

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

ASKED: Final = 60
SIZES: Final = (27_000, 270_000)
LOOK_UPS: Final = {
    "subject, all": "SELECT ?p ?o {{ :f{} ?p ?o }}",
    "subject, one": "SELECT ?o {{ :f{} rdfs:label ?o }}",
    "star of five": "SELECT * {{ :f{} :class ?c ; :area ?a ; :probability ?p ; "
    ":pixels ?n ; rdfs:label ?l }}",
    "one hop": "SELECT ?w {{ :f{} geo:hasDefaultGeometry ?g . ?g geo:asWKT ?w }}",
    "object": "SELECT ?f {{ ?f geo:hasDefaultGeometry :g{} }}",
}
TEN_PATTERNS: Final = """SELECT ?f ?l ?p ?w {{
  ?f a :Feature ; :class ?c ; :area ?a ; :probability ?p ; rdfs:label ?l ;
     geo:hasDefaultGeometry ?g . ?g geo:asWKT ?w .
  ?h :class ?c ; :pixels ?n ; rdfs:label ?m .
  FILTER (?p > 0.5 && ?n < {})
}}"""


def _median_ms(ask: Callable[[str], object], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        start = time.perf_counter()
        ask(text)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def _ask(store: Store, text: str) -> int:
    result = store.query(text)
    return len(list(result)) if isinstance(result, Solutions) else 1


def _ask_peer(store: ox.Store, text: str) -> int:
    result = store.query(text)
    return len(list(result)) if isinstance(result, ox.QuerySolutions) else 1


def _measure(features: int) -> None:
    chance = random.Random(features)  # noqa: S311 - no secret
    subjects = [chance.randrange(features) for _ in range(ASKED)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        triples = write_data(folder / "data.nt", features)
        store, peer = Store.open(folder / "store"), ox.Store(folder / "peer")
        store.load([folder / "data.nt"])
        peer.bulk_load(path=folder / "data.nt", format=ox.RdfFormat.N_TRIPLES)
        print(f"{triples:,} triples; medians in ms; pyoxigraph {ox.__version__}")
        print(f"{'':16}{'first':>10}{'again':>10}{'pyoxigraph':>12}")
        for title, pattern in LOOK_UPS.items():
            texts = [PREFIXES + pattern.format(each) for each in subjects]
            first = _median_ms(lambda text: _ask(store, text), texts)
            again = _median_ms(lambda text: _ask(store, text), texts)
            theirs = _median_ms(lambda text: _ask_peer(peer, text), texts)
            print(f"{title:16}{first:10.2f}{again:10.2f}{theirs:12.2f}")
        texts = [PREFIXES + TEN_PATTERNS.format(each) for each in range(ASKED)]
        compiled = _median_ms(store.compile, texts)
        print(f"{'front end':16}{compiled:10.2f}")
        store.close()


def main(sizes: Sequence[int]) -> None:
    """Print a table for each number of features."""
    for features in sizes:
        _measure(features)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or SIZES)
