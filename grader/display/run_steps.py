"""The steps of a run, one by one: who ran, at which lines, what happened, where every other task is. Read from a trace that was looked at closely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.checks.phrases import seconds
from grader.checks.trace import Span, Trace
from grader.steps.run_step import ENDED, RAN, READY, WAITS, RunStep, TaskState


def steps_of(trace: Trace) -> tuple[list[RunStep], int]:
    """The steps in which the learner's file ran or something happened; and how many others were left out.

    Raises:
        ValueError: the run was not looked at closely.
    """
    observed = trace.data.get("probes", {}).get("observed", {})
    if "moves" not in observed:
        raise ValueError("this run was not looked at closely: its steps are not known")
    reading = _Reading(trace, observed["moves"], observed["path"])
    steps = list(reading.steps())
    return steps, len(observed["moves"]) - sum(step.number <= len(observed["moves"]) for step in steps)


class _Reading:
    """Goes through the steps of one run."""

    def __init__(self, trace: Trace, moves: Sequence[Mapping[str, Any]], path: Sequence[Sequence[Any]]) -> None:
        self._trace, self._moves, self._path = trace, moves, path
        self._events = sorted(_events(trace))
        self._names = _names(trace, moves)
        self._last: dict[int, Mapping[str, Any]] = {}

    def steps(self) -> Iterator[RunStep]:
        """The steps worth looking at."""
        lines_before, tick_before = 0, -1
        for number, move in enumerate(self._moves, 1):
            lines = tuple(line for _, line in self._path[lines_before : move["path"]])
            happened = tuple(words for tick, words in self._events if tick_before < tick <= move["tick"])
            lines_before, tick_before = move["path"], move["tick"]
            before = dict(self._last)
            self._last[move["task"]] = move
            if lines or happened:
                yield self._step(number, move, lines, happened, before)
        rest = tuple(line for _, line in self._path[lines_before:])
        if rest and self._moves and self._trace.data["end"]["kind"] in ("stuck", "exit", "runaway"):
            end = self._trace.data["end"]
            states = tuple(self._state(serial, None, set()) for serial in self._last if not self._last[serial]["over"])
            task = str(self._path[-1][0]).rpartition("#")[0]
            at = seconds(self._trace.time)
            said = f"{end['kind']}: {end['text']}"
            yield RunStep(len(self._moves) + 1, at, task, rest, said, (), states, self._lock_words(self._moves[-1]))

    def _step(
        self,
        number: int,
        move: Mapping[str, Any],
        lines: tuple[int, ...],
        happened: tuple[str, ...],
        before: Mapping[int, Mapping[str, Any]],
    ) -> RunStep:
        ready = set(move["ready"])
        known = [
            serial for serial in sorted({*self._last, *ready}) if not (serial in before and before[serial]["over"])
        ]
        states = tuple(self._state(serial, move["task"], ready) for serial in known)
        return RunStep(
            number,
            seconds(move["t"]),
            self._names[move["task"]],
            lines,
            "it ends" if move["over"] else self._wait_words(move),
            happened,
            states,
            self._lock_words(move),
        )

    def _state(self, serial: int, running: int | None, ready: set[int]) -> TaskState:
        name, move = self._names[serial], self._last.get(serial)
        if move is None:
            return TaskState(name, READY, None, "it has not begun")
        if serial == running:
            state = ENDED if move["over"] else RAN
            return TaskState(name, state, move["line"], "it ends" if move["over"] else self._wait_words(move))
        if serial in ready:
            return TaskState(name, READY, move["line"], "it could have gone on, too")
        return TaskState(name, WAITS, move["line"], self._wait_words(move))

    def _wait_words(self, move: Mapping[str, Any]) -> str:
        """What a task waits for after its step."""
        span = self._trace.by_id.get(move["span"]) if move["span"] is not None else None
        inner = "" if span is None or span.is_call or span.what == "actor" else f"`{_span_words(span)}`"
        if move["line"] is None:
            return f"waits outside your file, in {inner}" if inner else "waits outside your file"
        if "TaskGroup" in move["call"] or "Nursery" in move["call"]:
            return f"waits in line {move['line']} for the tasks of its group"
        call = f"`{move['call']}`" + (f" of `{move['of']}`" if move["of"] else "") if move["call"] else ""
        return f"waits in line {move['line']}" + (f", in {inner or call}" if inner or call else "")

    def _lock_words(self, move: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(f"`{label}` is held by `{self._names.get(serial, '?')}`" for label, serial in move["held"])


def _names(trace: Trace, moves: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Serial of each task → what it is called: whom it acts for, with the name of its task where several act for one."""
    tasks = trace.data["tasks"]
    who: dict[int, str] = {}
    for move in moves:
        who.setdefault(move["task"], str(move["who"]))
    for move in moves:
        for serial in move["ready"]:
            if serial not in who:
                who[serial] = str(tasks[serial]["name"]) if serial < len(tasks) else f"task {serial}"
    counts: dict[str, int] = {}
    names = {}
    for serial, name in sorted(who.items()):
        counts[name] = counts.get(name, 0) + 1
        names[serial] = name if counts[name] == 1 else f"{name} {counts[name]}"
    return names


def _span_words(span: Span) -> str:
    if span.what == "actor":
        return span.who
    args = " ".join(str(arg) for arg in span.plain_args if isinstance(arg, (str, int, float)))
    return f"{span.who}: {span.what} {args}".rstrip()


def _events(trace: Trace) -> Iterator[tuple[int, str]]:
    """What began and ended, and what was noted: its place among all events, and words."""
    for span in trace.spans:
        yield span.begun, f"`{_span_words(span)}` begins"
        if span.finished is not None:
            yield span.finished, f"`{_span_words(span)}` {span.ending}"
    for note in trace.data["notes"]:
        value = note["value"] if isinstance(note["value"], (str, int, float)) else ""
        yield note["order"], f"`{note['who']}`: {note['what']} {value}".rstrip()
