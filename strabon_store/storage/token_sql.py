r"""What a term is worth, in SQL: its hash, its inline id, its number.

Each expression is the twin of a Python function, `encode_inline` or `literal_kind`, and
`tests/strabon_store/storage/test_token_sql.py` holds them equal. `NUMBER` may be NULL
where the twin knows more; inline ids may not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.namespaces import XSD
from strabon_store.relational.encoding import INTEGER_BIAS, PAYLOAD_BITS, Tag
from strabon_store.relational.inline import DECIMAL_BIAS, SCALE_BITS

_INLINE: Final = r"""
CASE datatype
  WHEN $integer THEN
    CASE WHEN regexp_full_match(lexical, '0|-?[1-9][0-9]{0,17}') THEN
      CASE WHEN abs(TRY_CAST(lexical AS BIGINT)) < $bias
      THEN $integers + $bias + TRY_CAST(lexical AS BIGINT) END
    END
  WHEN $decimal THEN
    CASE WHEN regexp_full_match(lexical, '-?(?:0|[1-9][0-9]*)\.[0-9]{1,63}') THEN
      CASE WHEN abs(TRY_CAST(replace(lexical, '.', '') AS BIGINT)) < $decimal_bias
        AND NOT regexp_full_match(lexical, '-[0.]*')
      THEN
        $decimals
        + ($decimal_bias + TRY_CAST(replace(lexical, '.', '') AS BIGINT)) * $scales
        + length(lexical) - instr(lexical, '.')
      END
    END
  WHEN $boolean THEN
    $booleans + CASE lexical
      WHEN 'false' THEN 0 WHEN 'true' THEN 1 WHEN '0' THEN 2 WHEN '1' THEN 3
    END
  WHEN $date_time THEN
    CASE WHEN regexp_full_match(
      lexical,
      '[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z'
    ) AND NOT starts_with(lexical, '0000') THEN
      $date_times + $bias + epoch_us(TRY_CAST(lexical AS TIMESTAMP)) // 1000000
    END
  WHEN $date THEN
    CASE WHEN regexp_full_match(lexical, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
      AND NOT starts_with(lexical, '0000')
    THEN $dates + $bias + (TRY_CAST(lexical AS DATE) - DATE '1970-01-01') END
END
"""

_NUMBER: Final = r"""
CASE WHEN datatype = $double
  AND regexp_full_match(lexical, '-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]{1,2})?')
THEN TRY_CAST(lexical AS DOUBLE) END
"""

DESCRIBE: Final = f"""
SELECT hash(lexical, datatype, language) AS hash,
  {_NUMBER} AS number,
  {_INLINE} AS inline
FROM terms_read
"""  # noqa: S608 - pieces of ours
"""The hash of each term that is read, its number, and its id if it is its own."""


def _ids(tag: Tag) -> int:
    """The first id of a kind."""
    return tag << PAYLOAD_BITS


PARAMETERS: Final[Mapping[str, str | int]] = MappingProxyType(
    {
        "integer": XSD.term("integer"),
        "decimal": XSD.term("decimal"),
        "boolean": XSD.term("boolean"),
        "date_time": XSD.term("dateTime"),
        "date": XSD.term("date"),
        "double": XSD.term("double"),
        "bias": INTEGER_BIAS,
        "decimal_bias": DECIMAL_BIAS,
        "scales": 1 << SCALE_BITS,
        "integers": _ids(Tag.INTEGER),
        "decimals": _ids(Tag.DECIMAL),
        "booleans": _ids(Tag.BOOLEAN),
        "date_times": _ids(Tag.DATETIME),
        "dates": _ids(Tag.DATE),
    }
)
"""What `DESCRIBE` is run with."""
