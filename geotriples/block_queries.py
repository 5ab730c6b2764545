"""Partitions -> SQL: their lines, those of a row's subject in one block.

There are far fewer blocks to sort than lines, and what is sorted is the key of each,
with the values that its lines are put together from afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlglot import exp

from geotriples.plan import Partition, QuadColumns
from geotriples.sinks import key_parts, line_parts
from geotriples.statements import RelationOf, joined, subquery, union_all
from geotriples.values import concatenation, text_literal

KEY: Final = "key"
LINES: Final = "lines"
_BLOCK: Final = "block"


def blocks_query(
    partitions: Sequence[Partition],
    relation: RelationOf,
    others: Sequence[str] = (),
    *,
    marked: bool = False,
) -> exp.Expr:
    """Every line of every partition, in blocks.

    A row of the result is a block: its `lines`, one after the other, in their order,
    none twice; and the `key` with which they begin, by which the blocks are sorted. A
    key may come several times. Where none of a row's lines has all its terms, `lines`
    is empty.

    Args:
        partitions: At least one.
        relation: Where their rows are.
        others: Lines that depend on no row, of subjects that are IRIs.
        marked: Whether the graph and a tab stand before each key, for those who sort by
            graph first.
    """
    rows = [one for one in partitions if one.quads]
    by_partition = [_blocks(one.quads, marked=marked) for one in rows]
    blocks = [block for of_one in by_partition for block in of_one]
    width = max(len(block.slots) for block in blocks)
    numbers = iter(range(len(blocks)))
    selects = [
        _slots(partition, of_one, numbers, width, relation)
        for partition, of_one in zip(rows, by_partition, strict=True)
    ]
    texts = [block.lines for block in blocks]
    for line in others:
        key = f"{TAB if marked else ''}{line[: line.index(' ') + 1]}"
        cells = [text_literal(key), _number(len(texts)), *[exp.null()] * width]
        selects.append(exp.select(*_named(cells)))
        texts.append(text_literal(line))
    ordered = (
        exp.select("*")
        .from_(subquery(union_all(selects), "blocks"))
        .where(exp.not_(exp.Is(this=exp.column(KEY), expression=exp.null())))
        .order_by(exp.column(KEY))
    )
    lines = exp.alias_(_chosen(texts), LINES)
    return exp.select(exp.column(KEY), lines).from_(subquery(ordered, "ordered"))


TAB: Final = "\t"


@dataclass(slots=True)
class _Block:
    """Lines that stand together.

    Attributes:
        key: What they begin with, as parts.
        slots: What else of a row they need, with the number of its column.
        lines: Their text, from the columns `key` and those of slots.
    """

    key: tuple[exp.Expr, ...]
    slots: dict[exp.Expr, int] = field(default_factory=dict)
    lines: exp.Expr = field(default_factory=exp.null)

    def write(self, quads: Iterable[QuadColumns], *, marked: bool) -> None:
        """Make the text of some quads, in the order of their lines."""
        # NULLs are passed over: a line that lacks a term.
        self.lines = _concat([self._line(quad, marked=marked) for quad in quads])

    def _line(self, quad: QuadColumns, *, marked: bool) -> exp.Expr:
        parts = line_parts(quad)
        begin: list[exp.Expr] = []
        if not marked:
            begin, parts = [exp.column(KEY)], parts[len(self.key) :]
        pieces = [self._piece(one) for part in parts for one in _flat(part)]
        columns = [one for one in dict.fromkeys(pieces) if isinstance(one, exp.Column)]
        line = _concat([*begin, *_merged(pieces)])
        if not columns:
            return line
        present = (exp.not_(exp.Is(this=one, expression=exp.null())) for one in columns)
        return exp.case().when(exp.and_(*present), line)

    def _piece(self, part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Literal):
            return part
        return exp.column(_slot(self.slots.setdefault(part, len(self.slots))))


def _blocks(quads: Sequence[QuadColumns], *, marked: bool) -> list[_Block]:
    """Quads whose lines can be one block.

    Lines must have the same order in every row: predicates are constant and differ.
    """
    together: dict[tuple[exp.Expr, ...], dict[str, QuadColumns]] = {}
    groups: list[tuple[tuple[exp.Expr, ...], list[QuadColumns]]] = []
    for quad in quads:
        key, predicate = key_parts(quad, marked=marked), quad.predicate.lexical
        group = together.setdefault(key, {})
        is_constant = isinstance(predicate, exp.Literal) and not quad.predicate.checks
        if is_constant and predicate.name not in group:
            group[predicate.name] = quad
        else:
            groups.append((key, [quad]))
    for key, group in together.items():
        # As lines are sorted: by UTF-8, and with what ends the IRI.
        order = sorted(group, key=lambda iri: f"{iri}>".encode())
        groups.append((key, [group[iri] for iri in order]))
    blocks = []
    for key, of_block in groups:
        if of_block:
            block = _Block(key)
            block.write(of_block, marked=marked)
            blocks.append(block)
    return blocks


_Cells: TypeAlias = list[exp.Expr]


def _slots(
    partition: Partition,
    blocks: Sequence[_Block],
    numbers: Iterator[int],
    width: int,
    relation: RelationOf,
) -> exp.Select:
    """For each block of each row: its key, its number, and what is in its slots."""
    # What several blocks need is computed once, in a layer of its own.
    names: dict[exp.Expr, str] = {}
    rows = [_cells(block, names, next(numbers), width) for block in blocks]
    columns = [exp.alias_(part, name) for part, name in names.items()] or [exp.null()]
    source = exp.select(*columns).from_(subquery(joined(partition, relation), "source"))
    cells = rows[0]
    if len(rows) > 1:
        # All in one SELECT go through the lists side by side.
        cells = [
            exp.func("UNNEST", exp.Array(expressions=list(column)))
            for column in zip(*rows, strict=True)
        ]
    return exp.select(*_named(cells)).from_(subquery(source, "terms"))


def _cells(
    block: _Block, names: dict[exp.Expr, str], number: int, width: int
) -> _Cells:
    def column(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Literal):
            return part
        return exp.column(names.setdefault(part, f"t{len(names)}"))

    key = [column(one) for part in block.key for one in _flat(part)]
    missing = [exp.cast(exp.null(), "VARCHAR")] * (width - len(block.slots))
    return [
        concatenation(*key),
        _number(number),
        *(column(part) for part in block.slots),
        *missing,
    ]


def _named(cells: _Cells) -> _Cells:
    names = [KEY, _BLOCK, *(_slot(number) for number in range(len(cells) - 2))]
    return [exp.alias_(one, name) for one, name in zip(cells, names, strict=True)]


def _slot(number: int) -> str:
    return f"s{number}"


def _number(number: int) -> exp.Expr:
    return exp.Literal.number(number)


def _chosen(texts: Sequence[exp.Expr]) -> exp.Expr:
    if len(texts) == 1:
        return texts[0]
    chosen = exp.Case(this=exp.column(_BLOCK))
    for number, text in enumerate(texts):
        chosen = chosen.when(_number(number), text)
    return chosen


def _flat(part: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a chain of `||`."""
    if isinstance(part, exp.DPipe):
        yield from _flat(part.this)
        yield from _flat(part.expression)
    else:
        yield part


def _merged(pieces: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Pieces, of which neighboring constants are one."""
    return list(_flat(concatenation(*pieces)))


def _concat(parts: Sequence[exp.Expr]) -> exp.Expr:
    """CONCAT copies once, where a chain of `||` copies each part again."""
    return exp.Anonymous(this="CONCAT", expressions=list(parts))
