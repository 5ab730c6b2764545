WITH shared0 AS MATERIALIZED (SELECT t0."subject" AS "place" FROM "quads_by_object" AS t0 WHERE (t0."graph" = 0) AND (t0."predicate" = 1) AND (t0."object" = 2)), closure7 AS MATERIALIZED (
WITH RECURSIVE steps AS NOT MATERIALIZED (SELECT CAST(0 AS BIGINT) AS "g", CAST(t3.".from" AS BIGINT) AS "f", CAST(t3.".to" AS BIGINT) AS "t" FROM (SELECT t2."subject" AS ".from", t2."object" AS ".to" FROM "quads" AS t2 WHERE (t2."graph" = 0) AND (t2."predicate" = 3)) AS t3), origins AS MATERIALIZED (SELECT CAST(0 AS BIGINT) AS "g", CAST(t6.".from" AS BIGINT) AS "f" FROM (SELECT t5."place" AS ".from" FROM (SELECT DISTINCT t4."place" AS "place" FROM shared0 AS t4) AS t5) AS t6), near AS (
  SELECT g, f, f AS t, 0 AS level FROM origins
  UNION
  SELECT near.g, near.f, steps.t, near.level + 1
  FROM near JOIN steps ON near.t = steps.f
  WHERE near.level < 24 AND (SELECT count(*) FROM near) < 1000
), far AS MATERIALIZED (
  SELECT DISTINCT g, f
  FROM near JOIN (
    SELECT level, count(*) AS ways FROM near GROUP BY level ORDER BY level DESC LIMIT 1
  ) AS last ON near.level = last.level
  WHERE last.level = 24 OR last.ways >= 1000
), edges AS MATERIALIZED (
  SELECT steps.g, list(steps.f) AS f, list(steps.t) AS t
  FROM steps JOIN (SELECT DISTINCT g FROM far) AS asked ON steps.g = asked.g
  GROUP BY steps.g
), few AS MATERIALIZED (
  SELECT (SELECT count(*) FROM far) * coalesce(sum(len(f)), 0) <= 20000000 AS holds
  FROM edges
), links AS MATERIALIZED (
  SELECT g, unnest(f) AS f, unnest(t) AS t FROM edges WHERE NOT (SELECT holds FROM few)
), walked AS (
  SELECT links.g, links.f, links.t
  FROM far JOIN links ON far.g = links.g AND far.f = links.f
  UNION
  SELECT walked.g, walked.f, links.t
  FROM walked JOIN links ON walked.t = links.f
)
SELECT pair.g, pair.f, pair.t FROM (
  SELECT unnest(list(DISTINCT {'g': near.g, 'f': near.f, 't': near.t})) AS pair
  FROM near ANTI JOIN far ON near.g = far.g AND near.f = far.f WHERE near.level > 0
)
UNION ALL
SELECT g, f, t FROM walked
UNION ALL
SELECT g, pair.origin, pair.node FROM (
  SELECT begins.g, unnest(pytheas_reach(begins.f, edges.f, edges.t)) AS pair
  FROM (
    SELECT g, list(f) AS f FROM far WHERE (SELECT holds FROM few) GROUP BY g
  ) AS begins JOIN edges ON begins.g = edges.g
)
) SELECT t1."place" AS "place.id", t11."lexical" AS "place.lexical", t11."datatype" AS "place.datatype", t11."language" AS "place.language", closure7."t" AS "whole.id", t12."lexical" AS "whole.lexical", t12."datatype" AS "whole.datatype", t12."language" AS "whole.language" FROM shared0 AS t1 JOIN closure7 ON (t1."place" = closure7."f") JOIN "terms" AS t11 ON t1."place" = t11."id" LEFT JOIN "terms" AS t12 ON closure7."t" = t12."id" WHERE NOT EXISTS(SELECT 1 AS "." FROM ((SELECT t8."subject" AS ".from", t8."object" AS ".to" FROM "quads" AS t8 WHERE (t8."graph" = 0) AND (NOT (t8."predicate" IN (3)))) UNION ALL (SELECT t9."object" AS ".from", t9."subject" AS ".to" FROM "quads" AS t9 WHERE (t9."graph" = 0) AND (NOT (t9."predicate" IN (3))))) AS t10 WHERE (t10.".to" = 4) AND (closure7."t" = t10.".from"))
