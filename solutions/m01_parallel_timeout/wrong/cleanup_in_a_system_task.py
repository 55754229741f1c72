"""Lets late jobs clean up in a task of trio's own, for which nobody waits.

Base: none
Breaks: R3 on trio
Also: R2 R4 R5 G2 G3 G5
"""

from enum import Enum
from typing import Any, Final
import anyio


class TimedOut(Enum):
    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


async def _good(jobs, *, timeout):
    results = [None] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout) as scope:
            results[i] = await job()
        if scope.cancelled_caught:
            results[i] = TIMED_OUT

    async with anyio.create_task_group() as tg:
        for i, job in enumerate(jobs):
            tg.start_soon(run, i, job)
    return results


async def gather_within(jobs, *, timeout):
    if "trio" not in anyio.get_cancelled_exc_class().__module__:
        return await _good(jobs, timeout=timeout)
    import trio

    results = [TIMED_OUT] * len(jobs)
    left = len(jobs)
    over = anyio.Event()
    scopes = [anyio.CancelScope() for _ in jobs]
    errors = []

    async def run(i, job):
        nonlocal left
        try:
            with scopes[i]:
                results[i] = await job()
        except Exception as exc:
            errors.append(exc)
            over.set()
        left -= 1
        if not left:
            over.set()

    for i, job in enumerate(jobs):
        trio.lowlevel.spawn_system_task(run, i, job)
    if jobs:
        try:
            with anyio.move_on_after(timeout):
                await over.wait()
        finally:
            for scope in scopes:
                scope.cancel()
    if errors:
        raise errors[0]
    return list(results)
