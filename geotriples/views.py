"""Logical views: the names of fields, over the rows of the source below (RML-LV).

A view is no table that is built, but what its names stand for: a reference of the
source, an element of a list that is unnested, a column of rows that join.  Only what
the terms of a partition refer to is read, unnested and joined; inner joins always, as
they say which rows there are.
"""

from dataclasses import dataclass, field, replace

from sqlglot import exp

from geotriples.functions.base import is_null
from geotriples.mapping.model import (
    INDEX,
    ITERATION,
    Constant,
    Field,
    LogicalView,
    ViewJoin,
)
from geotriples.rows import PARAMETER_PREFIX, JoinStep, SourceColumns, Unnest
from geotriples.sources.base import Kind
from geotriples.terms import evaluate, evaluate_all, term_column
from geotriples.values import Scope, Value, concatenation, lexical_form, text_literal


@dataclass(frozen=True, slots=True)
class _Record:
    """A record within the row, in words of its formulation; a `values.Scope`."""

    view: "ViewColumns"
    formulation: str
    text: exp.Expr

    @property
    def base(self) -> str:
        return self.view.base

    def resolve(self, reference: str) -> Value:
        value = self.resolve_all(reference)
        return replace(value, sql=self.each(value.sql), is_list=False)

    def resolve_all(self, reference: str) -> Value:
        parts = (text_literal(self.formulation), self.text, text_literal(reference))
        sql = self.compute(exp.func("RDF_VALUES", *parts))
        return Value(sql, Kind.TYPED, is_list=True)

    def each(self, sql: exp.Expr) -> exp.Expr:
        return self.view.each(sql)

    def compute(self, sql: exp.Expr) -> exp.Expr:
        return self.view.compute(sql)

    def row_label(self) -> exp.Expr:
        return self.view.row_label()


@dataclass(frozen=True, slots=True)
class _Cell:
    """A field in each row.

    Attributes:
        value: Its value; of an iterable field, the text of the record.
        position: Its position, from 0.
    """

    value: Value
    position: exp.Expr


@dataclass(slots=True)
class ViewColumns(SourceColumns):
    """The columns of a view, as term maps ask for them; a `values.Scope`.

    What is read and done with the rows is shared with the columns below.
    """

    view: LogicalView = field(kw_only=True)
    below: SourceColumns = field(kw_only=True)
    formulation: str = field(kw_only=True)
    parents: tuple["tuple[ViewJoin, SourceColumns]", ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        self.references, self.steps = self.below.references, self.below.steps
        for one, parent in self.parents:
            conditions = tuple(
                (
                    term_column(condition.child, self).lexical,
                    term_column(condition.parent, parent).lexical,
                )
                for condition in one.conditions
            )
            name = f"{parent.prefix}join"
            self.steps[name] = JoinStep(name, parent, conditions, one.is_inner)

    def resolve_all(self, reference: str) -> Value:
        """The value of a field, or the position of a record."""
        if reference.startswith(PARAMETER_PREFIX):
            return self.below.resolve_all(reference)
        if reference == INDEX:
            return Value(self.number(), Kind.INTEGER)
        is_index = reference.endswith(f".{INDEX}")
        names = reference.removesuffix(f".{INDEX}").split(".")
        cell = self._cell(names)
        return Value(cell.position, Kind.INTEGER) if is_index else cell.value

    def number(self) -> exp.Expr:
        """The position of an iteration of what is below, from 0."""
        if isinstance(self.below, ViewColumns):
            order = [exp.column(self.row_column), *self.below.all_positions()]
            rows = exp.Window(this=exp.RowNumber(), order=_order(order))
            return self.compute(_less_one(rows))
        return _less_one(exp.column(self.row_column))

    def all_positions(self) -> tuple[exp.Expr, ...]:
        """The positions of all fields, which tell iterations apart."""
        keys = [key for key in self.view.keys if key.endswith(f".{INDEX}")]
        found = dict.fromkeys(self.resolve_all(key).sql for key in keys)
        if isinstance(self.below, ViewColumns):
            found |= dict.fromkeys(self.below.all_positions())
        return tuple(found)

    def row_label(self) -> exp.Expr:
        """A string that no other iteration has."""
        label = SourceColumns.row_label(self)
        parts = [label]
        for one in self.all_positions():
            number = exp.func("COALESCE", exp.cast(one, "VARCHAR"), text_literal(""))
            parts += [text_literal("_"), number]
        return concatenation(*parts)

    # -- fields ------------------------------------------------------------------

    def _cell(self, names: list[str]) -> _Cell:
        own = {one.name: one for one in self.view.fields}
        if names[0] not in own:
            return self._joined(names[0])
        scope: Scope = self.below
        fields, formulation = own, self.formulation
        for name in names:
            one = fields[name]
            formulation = one.formulation or formulation
            cell = self._of(one, scope, formulation)
            text = lexical_form(cell.value, self)
            scope = _Record(self, formulation, text)
            fields = {each.name: each for each in one.fields}
        return cell

    def _of(self, one: Field, scope: Scope, formulation: str) -> _Cell:
        if one.expression is not None:
            return self._placed(evaluate_all(one.expression, scope))
        if isinstance(scope, _Record):
            text = scope.text
        else:
            text = lexical_form(scope.resolve_all(ITERATION), self)
        iterator = text_literal(one.iterator or "")
        parts = (text_literal(formulation), text, iterator)
        sql = self.compute(exp.func("RDF_RECORDS", *parts))
        return self._placed(Value(sql, Kind.STRING, is_list=True))

    def _placed(self, value: Value) -> _Cell:
        """A value alone, with its position; 0 where it is the only one."""
        if not value.is_list:
            first = exp.case().when(exp.not_(is_null(value.sql)), _zero())
            return _Cell(value, first)
        element = self.each(value.sql)
        step = self.steps[element.name]
        assert isinstance(step, Unnest)  # noqa: S101 - `each` makes no other
        position = _less_one(exp.column(step.position))
        return _Cell(replace(value, sql=element, is_list=False), position)

    # -- joins -------------------------------------------------------------------

    def _joined(self, name: str) -> _Cell:
        for one, parent in self.parents:
            for each in one.fields:
                if each.name == name and each.expression is not None:
                    value = evaluate(each.expression, parent)
                    if isinstance(each.expression, Constant):
                        value = replace(value, sql=_where_joined(parent, value.sql))
                    return _Cell(value, self._place_in_join(parent))
        raise KeyError(name)

    def _place_in_join(self, parent: SourceColumns) -> exp.Expr:
        """Which of the parent's iterations that join it is, from 0."""
        own = {one.name for one in self.view.fields}
        keys = [
            key
            for key in self.view.keys
            if key.endswith(f".{INDEX}") and key.split(".")[0] in own
        ]
        partition: list[exp.Expr] = [exp.column(self.row_column)]
        partition += [self.resolve_all(key).sql for key in keys]
        order: list[exp.Expr] = [exp.column(parent.row_column)]
        if isinstance(parent, ViewColumns):
            order += parent.all_positions()
        rows = exp.Window(
            this=exp.RowNumber(), partition_by=partition, order=_order(order)
        )
        return self.compute(_where_joined(parent, _less_one(rows)))


def _where_joined(parent: SourceColumns, sql: exp.Expr) -> exp.Expr:
    joined = exp.not_(is_null(exp.column(parent.row_column)))
    return exp.case().when(joined, sql)


def _order(columns: list[exp.Expr]) -> exp.Order:
    return exp.Order(expressions=[exp.Ordered(this=one) for one in columns])


def _less_one(sql: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Sub(this=sql, expression=exp.Literal.number(1)), "BIGINT")


def _zero() -> exp.Expr:
    return exp.cast(exp.Literal.number(0), "BIGINT")
