"""Records within records, as functions on Arrow columns: parts and values of texts.

A record is a text in the words of its reference formulation: JSON, or a row of CSV as
an object of JSON.
"""

import csv
import io
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import pyarrow as pa

from geotriples.errors import FunctionFailure
from geotriples.sources.json import canonical_double
from geotriples.sources.jsonpath import Json, JsonPath, find, parse_jsonpath
from ontologies.namespaces import RML, XSD

FORMULATIONS: Final = frozenset({RML.term("CSV"), RML.term("JSONPath")})
"""Reference formulations of records within records."""

VALUES: Final = pa.list_(
    pa.struct([("lexical", pa.string()), ("datatype", pa.string())])
)


def records(formulations: pa.Array, texts: pa.Array, iterators: pa.Array) -> pa.Array:
    """The parts of each text to which an iterator leads, each as a text.

    Raises:
        FunctionFailure: A text is not of its formulation.
    """
    columns = (formulations, texts, iterators)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array(
        [None if None in row else list(_records(*row)) for row in rows],
        pa.list_(pa.string()),
    )


def values(formulations: pa.Array, texts: pa.Array, references: pa.Array) -> pa.Array:
    """The values in each record to which a reference leads, with their datatypes.

    Raises:
        FunctionFailure: A text is not of its formulation, or a value is none.
    """
    columns = (formulations, texts, references)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    found = [None if None in row else list(_values(*row)) for row in rows]
    return pa.array(found, VALUES)


def _records(formulation: str, text: str, iterator: str) -> Iterator[str]:
    if formulation == RML.term("CSV"):
        for row in csv.DictReader(io.StringIO(text, newline="")):
            yield json.dumps(row)
        return
    for one in find(_json(formulation, text), _steps(iterator or "$")):
        yield json.dumps(one)


def _values(formulation: str, text: str, reference: str) -> Iterator[dict[str, object]]:
    record = _json(formulation, text)
    if formulation == RML.term("CSV"):
        steps: JsonPath = (reference,)
    else:
        steps = _steps(reference)
    for one in find(record, steps):
        if one is not None:
            yield _typed(one, text)


def _json(formulation: str, text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except ValueError as error:
        raise FunctionFailure(formulation, f"{text!r} is not JSON: {error}") from error
    return found


def _typed(value: Json, text: str) -> dict[str, object]:
    match value:
        case bool():
            return {"lexical": str(value).lower(), "datatype": XSD.term("boolean")}
        case int():
            return {"lexical": str(value), "datatype": XSD.term("integer")}
        case float():
            lexical = canonical_double(value)
            return {"lexical": lexical, "datatype": XSD.term("double")}
        case str():
            return {"lexical": value, "datatype": None}
        case _:
            reason = f"a reference leads to {value!r} in {text!r}, no value"
            raise FunctionFailure(RML.term("reference"), reason)


@lru_cache(maxsize=256)
def _steps(path: str) -> JsonPath:
    return parse_jsonpath(path)
