"""SERVICE (SPARQL 1.1 Federated Query): parts of a query that other endpoints answer.

The store itself speaks to nobody: who opens it may give it a client. Before a query
runs, each remote part is asked, with the values that its variables can have here when
they are few, and its solutions become a table that the query reads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import duckdb
import pyarrow as pa

from ontologies.errors import PytheasError
from strabon_store.algebra.nodes import Values
from strabon_store.algebra.sparql import to_sparql
from strabon_store.algebra.terms import IRI, BlankNode, Term, Var
from strabon_store.backends.duckdb import generate
from strabon_store.errors import ServiceFailed
from strabon_store.relational.nodes import Limit, Plan, Remote
from strabon_store.relational.plain import render_plain
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.solutions import Row, Solutions
from strabon_store.running import Run
from strabon_store.waiting import wait_for

_MOST_VALUES: Final = 200
"""Values of a variable that are sent along; with more the endpoint gives all it has."""


class ServiceClient(Protocol):
    """Who asks other endpoints."""

    def select(self, endpoint: str, text: str) -> Solutions:
        """The answer of an endpoint to a SELECT query.

        Raises:
            PytheasError: There is no complete answer, or the endpoint may not be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a store knows of other endpoints: a client, or that it may ask none."""

    client: ServiceClient | None = None

    def provide(
        self, remotes: Iterable[Remote], run: Run, cursor: duckdb.DuckDBPyConnection
    ) -> None:
        """Ask for the solutions of remote parts, and put them where the query reads.

        Args:
            remotes: The parts.
            run: The query.
            cursor: Its cursor, and nobody else's.

        Raises:
            ServiceFailed: An endpoint gave no answer, and the query is not silent.
        """
        for remote in remotes:
            run.check()
            rows = list(_Part(remote, self.client, run).rows())
            cursor.register(remote.table, table_of(remote, rows))


def table_of(remote: Remote, rows: Sequence[Row]) -> pa.Table:
    """Solutions of a remote part as the table that its plan reads."""
    names = [column.name for column in remote.columns]
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    arrays = [_texts(column, remote.number) for column in columns]
    return pa.table(arrays or [pa.nulls(len(rows))], names=names or ["."])


def _texts(terms: Iterable[Term | None], number: int) -> pa.Array:
    """Terms in N-Triples; blank nodes of elsewhere get labels that nothing here has."""
    texts = (None if term is None else _text(term, number) for term in terms)
    return pa.array(texts, pa.string())


def _text(term: Term, number: int) -> str:
    if isinstance(term, BlankNode):
        return render_plain(BlankNode(f"s{number}n{term.label.encode().hex()}"))
    return render_plain(term)


@dataclass(slots=True)
class _Part:
    """One remote part of a query."""

    remote: Remote
    client: ServiceClient | None
    run: Run
    known: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """The solutions, with the name of the endpoint where it is a variable."""
        self.known = dict(self._values())
        name = self.remote.service.name
        if isinstance(name, IRI):
            yield from self._asked(name)
            return
        if name.name not in self.known:
            self._fail(
                f"?{name.name}", "nothing else in the query tells which endpoints it is"
            )
            yield (None,) * len(self.remote.columns)
        for endpoint in self.known.get(name.name, ()):
            if isinstance(endpoint, IRI):
                yield from self._asked(endpoint)

    def _values(self) -> Iterator[tuple[str, tuple[Term, ...]]]:
        """Variables that have few values here."""
        for name, plan in self.remote.known:
            terms = self._terms(plan)
            if len(terms) <= _MOST_VALUES:
                yield name, terms

    def _terms(self, plan: Plan) -> tuple[Term, ...]:
        generated = generate(Limit(plan, 0, _MOST_VALUES + 1))
        cursor = self.run.cursor
        found = self.run.guarded(lambda: cursor.execute(generated.sql).to_arrow_table())
        columns = [
            DecodedColumn(column.name, column.encoding)
            for column in generated.columns
            if column.encoding is not None
        ]
        batches = decode_batches(found.to_batches(), columns)
        return tuple(row[0] for batch in batches for row in batch.rows() if row[0])

    def _asked(self, endpoint: IRI) -> Iterator[Row]:
        name = self.remote.service.name
        own = {name.name: endpoint} if isinstance(name, Var) else {}
        for row in self._answers(endpoint):
            merged = {**row, **own}
            yield tuple(merged.get(column.name) for column in self.remote.columns)

    def _answers(self, endpoint: IRI) -> Sequence[Mapping[str, Term | None]]:
        """What an endpoint says; where it fails, one empty solution or an error."""
        if self.client is None:
            self._fail(
                f"<{endpoint.value}>", "this store was opened without a client for it"
            )
            return ({},)
        text = to_sparql(self.remote.service.source, self._bindings())
        try:
            ask = partial(_select, self.client, endpoint.value, text)
            return wait_for(ask, self.run.check)
        except PytheasError as error:
            # Where the query itself was stopped, no endpoint failed.
            self.run.check()
            self._fail(f"<{endpoint.value}>", str(error), error)
            return ({},)

    def _bindings(self) -> Iterator[Values]:
        name = self.remote.service.name
        for variable, terms in self.known.items():
            # A blank node of ours is nobody's elsewhere.
            is_sent = not any(isinstance(term, BlankNode) for term in terms)
            if is_sent and Var(variable) != name:
                yield Values((Var(variable),), tuple((term,) for term in terms))

    def _fail(self, endpoint: str, why: str, error: Exception | None = None) -> None:
        """Nothing, where the query is silent about failures (4)."""
        if not self.remote.service.silent:
            raise ServiceFailed(endpoint, why) from error


def _select(
    client: ServiceClient, endpoint: str, text: str
) -> list[Mapping[str, Term | None]]:
    with client.select(endpoint, text) as solutions:
        names = solutions.variables
        return [dict(zip(names, row, strict=True)) for row in solutions]
