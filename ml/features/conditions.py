"""Conditions on features: `ndvi["cloud"] < 0.2`, joined by `&`, `|` and turned by `~`.

A comparison with null holds nowhere, as in SQL; `is_null()` asks for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias, assert_never, cast

from ml.features.errors import InvalidQuery

Value: TypeAlias = str | int | float | bool | date | datetime

_OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=")


class _Combinable:
    """What can be joined with other conditions: the members of `Condition`."""

    __slots__ = ()

    def __and__(self, other: "Condition") -> "And":
        return And((self._own(), other))

    def __or__(self, other: "Condition") -> "Or":
        return Or((self._own(), other))

    def __invert__(self) -> "Not":
        return Not(self._own())

    def _own(self) -> "Condition":
        return cast("Condition", self)


@dataclass(frozen=True, slots=True)
class Comparison(_Combinable):
    """A feature compared with a value.

    Attributes:
        group: Name and version of its group.
        feature: Its name.
        operator: `==`, `!=`, `<`, `<=`, `>` or `>=`.
        value: With what.
    """

    group: tuple[str, int]
    feature: str
    operator: str
    value: Value

    def __post_init__(self) -> None:
        if self.operator not in _OPERATORS:
            raise InvalidQuery(f"{self.operator!r} is none of {', '.join(_OPERATORS)}")


@dataclass(frozen=True, slots=True)
class OneOf(_Combinable):
    """A feature is one of some values."""

    group: tuple[str, int]
    feature: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull(_Combinable):
    """A feature has no value."""

    group: tuple[str, int]
    feature: str


@dataclass(frozen=True, slots=True)
class And(_Combinable):
    """All of them hold."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or(_Combinable):
    """One of them holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not(_Combinable):
    """It does not hold."""

    part: "Condition"


Condition: TypeAlias = Comparison | OneOf | IsNull | And | Or | Not


@dataclass(frozen=True, slots=True, eq=False)
class FeatureReference:
    """A feature of a group, to make conditions of: `group["name"]`."""

    group: tuple[str, int]
    feature: str

    def __eq__(self, value: object) -> Comparison:  # type: ignore[override] # as pandas has it
        return self._compare("==", value)

    def __ne__(self, value: object) -> Comparison:  # type: ignore[override] # the same
        return self._compare("!=", value)

    def __lt__(self, value: Value) -> Comparison:
        return self._compare("<", value)

    def __le__(self, value: Value) -> Comparison:
        return self._compare("<=", value)

    def __gt__(self, value: Value) -> Comparison:
        return self._compare(">", value)

    def __ge__(self, value: Value) -> Comparison:
        return self._compare(">=", value)

    __hash__ = object.__hash__

    def isin(self, values: Iterable[Value]) -> OneOf:
        """It is one of them."""
        return OneOf(self.group, self.feature, tuple(values))

    def is_null(self) -> IsNull:
        """It has no value."""
        return IsNull(self.group, self.feature)

    def _compare(self, operator: str, value: Any) -> Comparison:
        if not isinstance(value, str | int | float | date):
            kind = type(value).__name__
            raise InvalidQuery(f"{self.feature} cannot be compared with a {kind}")
        return Comparison(self.group, self.feature, operator, value)


def leaves(condition: Condition) -> Iterator[Comparison | OneOf | IsNull]:
    """What is asked of single features."""
    match condition:
        case Comparison() | OneOf() | IsNull():
            yield condition
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            assert_never(condition)


def condition_json(condition: Condition) -> dict[str, Any]:
    """A condition for `json.dumps`."""
    match condition:
        case Comparison(group, feature, operator, value):
            told = {"feature": [*group, feature], "value": _value_json(value)}
            return {"is": operator, **told}
        case OneOf(group, feature, values):
            told = {"feature": [*group, feature], "values": [*map(_value_json, values)]}
            return {"is": "in", **told}
        case IsNull(group, feature):
            return {"is": "null", "feature": [*group, feature]}
        case And(parts):
            return {"is": "and", "parts": [condition_json(part) for part in parts]}
        case Or(parts):
            return {"is": "or", "parts": [condition_json(part) for part in parts]}
        case Not(part):
            return {"is": "not", "parts": [condition_json(part)]}
        case _:
            assert_never(condition)


def condition_from_json(data: Mapping[str, Any]) -> Condition:
    """What `condition_json` gave."""
    kind = data["is"]
    if kind in {"and", "or", "not"}:
        parts = tuple(condition_from_json(part) for part in data["parts"])
        return Not(parts[0]) if kind == "not" else (And if kind == "and" else Or)(parts)
    name, version, feature = data["feature"]
    if kind == "null":
        return IsNull((name, version), feature)
    if kind == "in":
        values = tuple(map(_value_from_json, data["values"]))
        return OneOf((name, version), feature, values)
    return Comparison((name, version), feature, kind, _value_from_json(data["value"]))


def _value_json(value: Value) -> Any:
    if isinstance(value, datetime):
        return {"time": as_utc(value).isoformat()}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _value_from_json(value: Any) -> Value:
    match value:
        case {"time": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case _:
            plain: Value = value
            return plain


def as_utc(time: datetime) -> datetime:
    """A time in UTC; one without a zone is taken for it."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
