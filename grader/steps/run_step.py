"""What a page shows of one step of a run: who ran, which lines, what happened, where every other task is."""

from __future__ import annotations

from dataclasses import dataclass

RAN, READY, WAITS, ENDED = "ran", "ready", "waits", "ended"


@dataclass(frozen=True)
class TaskState:
    """Where a task is after a step.

    Args:
        name: of the task, or whom it acts for.
        state: ``ran`` (it made this step), ``ready`` (it could have made it), ``waits`` or ``ended``.
        line: of the source that the page shows; None if it is in none.
        words: what it waits for, as a sentence has it.
    """

    name: str
    state: str
    line: int | None
    words: str


@dataclass(frozen=True)
class RunStep:
    """One step.

    Args:
        number: among the steps of the run.
        time: virtual seconds, for people.
        who: made it.
        lines: of the source that the page shows, in the order in which it ran them.
        then: how it ended: what the task waits for now, or that it is over.
        happened: what began and ended in it, a phrase each.
        tasks: all that have started and not ended before this step.
        held: locks, and who holds them.
        ran: what it ran, in words; empty if the numbers of the lines say it.
    """

    number: int
    time: str
    who: str
    lines: tuple[int, ...]
    then: str
    happened: tuple[str, ...]
    tasks: tuple[TaskState, ...]
    held: tuple[str, ...]
    ran: str = ""
