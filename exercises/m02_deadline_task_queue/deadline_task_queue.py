"""Work through a queue of tasks until a deadline, and lose none of them.

`deadline` is a point in time on the clock of `anyio.current_time()`.

Core. Run the tasks one at a time, in queue order. One that finished leaves the queue and is in `done`; one that
raised leaves it and is in `failed` with its exception, even a `TimeoutError`, and the queue goes on. At `deadline`
the running task is cancelled, and nothing is started from then on. If it answers with an error or finishes all the
same, that counts. Otherwise it stays in the queue, in its place, as it does when the call is cancelled from outside.

- `drain_until` then returns its report.
- `drain_or_fail` raises `TimeoutError` if time left tasks in the queue, else returns the report.

Stretch. Do not start a task whose `estimate` is more than the time left; it stays, and later ones that fit still run.
An earlier deadline around the call counts too.

Use anyio; the file must work on asyncio and trio.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """Something to do: `work()` is awaited and takes about `estimate` seconds."""

    name: str
    work: Callable[[], Awaitable[object]]
    estimate: float = 0.0


@dataclass
class Report:
    """What a call got done: names of tasks, and the exceptions of those that failed."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    """Run tasks until `deadline`; report whatever got done."""
    # TODO: run the first task of the queue; when it has ended, and only then, take it out.
    # TODO: bound all of that by `deadline`.
    # TODO: start nothing when the deadline has passed.
    raise NotImplementedError("TODO: write drain_until")


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    """Run all tasks by `deadline`, or raise `TimeoutError`."""
    # TODO: the same; at the end the queue itself shows whether all of it was done.
    raise NotImplementedError("TODO: write drain_or_fail")
