"""How a query is asked, beside its text: the same of every source of answers."""

from typing import TypedDict

from strabon_store.algebra.queries import Dataset


class QueryOptions(TypedDict, total=False):
    """Options of a query; one that is absent or None leaves it to the source.

    Attributes:
        base: What relative IRIs are resolved against where the text has no BASE.
        dataset: What to ask instead of the query's own FROM and FROM NAMED (SPARQL 1.1
            Protocol section 2.1.4); without it those hold.
        query_id: What `queries` and `cancel` call it; else it is made up.
        max_rows: How many rows the answer may have.
    """

    base: str | None
    dataset: Dataset | None
    query_id: str | None
    max_rows: int | None
