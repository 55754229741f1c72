"""Built with a `Report` derived from the given one, of a list and a dictionary of kinds of their own."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from anyio import current_effective_deadline, current_time, move_on_at


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


class Names(list[str]):
    """Names of tasks, in order."""


class Failures(dict[str, Exception]):
    """Exceptions by the names of their tasks."""


@dataclass
class FullReport(Report):
    """A report that counts."""

    done: list[str] = field(default_factory=Names)
    failed: dict[str, Exception] = field(default_factory=Failures)

    @property
    def ended(self) -> int:
        """How many tasks ended."""
        return len(self.done) + len(self.failed)


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    """Run tasks until `deadline`; what was not done by then stays in the queue.

    Args:
        queue: tasks in the order in which they run; those that ended are taken out.
        deadline: on the clock of `anyio.current_time()`.

    Returns:
        Which tasks finished, and which failed with what.
    """
    report: Report = FullReport()
    with move_on_at(deadline):
        await _run_what_fits(queue, report)
    return report


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    """Run all tasks by `deadline`; arguments and result as for `drain_until`.

    Raises:
        TimeoutError: some tasks are still in the queue.
    """
    report = await drain_until(queue, deadline=deadline)
    # Tasks that finish or fail leave the queue, and cancellation from outside does not get here. So whatever is
    # left was left by the clock; nothing has to ask a scope whether it was cancelled.
    if queue:
        raise TimeoutError(f"{len(queue)} tasks were not done in time")
    return report


async def _run_what_fits(queue: deque[Task], report: Report) -> None:
    """Run the tasks that the time left is enough for, until the scope around this call ends it."""
    place = 0  # those before it do not fit: time only gets shorter
    while place < len(queue):
        task = queue[place]
        # The scope is around us, so this is the sooner of `deadline` and of every deadline around the caller.
        left = current_effective_deadline() - current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        # Only now, and with no checkpoint since it ended: cancelled before this, it is still in its place.
        del queue[place]
