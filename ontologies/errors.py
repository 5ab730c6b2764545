"""The root of every exception that Pytheas raises on purpose.

* PytheasError
  - OntologyError    a CRS, unit, literal or vocabulary that cannot be understood
  - EngineError      engines/errors.py
  - MappingError     geotriples/errors.py
  - StoreError       strabon_store/errors.py
  - FederationError  federation/errors.py
  - MlError          ml/errors.py

The command line prints `str(error)` of a `PytheasError` and exits with 1; anything
else is a bug and shows its traceback.
"""


class PytheasError(Exception):
    """Something the user can cure; the message says what, where, and what to do."""


class OntologyError(PytheasError):
    """A term of a standard (CRS, unit, literal, concept) is malformed or unknown."""
