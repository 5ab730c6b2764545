"""The schema of a database: its tables with their keys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values are those of columns of another row.

    Attributes:
        columns: The columns, in the order of the constraint.
        table: The name of the table that they refer to.
        parents: Its columns, in the same order.
    """

    columns: tuple[str, ...]
    table: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A base table.

    Attributes:
        name: Its name, without a schema.
        primary_key: The columns of its primary key; none where it has no such key.
        foreign_keys: What it refers to.
    """

    name: str
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()


def keys_to_tables(
    names: list[str], keys: list[tuple[str, bool, ForeignKey]]
) -> list[Table]:
    """Tables from a list of constraints.

    Args:
        names: The tables.
        keys: The table of a constraint, whether it is a primary key, and its columns.
    """
    return [
        Table(
            name,
            next(
                (key.columns for of, primary, key in keys if primary and of == name), ()
            ),
            tuple(key for of, primary, key in keys if not primary and of == name),
        )
        for name in names
    ]
