-- How DuckDB spells the primitives that terms are made of (see terms.py).
-- Another engine runs the same plan when it has functions of these names.

-- ucschar of RFC 3987 2.2, as ranges of a character class; a constant once it is bound.
CREATE OR REPLACE TEMP MACRO rdf_ucschar() AS
  '\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{1FFFD}\x{20000}-\x{2FFFD}'
  || '\x{30000}-\x{3FFFD}\x{40000}-\x{4FFFD}\x{50000}-\x{5FFFD}\x{60000}-\x{6FFFD}\x{70000}-\x{7FFFD}'
  || '\x{80000}-\x{8FFFD}\x{90000}-\x{9FFFD}\x{A0000}-\x{AFFFD}\x{B0000}-\x{BFFFD}\x{C0000}-\x{CFFFD}'
  || '\x{D0000}-\x{DFFFD}\x{E1000}-\x{EFFFD}';

-- Percent-encodes all but iunreserved (R2RML 7.3): ASCII unreserved and ucschar.
CREATE OR REPLACE TEMP MACRO rdf_iri_safe(x) AS
  CASE
    WHEN regexp_full_match(x, '[A-Za-z0-9._~-]*') THEN x
    ELSE array_to_string(
      list_transform(
        regexp_extract_all(x, '[' || rdf_ucschar() || ']+|[^' || rdf_ucschar() || ']+'),
        lambda run: CASE
          WHEN regexp_matches(run, '^[' || rdf_ucschar() || ']') THEN run
          ELSE url_encode(run)
        END),
      '')
  END;

-- Percent-encodes all but ASCII unreserved: a URI, not an IRI.
CREATE OR REPLACE TEMP MACRO rdf_uri_safe(x) AS
  CASE WHEN regexp_full_match(x, '[A-Za-z0-9._~-]*') THEN x ELSE url_encode(x) END;

-- Appends a relative IRI to its base (R2RML 7.3: no dot segments are removed).
CREATE OR REPLACE TEMP MACRO rdf_absolute(x, base) AS
  CASE WHEN regexp_matches(x, '^[A-Za-z][A-Za-z0-9+.-]*:') THEN x ELSE base || x END;

-- A label from any string: two labels are equal exactly when the strings are.
CREATE OR REPLACE TEMP MACRO rdf_blank_label(x) AS
  CASE WHEN regexp_full_match(x, '[A-Za-z0-9]+') THEN 'v' || x ELSE 'x' || lower(hex(encode(x))) END;

-- STRING_LITERAL_QUOTE of N-Triples: the four characters that may not stand as they are.
-- Few strings have one, and looking is cheaper than replacing.
CREATE OR REPLACE TEMP MACRO rdf_escape(x) AS
  CASE
    WHEN regexp_matches(x, '["\\\n\r]')
    THEN replace(replace(replace(replace(x, '\', '\\'), '"', '\"'), chr(10), '\n'), chr(13), '\r')
    ELSE x
  END;

-- The canonical form of xsd:double (XSD 1.1 part 2, 3.3.5.2) from the shortest digits that
-- restore the value, as the engine's cast to text gives them: 12.5, 1e-07, 1.5e+22.
-- digits: the mantissa's digits without point and outer zeros; scale: the power of ten
-- of its first digit.
CREATE OR REPLACE TEMP MACRO rdf_double_parts(sign, whole, fraction, exponent) AS
  sign
  || substr(rtrim(ltrim(whole || fraction, '0'), '0'), 1, 1)
  || '.'
  || CASE
       WHEN length(rtrim(ltrim(whole || fraction, '0'), '0')) > 1
       THEN substr(rtrim(ltrim(whole || fraction, '0'), '0'), 2)
       ELSE '0'
     END
  || 'E'
  || CAST(
       exponent + length(whole) - 1
       - (length(whole || fraction) - length(ltrim(whole || fraction, '0'))) AS VARCHAR);

CREATE OR REPLACE TEMP MACRO rdf_double_text(t) AS
  CASE t
    WHEN 'nan' THEN 'NaN'
    WHEN '-nan' THEN 'NaN'
    WHEN 'inf' THEN 'INF'
    WHEN '-inf' THEN '-INF'
    WHEN '0.0' THEN '0.0E0'
    WHEN '-0.0' THEN '-0.0E0'
    ELSE rdf_double_parts(
      CASE WHEN t LIKE '-%' THEN '-' ELSE '' END,
      regexp_extract(t, '^-?([0-9]+)', 1),
      regexp_extract(t, '\.([0-9]+)', 1),
      CAST(coalesce(nullif(regexp_extract(t, 'e([-+]?[0-9]+)$', 1), ''), '0') AS INTEGER))
  END;

-- xsd:dateTime without a zero fraction of a second.
CREATE OR REPLACE TEMP MACRO rdf_date_time(x) AS
  strftime(x, '%Y-%m-%dT%H:%M:%S')
  || CASE
       WHEN epoch_us(x) % 1000000 = 0 THEN ''
       ELSE rtrim(strftime(x, '.%f'), '0')
     END;

CREATE OR REPLACE TEMP MACRO rdf_date_time_utc(x) AS
  rdf_date_time(make_timestamp(epoch_us(x))) || 'Z';
