-- How DuckDB spells the primitives that terms are made of (see terms.py).
-- Another engine runs the same plan when it has functions of these names.

-- ucschar of RFC 3987 2.2, as ranges of a character class; a constant once it is bound.
CREATE OR REPLACE TEMP MACRO rdf_ucschar() AS
  '\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{1FFFD}\x{20000}-\x{2FFFD}'
  || '\x{30000}-\x{3FFFD}\x{40000}-\x{4FFFD}\x{50000}-\x{5FFFD}\x{60000}-\x{6FFFD}\x{70000}-\x{7FFFD}'
  || '\x{80000}-\x{8FFFD}\x{90000}-\x{9FFFD}\x{A0000}-\x{AFFFD}\x{B0000}-\x{BFFFD}\x{C0000}-\x{CFFFD}'
  || '\x{D0000}-\x{DFFFD}\x{E1000}-\x{EFFFD}';

-- Percent-encodes all but iunreserved (R2RML 7.3): ASCII unreserved and ucschar.
-- Few strings have both ucschar and what must be encoded, and to take those apart is dear.
CREATE OR REPLACE TEMP MACRO rdf_iri_safe(x) AS
  CASE
    WHEN regexp_full_match(x, '[A-Za-z0-9._~-]*') THEN x
    WHEN strlen(x) = length(x) THEN url_encode(x)
    WHEN regexp_full_match(x, '[A-Za-z0-9._~' || rdf_ucschar() || '-]*') THEN x
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
    -- Long text, as of geometries, is searched ten times as fast as by an expression.
    WHEN contains(x, '"') OR contains(x, '\') OR contains(x, chr(10)) OR contains(x, chr(13))
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

-- The primitives of functions (docs/mapping-functions.md says what each must give).

-- Numbers and truth values from text; NULL where it is none.
CREATE OR REPLACE TEMP MACRO fn_integer(x) AS
  CASE WHEN regexp_full_match(trim(x), '[+-]?[0-9]{1,18}') THEN CAST(trim(x) AS BIGINT) END;

CREATE OR REPLACE TEMP MACRO fn_number(x) AS
  CASE
    WHEN regexp_full_match(trim(x), '[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?')
    THEN TRY_CAST(trim(x) AS DOUBLE)
  END;

CREATE OR REPLACE TEMP MACRO fn_boolean(x) AS
  CASE WHEN lower(trim(x)) IN ('true', '1') THEN true WHEN lower(trim(x)) IN ('false', '0') THEN false END;

CREATE OR REPLACE TEMP MACRO fn_decimal_text(x) AS
  CASE
    WHEN abs(x) < 1e20 AND NOT isnan(x)
    THEN CASE
      WHEN CAST(CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) AS VARCHAR) LIKE '%.%'
      THEN rtrim(rtrim(CAST(CAST(CAST(x AS VARCHAR) AS DECIMAL(38, 18)) AS VARCHAR), '0'), '.')
    END
  END;

-- Strings; offsets count from 0, and from the end where they are negative.
CREATE OR REPLACE TEMP MACRO fn_offset(i, size) AS CASE WHEN i < 0 THEN greatest(size + i, 0) ELSE i END;

CREATE OR REPLACE TEMP MACRO fn_substring(x, first, last) AS
  CASE
    WHEN fn_offset(first, length(x)) <= length(x)
      AND fn_offset(coalesce(last, length(x)), length(x)) >= fn_offset(first, length(x))
    THEN substring(
      x,
      fn_offset(first, length(x)) + 1,
      fn_offset(coalesce(last, length(x)), length(x)) - fn_offset(first, length(x)))
  END;

CREATE OR REPLACE TEMP MACRO fn_last_index(x, part) AS
  CASE
    WHEN part = '' THEN length(x)
    WHEN contains(x, part) THEN length(x) - length(part) - strpos(reverse(x), reverse(part)) + 1
    ELSE -1
  END;

CREATE OR REPLACE TEMP MACRO fn_ends_with(x, part) AS suffix(x, part);
CREATE OR REPLACE TEMP MACRO fn_trim(x) AS regexp_replace(x, '^[\s\x{A0}]+|[\s\x{A0}]+$', '', 'g');
CREATE OR REPLACE TEMP MACRO fn_chomp(x, part) AS
  CASE WHEN suffix(x, part) THEN left(x, length(x) - length(part)) ELSE x END;
CREATE OR REPLACE TEMP MACRO fn_replace_characters(x, find, replacement) AS
  CASE
    WHEN x IS NOT NULL AND replacement IS NOT NULL
    THEN array_to_string(
      list_transform(
        string_split(x, ''),
        lambda c: CASE WHEN contains(find, c) THEN substring(replacement, strpos(find, c), 1) ELSE c END),
      '')
  END;
CREATE OR REPLACE TEMP MACRO fn_title(x) AS
  CASE
    WHEN x IS NOT NULL
    THEN array_to_string(
      list_transform(regexp_extract_all(x, '\s+|\S+'), lambda w: upper(w[1]) || lower(w[2:])), '')
  END;
CREATE OR REPLACE TEMP MACRO fn_upper_url(x) AS
  CASE WHEN regexp_matches(upper(x), '^HTTPS?://') THEN upper(x) ELSE 'http://' || upper(x) END;
CREATE OR REPLACE TEMP MACRO fn_slug(x) AS
  trim(regexp_replace(lower(strip_accents(x)), '[^a-z0-9]+', '-', 'g'), '-');

CREATE OR REPLACE TEMP MACRO fn_escape_html(x) AS
  replace(replace(replace(replace(x, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
CREATE OR REPLACE TEMP MACRO fn_escape_xml(x) AS replace(fn_escape_html(x), '''', '&apos;');
CREATE OR REPLACE TEMP MACRO fn_unescape_xml(x) AS
  replace(replace(replace(replace(replace(replace(
    x, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&apos;', ''''), '&#39;', ''''), '&amp;', '&');
CREATE OR REPLACE TEMP MACRO fn_unescape_url(x) AS url_decode(x);
CREATE OR REPLACE TEMP MACRO fn_escape_csv(x) AS
  CASE WHEN regexp_matches(x, '[",\r\n]') THEN '"' || replace(x, '"', '""') || '"' ELSE x END;
CREATE OR REPLACE TEMP MACRO fn_escape_javascript(x) AS
  replace(replace(replace(replace(replace(replace(
    x, '\', '\\'), '"', '\"'), '''', '\'''), chr(10), '\n'), chr(13), '\r'), chr(9), '\t');

-- Lists; what is NULL within one is left out of it.
CREATE OR REPLACE TEMP MACRO fn_list(x) AS CASE WHEN x IS NULL THEN CAST([] AS VARCHAR[]) ELSE [CAST(x AS VARCHAR)] END;
CREATE OR REPLACE TEMP MACRO fn_list_concat(a, b) AS list_concat(a, b);
CREATE OR REPLACE TEMP MACRO fn_lexicals(x) AS list_transform(x, lambda one: one.lexical);
CREATE OR REPLACE TEMP MACRO fn_split(x, separator) AS string_split(x, separator);
CREATE OR REPLACE TEMP MACRO fn_find_all(x, pattern) AS regexp_extract_all(x, pattern);
CREATE OR REPLACE TEMP MACRO fn_partition(x, part) AS
  CASE
    WHEN contains(x, part)
    THEN [left(x, strpos(x, part) - 1), part, substring(x, strpos(x, part) + length(part))]
    WHEN part IS NOT NULL AND x IS NOT NULL THEN [x, '', '']
  END;
CREATE OR REPLACE TEMP MACRO fn_rpartition(x, part) AS
  CASE
    WHEN contains(x, part)
    THEN [left(x, fn_last_index(x, part)), part, substring(x, fn_last_index(x, part) + length(part) + 1)]
    WHEN part IS NOT NULL AND x IS NOT NULL THEN ['', '', x]
  END;
CREATE OR REPLACE TEMP MACRO fn_length(x) AS len(x);
CREATE OR REPLACE TEMP MACRO fn_join(x, separator) AS
  CASE WHEN len(x) > 0 AND separator IS NOT NULL THEN array_to_string(x, separator) END;
CREATE OR REPLACE TEMP MACRO fn_next_offset(i) AS CASE WHEN i = -1 THEN NULL ELSE i + 1 END;
CREATE OR REPLACE TEMP MACRO fn_slice(x, first, last) AS
  list_slice(x, fn_offset(first, len(x)) + 1, fn_offset(coalesce(last, len(x)), len(x)));
CREATE OR REPLACE TEMP MACRO fn_sort(x) AS list_sort(x);
CREATE OR REPLACE TEMP MACRO fn_uniques(x) AS list_filter(x, lambda one, i: list_position(x, one) = i);
CREATE OR REPLACE TEMP MACRO fn_sum(x) AS
  CASE WHEN x IS NOT NULL THEN coalesce(list_sum(list_transform(x, lambda one: fn_number(one))), 0.0) END;
CREATE OR REPLACE TEMP MACRO fn_list_contains(x, one) AS list_contains(x, one);
CREATE OR REPLACE TEMP MACRO fn_first(x) AS x[1];
CREATE OR REPLACE TEMP MACRO fn_trues(x) AS len(list_filter(x, lambda one: fn_boolean(one)));
CREATE OR REPLACE TEMP MACRO fn_all_true(x) AS fn_trues(x) = len(x);
CREATE OR REPLACE TEMP MACRO fn_any_true(x) AS fn_trues(x) > 0;
CREATE OR REPLACE TEMP MACRO fn_odd_true(x) AS fn_trues(x) % 2 = 1;

-- Numbers; NULL outside of the domain, and of integers beyond 64 bits.
CREATE OR REPLACE TEMP MACRO fn_whole(x) AS CASE WHEN abs(x) < 9e18 AND NOT isnan(x) THEN CAST(x AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO fn_floor(x) AS fn_whole(floor(x));
CREATE OR REPLACE TEMP MACRO fn_ceil(x) AS fn_whole(ceil(x));
CREATE OR REPLACE TEMP MACRO fn_round(x) AS fn_whole(floor(x + 0.5));
CREATE OR REPLACE TEMP MACRO fn_even(x) AS fn_whole(sign(x) * 2 * ceil(abs(x) / 2));
CREATE OR REPLACE TEMP MACRO fn_odd(x) AS
  fn_whole(CASE WHEN x = 0 THEN 1 ELSE sign(x) * (2 * ceil((abs(x) - 1) / 2) + 1) END);
CREATE OR REPLACE TEMP MACRO fn_ln(x) AS CASE WHEN x > 0 THEN ln(x) END;
CREATE OR REPLACE TEMP MACRO fn_log10(x) AS CASE WHEN x > 0 THEN log10(x) END;
CREATE OR REPLACE TEMP MACRO fn_asin(x) AS CASE WHEN abs(x) <= 1 THEN asin(x) END;
CREATE OR REPLACE TEMP MACRO fn_acos(x) AS CASE WHEN abs(x) <= 1 THEN acos(x) END;
CREATE OR REPLACE TEMP MACRO fn_quotient(a, b) AS CASE WHEN b <> 0 THEN trunc(a / b) END;
CREATE OR REPLACE TEMP MACRO fn_mod(a, b) AS CASE WHEN b <> 0 THEN a % b END;
CREATE OR REPLACE TEMP MACRO fn_gcd(a, b) AS gcd(a, b);
CREATE OR REPLACE TEMP MACRO fn_lcm(a, b) AS lcm(a, b);
CREATE OR REPLACE TEMP MACRO fn_factorial(n) AS CASE WHEN n BETWEEN 0 AND 20 THEN CAST(factorial(CAST(n AS INTEGER)) AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO fn_combinations(n, k) AS
  CASE
    WHEN k BETWEEN 0 AND n AND n <= 60
    THEN list_reduce(
      list_prepend(1::BIGINT, CAST(range(1, least(k, n - k) + 1) AS BIGINT[])),
      lambda product, i: product * (n - least(k, n - k) + i) // i)
  END;

-- Dates and times in ISO 8601; units are GREL's names.
CREATE OR REPLACE TEMP MACRO fn_parse_date(x, java, pattern) AS strftime(try_strptime(x, pattern), '%Y-%m-%d');
CREATE OR REPLACE TEMP MACRO fn_parse_date_time(x, java, pattern) AS rdf_date_time(try_strptime(x, pattern));
CREATE OR REPLACE TEMP MACRO fn_unit(unit) AS
  CASE
    WHEN lower(unit) IN ('year', 'years') THEN 'year'
    WHEN lower(unit) IN ('month', 'months') THEN 'month'
    WHEN lower(unit) IN ('week', 'weeks', 'w') THEN 'week'
    WHEN lower(unit) IN ('day', 'days', 'd') THEN 'day'
    WHEN lower(unit) IN ('hour', 'hours', 'h') THEN 'hour'
    WHEN lower(unit) IN ('minute', 'minutes', 'min') THEN 'minute'
    WHEN lower(unit) IN ('second', 'seconds', 'sec', 's') THEN 'second'
    WHEN lower(unit) = 'weekday' THEN 'isodow'
  END;
CREATE OR REPLACE TEMP MACRO fn_time(x) AS TRY_CAST(regexp_replace(x, 'Z$', '') AS TIMESTAMP);
CREATE OR REPLACE TEMP MACRO fn_date_part(x, unit) AS date_part(fn_unit(unit), fn_time(x));
CREATE OR REPLACE TEMP MACRO fn_date_diff(a, b, unit) AS date_sub(fn_unit(unit), fn_time(b), fn_time(a));
CREATE OR REPLACE TEMP MACRO fn_date_add(x, n, unit) AS
  strftime(
    CASE fn_unit(unit)
      WHEN 'year' THEN fn_time(x) + to_years(CAST(n AS INTEGER))
      WHEN 'month' THEN fn_time(x) + to_months(CAST(n AS INTEGER))
      WHEN 'week' THEN fn_time(x) + to_days(CAST(7 * n AS INTEGER))
      WHEN 'day' THEN fn_time(x) + to_days(CAST(n AS INTEGER))
      WHEN 'hour' THEN fn_time(x) + to_hours(n)
      WHEN 'minute' THEN fn_time(x) + to_minutes(n)
      WHEN 'second' THEN fn_time(x) + to_seconds(CAST(n AS DOUBLE))
    END,
    '%Y-%m-%d');
