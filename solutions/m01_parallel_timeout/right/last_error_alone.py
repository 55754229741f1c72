"""Built with an object per job and an event for the end of them all; of several errors just the last one leaves, bare."""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, TypeVar

import anyio

T = TypeVar("T")


class TimedOut(Enum):
    """What stands in the result for a job that ran out of time."""

    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


class _Running:
    def __init__(self, job: Callable[[], Awaitable[object]], timeout: float) -> None:
        self.job, self.timeout = job, timeout
        self.entry: object = TIMED_OUT
        self.error: BaseException | None = None

    async def __call__(self) -> bool:
        """Run the job; tell whether all is well."""
        with anyio.CancelScope(deadline=anyio.current_time() + self.timeout):
            try:
                self.entry = await self.job()
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:
                self.error = error
        return self.error is None


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    running = [_Running(job, timeout) for job in jobs]
    left = len(running)
    over = anyio.Event()

    async def follow(one: _Running) -> None:
        nonlocal left
        if not await one():
            over.set()
        left -= 1
        if not left:
            over.set()

    async with anyio.create_task_group() as group:
        for one in running:
            group.start_soon(follow, one)
        if running:
            await over.wait()
            if any(one.error for one in running):
                group.cancel_scope.cancel()
    errors = [one.error for one in running if one.error is not None]
    exits = [error for error in errors if not isinstance(error, Exception)]
    for error in (exits or errors)[-1:]:
        raise error
    return [one.entry for one in running]
