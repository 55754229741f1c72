"""Where a stopped run stands: who is ready and at which line, what the others wait for, and what the program's variables hold."""

from __future__ import annotations

import inspect
import linecache
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from grader.notebook.recorder import Recorder, Task
from grader.worker.watch.places import is_library

MOST_VARIABLES, LONGEST = 10, 52
_PLAIN = (bool, int, float, str, list, tuple, set, frozenset, dict, deque)


@dataclass(frozen=True)
class GameState:
    """A run at a choice.

    Args:
        time: of its clock (s).
        options: the moves that can be made, the one in order first.
        ready: name and next line of each task that can go on, in the order of the queue.
        waiting: name of each task that waits, and for what.
        held: what the program's variables hold: locks, slots, streams, plain values.
    """

    time: float
    options: tuple[str, ...]
    ready: tuple[tuple[str, str], ...]
    waiting: tuple[tuple[str, str], ...]
    held: tuple[str, ...]


def state_of(
    recorder: Recorder, words: Mapping[int, str], ready: Sequence[Task], options: tuple[str, ...], time: float
) -> GameState:
    """Where a run stands.

    Args:
        recorder: of the run.
        words: identity of a task → what it is called in a move.
        ready: the tasks that can go on, in the order of the queue.
        options: the moves that can be made.
        time: of its clock (s).
    """

    def name(task: Task) -> str:
        return words.get(id(task), task.name)

    waiting = [task for task in recorder.tasks if task.how == "open" and not any(task is each for each in ready)]
    return GameState(
        time,
        options,
        tuple((name(task), next_line(recorder, task)) for task in ready),
        tuple((name(task), _waits(recorder, task)) for task in waiting if task.coro is not None),
        tuple(_variables(recorder))[:MOST_VARIABLES],
    )


def next_line(recorder: Recorder, task: Task) -> str:
    """The line at which a task goes on, with its number."""
    if task.coro is None:
        return ""
    if inspect.iscoroutine(task.coro) and inspect.getcoroutinestate(task.coro) == inspect.CORO_CREATED:
        return f"begins `{task.coro.__name__}`"
    place = recorder.place(task)
    if not place.line:
        return "begins"
    if place.kind == "children":
        return f"line {place.line}: leaves its task group"
    return f"line {place.line}: {linecache.getline(place.file, place.line).strip()}"


def _waits(recorder: Recorder, task: Task) -> str:
    place = recorder.place(task)
    call = f"{place.call} of {place.name}" if place.name else place.call
    held = f", held by {place.holder}" if place.holder else ""
    return f"line {place.line}, in {call}{held}" if place.line else call


def _variables(recorder: Recorder) -> Iterator[str]:
    """What the variables of the program hold, a line each: things that tasks wait for first."""
    coro = recorder.tasks[0].coro
    frame = getattr(coro, "cr_frame", None)
    if frame is None:
        return
    named = [(name, value) for name, value in frame.f_locals.items() if not name.startswith("_")]
    for name, value in list(named):
        if _is_own(value):
            kept = [(key, each) for key, each in vars(value).items() if not key.startswith("_")]
            named += [(f"{name}.{key}", each) for key, each in kept]
    things = [f"{name}: {said}" for name, value in named if (said := _thing(recorder, value))]
    plain = [f"{name}: {_short(value)}" for name, value in named if type(value) in _PLAIN]
    yield from [*things, *plain]


def _is_own(value: Any) -> bool:
    """Whether a value is of a class that the cell, or the lesson, defines itself."""
    init = getattr(type(value), "__init__", None)
    code = getattr(init, "__code__", None)
    return hasattr(value, "__dict__") and code is not None and not is_library(code.co_filename)


def _thing(recorder: Recorder, value: Any) -> str:
    """What something that tasks wait for holds, in words; empty if it is not such a thing."""
    holder = recorder.holder_of(value)
    if holder is not None:
        return f"held by {holder}" if holder else "free"
    if isinstance(value, anyio.Semaphore):
        return f"{value.value} free"
    if isinstance(value, anyio.CapacityLimiter):
        return f"{value.available_tokens:g} free"
    if isinstance(value, anyio.Event):
        return "set" if value.is_set() else "not set"
    if isinstance(value, anyio.abc.ObjectReceiveStream) and hasattr(value, "statistics"):
        return f"{value.statistics().current_buffer_used} inside"
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
