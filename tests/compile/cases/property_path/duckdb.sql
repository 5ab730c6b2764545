WITH shared0 AS MATERIALIZED (SELECT t0."subject" AS "place" FROM "quads_by_object" AS t0 WHERE (t0."graph" = 0) AND (t0."predicate" = 1) AND (t0."object" = 2)), closure7 AS MATERIALIZED (
WITH RECURSIVE steps AS MATERIALIZED (SELECT CAST(0 AS BIGINT) AS "g", CAST(t3.".from" AS BIGINT) AS "f", CAST(t3.".to" AS BIGINT) AS "t" FROM (SELECT t2."subject" AS ".from", t2."object" AS ".to" FROM "quads" AS t2 WHERE (t2."graph" = 0) AND (t2."predicate" = 3)) AS t3), walked AS (
  SELECT origins.g, origins.f, steps.t
  FROM (SELECT CAST(0 AS BIGINT) AS "g", CAST(t6.".from" AS BIGINT) AS "f" FROM (SELECT t5."place" AS ".from" FROM (SELECT DISTINCT t4."place" AS "place" FROM shared0 AS t4) AS t5) AS t6) AS origins JOIN steps ON origins.f = steps.f
  UNION
  SELECT walked.g, walked.f, steps.t
  FROM walked JOIN steps ON walked.t = steps.f
) SELECT pair.g, pair.f, pair.t FROM (
  SELECT unnest(list({'g': g, 'f': f, 't': t})) AS pair FROM walked
)
) SELECT t1."place" AS "place.id", t11."lexical" AS "place.lexical", t11."datatype" AS "place.datatype", t11."language" AS "place.language", closure7."t" AS "whole.id", t12."lexical" AS "whole.lexical", t12."datatype" AS "whole.datatype", t12."language" AS "whole.language" FROM shared0 AS t1 JOIN closure7 ON (t1."place" = closure7."f") JOIN "terms" AS t11 ON t1."place" = t11."id" LEFT JOIN "terms" AS t12 ON closure7."t" = t12."id" WHERE NOT EXISTS(SELECT 1 AS "." FROM ((SELECT t8."subject" AS ".from", t8."object" AS ".to" FROM "quads" AS t8 WHERE (t8."graph" = 0) AND (NOT (t8."predicate" IN (3)))) UNION ALL (SELECT t9."object" AS ".from", t9."subject" AS ".to" FROM "quads" AS t9 WHERE (t9."graph" = 0) AND (NOT (t9."predicate" IN (3))))) AS t10 WHERE (t10.".to" = 4) AND (closure7."t" = t10.".from"))
