-- How Spark spells those primitives of terms that its SQL can say as DuckDB's does (see
-- geotriples/primitives.sql); what is not here is worked out in tasks by the local engine's own.
-- In Java's regular expressions `$` stands before a last line feed too, so `\z` is the end.

-- ucschar of RFC 3987 2.2, as ranges of a character class.
CREATE OR REPLACE TEMPORARY FUNCTION rdf_ucschar() RETURNS STRING RETURN
  r'\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{1FFFD}\x{20000}-\x{2FFFD}'
  || r'\x{30000}-\x{3FFFD}\x{40000}-\x{4FFFD}\x{50000}-\x{5FFFD}\x{60000}-\x{6FFFD}\x{70000}-\x{7FFFD}'
  || r'\x{80000}-\x{8FFFD}\x{90000}-\x{9FFFD}\x{A0000}-\x{AFFFD}\x{B0000}-\x{BFFFD}\x{C0000}-\x{CFFFD}'
  || r'\x{D0000}-\x{DFFFD}\x{E1000}-\x{EFFFD}';

-- Spark's url_encode is that of HTML forms: a plus for a space, `*` as it is, no `~`.
CREATE OR REPLACE TEMPORARY FUNCTION rdf_iri_safe(x STRING) RETURNS STRING RETURN
  CASE
    WHEN x RLIKE r'\A[A-Za-z0-9._~-]*\z' THEN x
    ELSE array_join(
      transform(
        regexp_extract_all(x, '[' || rdf_ucschar() || ']+|[^' || rdf_ucschar() || ']+', 0),
        run -> CASE
          WHEN run RLIKE (r'\A[' || rdf_ucschar() || ']') THEN run
          ELSE replace(replace(replace(url_encode(run), '+', '%20'), '*', '%2A'), '%7E', '~')
        END),
      '')
  END;

CREATE OR REPLACE TEMPORARY FUNCTION rdf_uri_safe(x STRING) RETURNS STRING RETURN
  CASE
    WHEN x RLIKE r'\A[A-Za-z0-9._~-]*\z' THEN x
    ELSE replace(replace(replace(url_encode(x), '+', '%20'), '*', '%2A'), '%7E', '~')
  END;

CREATE OR REPLACE TEMPORARY FUNCTION rdf_absolute(x STRING, base STRING) RETURNS STRING RETURN
  CASE WHEN x RLIKE r'\A[A-Za-z][A-Za-z0-9+.-]*:' THEN x ELSE base || x END;

CREATE OR REPLACE TEMPORARY FUNCTION rdf_blank_label(x STRING) RETURNS STRING RETURN
  CASE WHEN x RLIKE r'\A[A-Za-z0-9]+\z' THEN 'v' || x ELSE 'x' || lower(hex(encode(x, 'UTF-8'))) END;

CREATE OR REPLACE TEMPORARY FUNCTION rdf_escape(x STRING) RETURNS STRING RETURN
  CASE
    WHEN x RLIKE r'["\\\n\r]'
    THEN replace(replace(replace(replace(x, r'\', r'\\'), '"', r'\"'), chr(10), r'\n'), chr(13), r'\r')
    ELSE x
  END;

-- By Sedona. Local names of the Simple Features classes are those of its types.
CREATE OR REPLACE TEMPORARY FUNCTION rdf_geometry_type_wkb(x BINARY) RETURNS STRING RETURN
  substr(ST_GeometryType(ST_GeomFromWKB(x)), 4);
