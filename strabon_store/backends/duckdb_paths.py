"""The transitive closure in DuckDB's SQL: ways to walk, chosen by what is there.

Over few steps, as those of a hierarchy of classes, one recursion is all. Else there are
three ways.

`near` goes step by step from the origins, and reads of a sorted table only the rows
that it needs: right for the few ancestors of a few things. It gives up on origins whose
ways are long or many, and these are `far`. If they are few, `pytheas_reach` searches
from each in memory, where a step costs no join: a chain of 100,000 links takes
milliseconds instead of minutes. If they are many, `walked` joins what was found last
with all steps until nothing is new. From everywhere that is the only way.
"""

from functools import cache
from typing import Final

from engines.duckdb.interrupts import CONNECTION
from strabon_store.backends.sql import Sql, Template, literal
from strabon_store.relational.nodes import Closure

_ENDS: Final = 2
"""Columns of a step in one graph."""

_DEPTH: Final = 24
"""Steps after which a way is long: hierarchies of kinds and places end before."""

_WIDTH: Final = 1_000
"""Ways that a step may continue; beyond, to read all steps at once is cheaper."""

_WORK: Final = 20_000_000
"""Origins times steps that a search in memory may have to look at. It finds no more
pairs than that, of 16 bytes each."""

_EVERYWHERE: Final = """
WITH RECURSIVE steps AS :a (:b), walked AS (
  SELECT g, f, t FROM steps
  UNION
  SELECT walked.g, walked.f, steps.t
  FROM walked JOIN steps ON walked.g = steps.g AND walked.t = steps.f
) SELECT g, f, t FROM walked
"""

_FROM_ORIGINS: Final = """
WITH RECURSIVE steps AS :a (:b), origins AS MATERIALIZED (:c), near AS (
  SELECT g, f, f AS t, 0 AS level FROM origins
  UNION
  SELECT near.g, near.f, steps.t, near.level + 1
  FROM near JOIN steps ON near.g = steps.g AND near.t = steps.f
  WHERE near.level < :d AND (SELECT count(*) FROM near) < :e
), far AS MATERIALIZED (
  SELECT DISTINCT g, f
  FROM near JOIN (
    SELECT level, count(*) AS ways FROM near GROUP BY level ORDER BY level DESC LIMIT 1
  ) AS last ON near.level = last.level
  WHERE last.level = :d OR last.ways >= :e
), edges AS MATERIALIZED (
  SELECT steps.g, list(steps.f) AS f, list(steps.t) AS t
  FROM steps JOIN (SELECT DISTINCT g FROM far) AS asked ON steps.g = asked.g
  GROUP BY steps.g
), few AS MATERIALIZED (
  SELECT (SELECT count(*) FROM far) * coalesce(sum(len(f)), 0) <= :f AS holds
  FROM edges
), links AS MATERIALIZED (
  SELECT g, unnest(f) AS f, unnest(t) AS t FROM edges WHERE NOT (SELECT holds FROM few)
), walked AS (
  SELECT links.g, links.f, links.t
  FROM far JOIN links ON far.g = links.g AND far.f = links.f
  UNION
  SELECT walked.g, walked.f, links.t
  FROM walked JOIN links ON walked.g = links.g AND walked.t = links.f
)
SELECT pair.g, pair.f, pair.t FROM (
  SELECT unnest(list(DISTINCT {'g': near.g, 'f': near.f, 't': near.t})) AS pair
  FROM near ANTI JOIN far ON near.g = far.g AND near.f = far.f WHERE near.level > 0
)
UNION ALL
SELECT g, f, t FROM walked
UNION ALL
SELECT g, pair.origin, pair.node FROM (
  SELECT begins.g, unnest(pytheas_reach(begins.f, edges.f, edges.t, :g)) AS pair
  FROM (
    SELECT g, list(f) AS f FROM far WHERE (SELECT holds FROM few) GROUP BY g
  ) AS begins JOIN edges ON begins.g = edges.g
)
"""
# Lists are there for what DuckDB believes, too: that a recursion has a thousand steps,
# each of the size of the table. What comes out of a list it takes for a few rows, and
# starts the joins above with them.


_OVER_FEW_STEPS: Final = """
WITH RECURSIVE steps AS :a (:b), walked AS (
  SELECT origins.g, origins.f, steps.t
  FROM (:c) AS origins JOIN steps ON origins.g = steps.g AND origins.f = steps.f
  UNION
  SELECT walked.g, walked.f, steps.t
  FROM walked JOIN steps ON walked.g = steps.g AND walked.t = steps.f
) SELECT pair.g, pair.f, pair.t FROM (
  SELECT unnest(list({'g': g, 'f': f, 't': t})) AS pair FROM walked
)
"""


def _same_graph(text: str) -> str:
    """The text for steps of one graph, in which the graphs are not compared.

    They would be equal; but comparing them keeps DuckDB from telling the scan of the
    steps what is joined with it.
    """
    for begin in ("near", "walked", "origins"):
        for steps in ("steps", "links"):
            text = text.replace(f"{begin}.g = {steps}.g AND ", "")
    return text


def closure(plan: Closure, steps: Sql, origins: Sql | None, *, is_table: bool) -> Sql:
    """The pairs that one or more steps connect, as columns `g`, `f` and `t`.

    Args:
        plan: What the SQL is of.
        steps: Columns `g` (what stays the same on the way), `f` (from) and `t` (to).
        origins: Columns `g` and `f`: where ways begin, each once; None: everywhere.
        is_table: Whether steps are rows of a table, which are read where they lie;
            else they are made once, before the first.
    """
    is_read_once = plan.is_short or not is_table
    made = Sql("MATERIALIZED" if is_read_once else "NOT MATERIALIZED")
    has_graph = len(plan.steps.columns) > _ENDS
    if origins is None:
        return _template(_EVERYWHERE, has_graph).filled([made, steps])
    if plan.is_short:
        return _template(_OVER_FEW_STEPS, has_graph).filled([made, steps, origins])
    depth, width, work = map(literal, (_DEPTH, _WIDTH, _WORK))
    arguments = [made, steps, origins, depth, width, work, Sql(CONNECTION)]
    return _template(_FROM_ORIGINS, has_graph).filled(arguments)


@cache
def _template(text: str, has_graph: bool) -> Template:  # noqa: FBT001 - a key
    return Template(text if has_graph else _same_graph(text))
