"""Keeps all task groups of the module in a list: an error in one call cancels the jobs of the others.

Breaks: R1
"""

from enum import Enum
from typing import Any, Final
import anyio


class TimedOut(Enum):
    TIMED_OUT = "timed out"


TIMED_OUT: Final = TimedOut.TIMED_OUT


_GROUPS: list = []


async def gather_within(jobs, *, timeout):
    results = [TIMED_OUT] * len(jobs)

    async def run(i, job):
        with anyio.move_on_after(timeout):
            try:
                results[i] = await job()
            except Exception:
                for g in _GROUPS:
                    g.cancel_scope.cancel()
                raise

    async with anyio.create_task_group() as tg:
        _GROUPS.append(tg)
        try:
            for i, job in enumerate(jobs):
                tg.start_soon(run, i, job)
            if jobs:
                await anyio.sleep(0)
        finally:
            tg.start_soon(anyio.lowlevel.checkpoint)
    _GROUPS.remove(tg)
    return results
