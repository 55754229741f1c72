"""What happened in a run: spans (something with a beginning and an end) and notes, and values as plain data."""

from __future__ import annotations

import asyncio
import builtins
import dataclasses
import enum
import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import trio

#: Version of the trace format; `docs/trace_format.md` describes it.
FORMAT = 1
MAX_SPANS = 5_000
MAX_NOTES = 10_000
_MAX_DEPTH = 6
_MAX_ITEMS = 1_000
_MAX_TEXT = 2_000
_MAX_BITS = 1_024
_PLAIN = frozenset({type(None), bool, int, float, str})


@dataclass(eq=False)
class SpanRecord:
    """One thing that took time: an actor, a call of the subject, a job that the subject ran, a step of a script."""

    id: int
    parent: SpanRecord | None
    who: str
    what: str
    args: list[Any]
    start: float
    task: str
    begun: int  # place in the order of all events of the run
    subject: bool = False  # the subject's own code runs inside it
    end: float | None = None
    ended: int | None = None
    how: str = "open"
    value: Any = None
    error: Any = None
    cancelled: float | None = None  # when a cancellation first reached it
    outside: bool = False  # that cancellation came from outside the subject
    line: int | None = None  # line of the subject at which it did
    steps: int = 0
    left: dict[str, list[Any]] | None = None

    def inside(self, other: SpanRecord) -> bool:
        """Tell whether this span is `other` or lies within it."""
        span: SpanRecord | None = self
        while span is not None:
            if span is other:
                return True
            span = span.parent
        return False

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, as the trace format has it."""
        data: dict[str, Any] = {
            "id": self.id,
            "parent": self.parent.id if self.parent is not None else None,
            "who": self.who,
            "what": self.what,
            "args": self.args,
            "task": self.task,
            "subject": self.subject,
            "start": _time(self.start),
            "end": _time(self.end),
            "order": [self.begun, self.ended],
            "how": self.how,
            "value": self.value,
            "error": self.error,
            "cancelled": _time(self.cancelled),
            "outside": self.outside,
            "line": self.line,
            "steps": self.steps,
        }
        if self.left:
            data["left"] = self.left
        return data


def _time(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


@dataclass
class RunRecord:
    """Collects the spans and notes of one run.

    Args:
        clock: returns the virtual time (s).
    """

    clock: Callable[[], float]
    spans: list[SpanRecord] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[int, tuple[Any, str]] = field(default_factory=dict)
    frozen: list[dict[str, Any]] | None = None
    full: bool = False
    _plain_tokens: bool = False  # one of the tokens is plain data
    _ids: Any = field(default_factory=itertools.count)
    _ticks: int = -1

    def tick(self) -> int:
        """Return the place of the next event in the order of all events."""
        self._ticks += 1
        return self._ticks

    @property
    def last_tick(self) -> int:
        """The place of the last event; -1 before the first."""
        return self._ticks

    def begin(self, who: str, what: str, args: list[Any], *, parent: SpanRecord | None, task: str) -> SpanRecord:
        """Open a span now."""
        span = SpanRecord(next(self._ids), parent, who, what, args, self.clock(), task, self.tick())
        if self.frozen is None:
            if len(self.spans) < MAX_SPANS:
                self.spans.append(span)
            else:
                self.full = True
        return span

    def note(self, who: str, what: str, value: Any, span: SpanRecord | None) -> None:
        """Note that something happened now."""
        if self.frozen is not None:
            return
        if len(self.notes) >= MAX_NOTES:
            self.full = True
            return
        entry = {"t": _time(self.clock()), "order": self.tick(), "who": who, "what": what, "value": self.encode(value)}
        entry["span"] = span.id if span is not None else None
        self.notes.append(entry)

    def token(self, thing: Any, name: str) -> None:
        """From now on `thing`, compared by identity, is encoded as its name."""
        self.tokens[id(thing)] = (thing, name)  # keeps it alive: an id is unique only among the living
        self._plain_tokens = self._plain_tokens or type(thing) in _PLAIN

    def freeze(self) -> None:
        """Keep the spans as they are now; what happens later does not count."""
        if self.frozen is None:
            self.frozen = [span.plain() for span in self.spans]

    def plain_spans(self) -> list[dict[str, Any]]:
        """Return all spans as plain data."""
        return self.frozen if self.frozen is not None else [span.plain() for span in self.spans]

    # -- values ------------------------------------------------------------------------------------------------
    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return `value` as plain data without running any code of the subject's: types are compared by identity."""
        kind = type(value)
        if kind not in _PLAIN or self._plain_tokens:  # `id` is slow here: the interpreter audits it
            known = self.tokens.get(id(value))
            if known is not None and known[0] is value:
                return {"token": known[1]}
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if value.bit_length() <= _MAX_BITS else {"type": "int"}
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is str:
            return value[:_MAX_TEXT]
        if depth >= _MAX_DEPTH:
            return {"type": kind.__name__}
        return self._encode_composite(value, kind, depth + 1)

    def _encode_composite(self, value: Any, kind: type, depth: int) -> Any:
        if issubclass(kind, enum.Enum):
            return {"enum": str(object.__getattribute__(value, "_name_"))}
        for base, encode in _BASES.items():  # an instance of a subclass will do: what the base itself holds counts
            if issubclass(kind, base):
                return encode(self, value, depth)
        if issubclass(kind, BaseException):
            return self.encode_error(value, depth)
        if dataclasses.is_dataclass(kind):
            names = [f.name for f in dataclasses.fields(kind)]
            values = {n: self.encode(object.__getattribute__(value, n), depth) for n in names if _has(value, n)}
            return {"data": kind.__name__, "fields": values}
        return {"type": kind.__name__}

    def encode_error(self, error: BaseException, depth: int = 0) -> dict[str, Any]:
        """Return an exception as plain data: its class, its token, the class names it is an instance of, its leaves."""
        kind = type(error)
        data: dict[str, Any] = {"error": _class_name(kind), "is": [_class_name(base) for base in _MRO(kind)[:-1]]}
        known = self.tokens.get(id(error))
        if known is not None and known[0] is error:
            data["token"] = known[1]
        if isinstance(error, BaseExceptionGroup):
            if depth < _MAX_DEPTH:
                data["leaves"] = [self.encode_error(leaf, depth) for leaf in leaves(error)[:_MAX_ITEMS]]
        else:
            data["text"] = _text(error)
        own = list(BaseException.__dict__["__dict__"].__get__(error).items())[:8] if hasattr(error, "__dict__") else []
        attributes = {str(name): self.encode(value, depth + 1) for name, value in own if not str(name).startswith("_")}
        if attributes:
            data["attributes"] = attributes
        return data


def _encode_list(record: RunRecord, value: list[Any], depth: int) -> Any:
    return [record.encode(item, depth) for item in list.__getitem__(value, slice(_MAX_ITEMS))]


def _encode_tuple(record: RunRecord, value: tuple[Any, ...], depth: int) -> Any:
    return {"tuple": [record.encode(item, depth) for item in tuple.__getitem__(value, slice(_MAX_ITEMS))]}


def _encode_dict(record: RunRecord, value: dict[Any, Any], depth: int) -> Any:
    pairs = itertools.islice(dict.items(value), _MAX_ITEMS)
    return {"dict": [[record.encode(key, depth), record.encode(item, depth)] for key, item in pairs]}


def _encode_set(record: RunRecord, value: Any, depth: int) -> Any:
    items = (set if isinstance(value, set) else frozenset).__iter__(value)
    return {"set": sorted((record.encode(item, depth) for item in items), key=repr)[:_MAX_ITEMS]}


_BASES: dict[type, Callable[[RunRecord, Any, int], Any]] = {
    list: _encode_list,
    tuple: _encode_tuple,
    dict: _encode_dict,
    set: _encode_set,
    frozenset: _encode_set,
    str: lambda record, value, depth: record.encode(str.__str__(value), depth),
    int: lambda record, value, depth: record.encode(int.__int__(value), depth),
    float: lambda record, value, depth: record.encode(float.__float__(value), depth),
}


#: Read past what a metaclass of the subject's says.
_NAME: Any = type.__dict__["__name__"].__get__
_MRO: Any = type.__dict__["__mro__"].__get__
_KNOWN = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}
_KNOWN |= {"CancelledError": asyncio.CancelledError, "Cancelled": trio.Cancelled}


def _class_name(kind: type) -> str:
    """Return the name of an exception's class, with its module if a builtin or a cancellation has that name."""
    name: str = _NAME(kind)
    return name if _KNOWN.get(name, kind) is kind else f"{kind.__module__}.{name}"


def _has(value: Any, name: str) -> bool:
    try:
        object.__getattribute__(value, name)
    except AttributeError:
        return False
    return True


_ADDRESS = re.compile(r"\b0x[0-9a-f]+|scope [0-9a-f]{6,}")
_ARGS: Any = BaseException.args  # read past whatever the subject's class defines


def _text(error: BaseException) -> str:
    parts = [arg for arg in _ARGS.__get__(error) if type(arg) in (str, int, float)]
    text = ", ".join(str(part) for part in parts)[:_MAX_TEXT]
    return _ADDRESS.sub("0x…", text)  # the same run gives the same text


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions in `error` that are not groups, in order; `error` itself if it is not one."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for inner in BaseExceptionGroup.exceptions.__get__(error) for leaf in leaves(inner)]
