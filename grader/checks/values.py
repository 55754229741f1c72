"""Values of a trace as Python: tokens, enum members by name, exceptions, dataclass objects of the subject's; which are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.checks.words import Token


class Error:
    """An exception of the trace.

    It equals text: the name of its class or of a class that it is derived from, or the name under which the scene
    raised it. Its text is not shown: it is the learner's.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.kind: str = data["error"]
        self.kinds: list[str] = data.get("is", [self.kind])
        self.token: str | None = data.get("token")
        self.text: str = data.get("text", "")
        self.attributes: dict[str, Any] = {name: decode(value) for name, value in data.get("attributes", {}).items()}
        self._leaves = [Error(leaf) for leaf in data["leaves"]] if "leaves" in data else None

    @property
    def is_group(self) -> bool:
        """Whether it is an exception group."""
        return self._leaves is not None

    @property
    def leaves(self) -> list[Error]:
        """The exceptions in it that are not groups; itself if it is not one."""
        return [self] if self._leaves is None else self._leaves

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return other == self.token or (not self.is_group and other in self.kinds) or other == self.kind
        return isinstance(other, Error) and (self.kind, self.token, self._leaves) == (
            other.kind,
            other.token,
            other._leaves,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self._leaves is not None:
            return f"{self.kind} of {_count_alike(self._leaves)}"
        return self.token or self.kind


def _count_alike(errors: Sequence[Error]) -> str:
    """Exceptions in words; several alike are said once: `TimeoutError, E1 (2 times)`."""
    counts = Counter(map(repr, errors))
    return ", ".join(name if count == 1 else f"{name} ({count} times)" for name, count in counts.items()) or "nothing"


@dataclass(frozen=True)
class Data:
    """A dataclass object of the subject's."""

    kind: str
    fields: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(f'{k}={v!r}' for k, v in self.fields.items())})"


@dataclass(frozen=True)
class Opaque:
    """An object of the subject's, of which only the class is known."""

    kind: str

    def __repr__(self) -> str:
        return f"an object of {self.kind}"


def decode(value: Any) -> Any:
    """Return an encoded value as Python: tokens as `Token`, enum members as their names, exceptions as `Error`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "token" in value and "error" not in value:
        return Token(value["token"])
    if "enum" in value:
        return value["enum"]
    if "error" in value:
        return Error(value)
    if "dict" in value:
        return _pairs(value["dict"])
    return _decode_rest(value)


def _pairs(pairs: Sequence[Sequence[Any]]) -> Any:
    decoded = [(decode(key), decode(item)) for key, item in pairs]
    try:
        return dict(decoded)
    except TypeError:
        return decoded


def _decode_rest(value: Mapping[str, Any]) -> Any:
    if "tuple" in value:
        return tuple(decode(item) for item in value["tuple"])
    if "set" in value:
        return [decode(item) for item in value["set"]]
    if "float" in value:
        return float(value["float"])
    if "data" in value:
        return Data(value["data"], {name: decode(item) for name, item in value["fields"].items()})
    return Opaque(str(value.get("type", "unknown")))


#: How many rows of a table a learner takes in at a glance.
_FEW_ROWS = 4


def same(wanted: Any, seen: Any) -> bool:
    """Tell whether `seen` is as wanted; True and 1 are not the same."""
    if type(wanted) is bool or type(seen) is bool:
        return type(wanted) is type(seen) and bool(wanted == seen)
    if isinstance(wanted, (list, tuple)) and isinstance(seen, (list, tuple)):
        return type(wanted) is type(seen) and len(wanted) == len(seen) and all(map(same, wanted, seen))
    if isinstance(wanted, dict) and isinstance(seen, dict):
        return list(wanted) == list(seen) and all(same(wanted[key], seen[key]) for key in wanted)
    return bool(wanted == seen)


def differing(seen: Any, wanted: Any) -> tuple[Any, Any]:
    """Two values that are not the same; of two long tables only the rows in which they differ."""
    if type(seen) is type(wanted) is dict and len(wanted) > _FEW_ROWS and seen.keys() == wanted.keys():
        rows = [key for key in wanted if not same(wanted[key], seen[key])]
        if rows:  # else only their order differs
            return {key: seen[key] for key in rows}, {key: wanted[key] for key in rows}
    if _is_table(seen) and _is_table(wanted) and len(seen) == len(wanted) > _FEW_ROWS:
        pairs = [pair for pair in zip(seen, wanted, strict=True) if not same(pair[1], pair[0])]
        return [row for row, _ in pairs], [row for _, row in pairs]
    return seen, wanted


def _is_table(value: Any) -> bool:
    """Whether a value is a list of rows: each says itself what it is of, so a row can be shown without the others."""
    return type(value) is list and all(type(row) in (list, tuple) and row and type(row[0]) is str for row in value)
