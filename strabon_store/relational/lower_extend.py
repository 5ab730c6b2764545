"""BIND (Extend of SPARQL 1.1 section 18.5): a column more."""

from strabon_store.algebra.nodes import Extend
from strabon_store.algebra.terms import Var
from strabon_store.relational.context import Context
from strabon_store.relational.functions.terms import NEW_SOLUTION, SOLUTION
from strabon_store.relational.lookups import scope_of, with_lookups
from strabon_store.relational.lower_exists import with_marks, without_marks
from strabon_store.relational.lower_expressions import (
    lower_expression,
    tells_solutions_apart,
)
from strabon_store.relational.nodes import Plan, Projection
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Constant, Scalar
from strabon_store.relational.sideways import Lower
from strabon_store.relational.values import string


def extended(plan: Plan, pattern: Extend, lower: Lower, context: Context) -> Plan:
    """The solutions of the pattern's source with what BIND adds to them."""
    name = pattern.variable.name
    plan, (expression,) = with_marks(plan, [pattern.expression], lower, context)
    present = {column.name: column for column in plan.columns}
    if isinstance(expression, Var) and expression.name in present:
        old = present[expression.name]
        column = PlanColumn(name, old.encoding, old.is_nullable)
        scalar: Scalar = Column(old.name)
    else:
        scope = scope_of(plan)
        if tells_solutions_apart(expression):
            plan = _with_solution(plan)
            scope[SOLUTION] = string(Column(SOLUTION))
        value = lower_expression(expression, scope)
        stored = None if value.term is None else context.catalog.term_id(value.term)
        encoding = value.encoding if stored is None else context.any_term
        scalar = value.native if stored is None else Constant(stored)
        column = PlanColumn(name, encoding, is_nullable=value.term is None)
    plan = with_lookups(plan, [scalar])
    old_scalars = tuple(Column(each.name) for each in plan.columns)
    extended = Projection(plan, (*plan.columns, column), (*old_scalars, scalar))
    return without_marks(extended)


def _with_solution(plan: Plan) -> Plan:
    """The plan with a column that tells its solutions apart."""
    if any(column.name == SOLUTION for column in plan.columns):
        return plan
    column = PlanColumn(SOLUTION, None, is_nullable=False)
    same = tuple(Column(each.name) for each in plan.columns)
    return Projection(plan, (*plan.columns, column), (*same, NEW_SOLUTION))
