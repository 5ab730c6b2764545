"""The relational plan as people read it."""

from strabon_store.relational.encoding import TermId, Typed
from strabon_store.relational.nodes import (
    Limit,
    Projection,
    Scan,
    Selection,
    Sort,
)
from strabon_store.relational.plan_columns import PlanColumn, SortKey
from strabon_store.relational.render import render_plan, render_scalar
from strabon_store.relational.scalars import Column, Constant, call


def test_a_plan_is_read_from_the_root_down() -> None:
    subject = PlanColumn("s", TermId(), is_nullable=False)
    scan = Scan("quads", (subject,), ("subject",), (call("equal", Column("graph")),))
    length = PlanColumn("n", Typed("http://www.w3.org/2001/XMLSchema#integer"), True)  # noqa: FBT003 - a literal plan
    projected = Projection(
        Selection(scan, call("is_bound", Column("s"))),
        (subject, length),
        (Column("s"), Constant(3)),
    )
    plan = Limit(Sort(projected, (SortKey("n", descending=True),)), 2, None)
    assert render_plan(plan).splitlines() == [
        "Limit all after 2",
        "  Sort n descending",
        "    Projection [s: id, n?: xsd:integer = 3]",
        "      Selection is_bound(s)",
        "        Scan quads [subject as s: id] where equal(graph)",
    ]


def test_long_constants_are_cut() -> None:
    assert render_scalar(Constant(bytes(20))) == "<0000000000000000... 20 bytes>"
    assert render_scalar(Constant(None)) == "null"
