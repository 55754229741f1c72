"""Reading a trace: what happened in one run, in the words of a check. A reader that finds nothing fails the subject."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from grader.checks.phrases import KINDS, breaking_off
from grader.checks.rule import CheckFailed
from grader.checks.values import Data, Error, decode, differing, same

T = TypeVar("T")

BLOCKING = "a call that blocks the event loop"
"""What a check has looked at that found one; the call and its line are what it saw."""
WAKE_UPS = "wake-ups"
"""How the words of a check begin that has counted them (G6)."""


class Span:
    """Something that took time: a call of the subject, a job that it ran, an actor, a step of a script."""

    def __init__(self, data: Mapping[str, Any], trace: Trace) -> None:
        self._data, self._trace = data, trace
        self.id: int = data["id"]
        self.parent: int | None = data["parent"]
        self.who: str = data["who"]
        self.what: str = data["what"]
        self.task: str = data["task"]
        self.start: float = data["start"]
        self.end: float | None = data["end"]
        #: ``returned``, ``raised``, ``cancelled`` or ``open``: it never ended
        self.how: str = data["how"]
        self.steps: int = data["steps"]
        self.line: int | None = data["line"]
        self.begun: int = data["order"][0]
        self.finished: int | None = data["order"][1]
        #: when a cancellation first reached it, and whether that came from outside
        self.cancelled_at: float | None = data["cancelled"]
        self.outside: bool = data["outside"]

    @property
    def trace(self) -> Trace:
        """The run that it is of."""
        return self._trace

    @property
    def is_call(self) -> bool:
        """Whether it is a call of the subject."""
        return bool(self._data["subject"])

    @property
    def plain_args(self) -> list[Any]:
        """What it was called with, as plain data."""
        return list(self._data["args"])

    @property
    def args(self) -> list[Any]:
        """What it was called with."""
        return [decode(arg) for arg in self._data["args"]]

    @property
    def value(self) -> Any:
        """What it returned; fails the subject if it did not return."""
        if self.how != "returned":
            self._trace.fail(self.name, f"{self.ending}, where it should return")
        self._trace.reads.append(self)
        return decode(self._data["value"])

    def value_as(self, kind: type[T]) -> T:
        """What it returned, as a `list`, `dict`, `tuple`, `str` …; fails the subject if it is something else."""
        value = float(self.value) if kind is float and type(self.value) is int else self.value
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._trace.fail(self.name, f"returned {value!r}, which is not {KINDS.get(kind, kind.__name__)}")
        return value

    def part(self, name: str) -> Any:
        """That attribute of what it returned, such as ``done`` of a report; fails the subject if there is none."""
        value = self.value
        if not isinstance(value, Data) or name not in value.fields:
            self._trace.fail(self.name, f"returned {value!r}, which has no `{name}`")
        return value.fields[name]

    def error_part(self, name: str) -> Any:
        """That attribute of the error that it raised; fails the subject if there is none."""
        if self.raised is None or name not in self.raised.attributes:
            self._trace.fail(self.name, f"{self.ending}, without an attribute `{name}`")
        return self.raised.attributes[name]

    @property
    def raised(self) -> Error | None:
        """The exception that it raised, or None."""
        error = self._data["error"]
        return None if error is None else Error(error)

    @property
    def errors(self) -> list[Error]:
        """The exceptions that it raised, out of their groups; empty if it raised none."""
        return [] if self.raised is None else self.raised.leaves

    @property
    def is_cancelled(self) -> bool:
        """Whether it ended by a cancellation, be it in a group that holds nothing else."""
        kinds = {error.kind for error in self.errors}
        return self.how == "cancelled" or (bool(kinds) and kinds <= {"Cancelled", "CancelledError"})

    @property
    def left(self) -> dict[str, list[str]]:
        """What it left behind when it ended: ``tasks``, ``streams``, ``files``, ``locks`` → names."""
        return dict(self._data.get("left", {}))

    @property
    def name(self) -> str:
        """How feedback calls it."""
        if self.what == "actor":
            return self.who
        return f"{self.what} of {self.who}" if self.who not in ("caller", "scene") else self.what

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        where = f" at line {self.line}" if self.line else ""
        words = {"returned": "returned", "cancelled": f"was cancelled{where}", "open": "never ended"}
        return words.get(self.how) or f"raised {self.raised!r}{where}"

    @property
    def took(self) -> float | None:
        """How long it took (virtual s); None if it never ended."""
        return None if self.end is None else self.end - self.start

    def inside(self, other: Span) -> bool:
        """Tell whether it lies within `other`."""
        span: Span | None = self
        while span is not None and span.id != other.id:
            span = self._trace.by_id.get(span.parent) if span.parent is not None else None
        return span is not None


class Trace:
    """One run.

    Args:
        data: the trace as plain data, format 1 (``docs/trace_format.md``).
        part: of the check's sentence that the plan is about, if no expectation names another one.
    """

    def __init__(self, data: Mapping[str, Any], part: str = "") -> None:
        self._data, self.part = data, part
        self._spans: list[Span] | None = None
        self._by_id: dict[int, Span] | None = None
        #: the span whose value was read last
        self.reads: deque[Span] = deque(maxlen=1)

    @property
    def data(self) -> Mapping[str, Any]:
        """The trace as plain data."""
        return self._data

    @property
    def backend(self) -> str:
        """``asyncio`` or ``trio``."""
        return str(self.data["backend"])

    @property
    def spans(self) -> list[Span]:
        """All spans, in the order in which they began."""
        if self._spans is None:
            self._spans = [Span(data, self) for data in self.data["spans"]]
        return self._spans

    @property
    def by_id(self) -> dict[int, Span]:
        """The spans by number."""
        if self._by_id is None:
            self._by_id = {span.id: span for span in self.spans}
        return self._by_id

    @property
    def steps(self) -> int:
        """Wake-ups of all tasks."""
        return int(self.data["steps"])

    @property
    def time(self) -> float:
        """When the run ended (virtual s)."""
        return float(self.data["time"])

    # -- finding -----------------------------------------------------------------------------------------------
    @property
    def call(self) -> Span:
        """The first call of the subject."""
        return self.first([s for s in self.spans if s.is_call], "the call", "was never made")

    def calls(self, what: str | None = None) -> list[Span]:
        """All calls of the subject (of that name), in order of their beginning."""
        return [span for span in self.spans if span.is_call and what in (None, span.what)]

    def all(self, what: str, who: str | None = None) -> list[Span]:
        """All spans of that kind (and of that actor or job), in order of their beginning."""
        return [span for span in self.spans if span.what == what and who in (None, span.who)]

    def some(self, what: str, who: str | None = None) -> list[Span]:
        """As `all`; fails the subject if there is none."""
        found = self.all(what, who)
        self.first(found, f"{what} of {who}" if who else what, "never happened")
        return found

    def ends(self, what: str, who: str | None = None) -> list[float]:
        """When the spans of that kind ended (virtual s); fails the subject if there is none, or one never ended."""
        found = self.some(what, who)
        for span in found:
            if span.end is None:
                self.fail(span.name, span.ending)
        return [span.end for span in found if span.end is not None]

    def one(self, what: str, who: str | None = None) -> Span:
        """The first span of that kind; fails the subject if there is none."""
        return self.first(self.all(what, who), f"{what} of {who}" if who else what, "never happened")

    def of(self, who: str) -> Actor:
        """What the actor or job of that name did; fails the subject if it never began."""
        return Actor(self.first([s for s in self.spans if s.who == who], who, "was never started"), self)

    def names(self, what: str) -> list[str]:
        """Whose spans of that kind began, in order."""
        return [span.who for span in self.all(what)]

    def most_open(self, what: str) -> int:
        """How many spans of that kind were open at once, at most."""
        events = [(s.begun, 1) for s in self.all(what)]
        events += [(s.finished, -1) for s in self.all(what) if s.finished is not None]
        most = now = 0
        for _, change in sorted(events):
            now += change
            most = max(most, now)
        return most

    def notes(self, what: str, who: str | None = None) -> list[dict[str, Any]]:
        """The notes of that kind: ``t``, ``order``, ``who``, ``what``, ``value``, ``span``."""
        found = [n for n in self.data["notes"] if n["what"] == what and who in (None, n["who"])]
        return [{**n, "value": decode(n["value"])} for n in found]

    def first(self, spans: list[Span], name: str, missing: str) -> Span:
        """Return the first of the spans; fails the subject, which `missing` says of what is called `name`, if there is none."""
        if not spans:
            self.fail(name, missing)
        return spans[0]

    # -- judging -----------------------------------------------------------------------------------------------
    def expect(self, what: str, seen: Any, wanted: Any, *, unit: str = "", happened: str = "", part: str = "") -> None:
        """Fail the subject unless `seen` is as wanted.

        Args:
            what: what is looked at, in a few words that the learner reads.
            seen: the value of this run.
            wanted: a value, or a matcher such as `near`.
            unit: of the numbers, such as ``s``: a dictionary of times then reads `b at 5 s`.
            happened: what happened in the scene, in a sentence that comes before the values.
            part: the part of the check's sentence that this is about, as a sentence of its own: it is the headline then.

        Raises:
            CheckFailed: if they differ.
        """
        if not same(wanted, seen):
            raise CheckFailed(what, *differing(seen, wanted), self.data, unit, happened, part or self.part)

    def expect_that(self, what: str, holds: bool, seen: str, *, happened: str = "", part: str = "") -> None:  # noqa: FBT001
        """Fail the subject unless `holds`; `seen` says in words what was seen instead."""
        if not holds:
            raise CheckFailed(what, seen, None, self.data, happened=happened, part=part or self.part)

    def fail(self, what: str, seen: str) -> NoReturn:
        """Fail the subject: always raises `CheckFailed`."""
        raise CheckFailed(what, seen, None, self.data, part=self.part)

    def expect_ended(self) -> None:
        """Fail the subject if the run did not end by itself, or if the subject is not written yet."""
        for span in self.calls():
            if span.raised == "NotImplementedError":
                self.fail("not written yet", f"`{span.what}` raises NotImplementedError (line {span.line})")
            if span.raised == "NotAwaitable":
                self.fail("no coroutine", f"`{span.what}` must be an `async def` function: {span.raised.text}")
        if self.data["end"]["kind"] != "done":
            self.fail(*breaking_off(self.data["end"]))

    def expect_begun(self, *who: str, what: str = "run", part: str = "") -> None:
        """Fail the subject unless each of these began at all: without that nothing is shown by what follows."""
        if never := [name for name in who if not self.all(what, name)]:
            self.expect_that(" and ".join(never), holds=False, seen="never started", part=part)

    def expect_all_ended(self, what: str = "run", *, part: str = "") -> None:
        """Fail the subject if a span of that kind, such as a job, had not ended when the first call did."""
        end = self.call.finished or 0
        going = [span.who for span in self.all(what) if span.finished is None or span.finished > end]
        self.expect_that(f"when {self.call.what} ended", not going, f"{', '.join(going)} had not ended", part=part)

    def expect_nothing_left(self, span: Span | None = None, *, but: Sequence[str] = ()) -> None:
        """Fail the subject if the call left tasks, streams, files or locks behind (G2), except the kinds in `but`."""
        for call in [span] if span is not None else self.calls():
            left = {kind: names for kind, names in call.left.items() if kind not in but}
            words = ", ".join(f"{kind}: {', '.join(names)}" for kind, names in left.items())
            self.expect_that(f"left behind when {call.what} ended", not left, words)
        self.expect_that(
            "coroutines that were never awaited",
            not self.data["probes"]["unawaited"],
            ", ".join(self.data["probes"]["unawaited"]),
        )

    def expect_not_blocked(self) -> None:
        """Fail the subject if it made a call that blocks the event loop (G4)."""
        for entry in self.data["probes"]["blocking"]:
            self.fail(BLOCKING, f"{entry['call']} at line {entry['line']}")

    def expect_cancelled(self, call: Span | None = None, *, part: str = "") -> None:
        """Fail the subject unless that call, or the first, ended by the cancellation from outside (G3)."""
        call = call or self.call
        self.expect_that("cancelled from outside", call.is_cancelled, f"{call.name} {call.ending}", part=part)

    def expect_cancellation_passes(self, *, jobs: str = "run") -> None:
        """Fail the subject if a cancellation from outside reached a call and the call did not end by it (G3)."""
        for call in self.calls():
            struck = call.outside or any(j.outside and j.inside(call) for j in self.all(jobs))
            if struck and call.how == "returned":
                line = f" at line {call.line}" if call.line else ""
                self.fail("cancelled from outside", f"{call.what} was interrupted{line} and returned all the same")


class Actor:
    """What one actor or job did."""

    def __init__(self, span: Span, trace: Trace) -> None:
        self._span, self._trace = span, trace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._span, name)

    @property
    def span(self) -> Span:
        """Its first span: the whole of it."""
        return self._span

    def __getitem__(self, step: Sequence[Any]) -> Span:
        """Return the first span of that step, such as ``take("a")``; fails the subject if it was never reached."""
        verb, *args = step
        spans = [s for s in self._trace.all(verb, self._span.who) if args in (s.args, s.plain_args)]
        return self._trace.first(spans, f"{verb} {' '.join(map(str, args))} of {self._span.who}", "was never reached")
