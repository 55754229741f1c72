"""Written with trio's nursery: there is no trio run under asyncio.

Breaks: G1 on asyncio
Also: R1 R2 R3 R4 R5 G2 G3 G4 G5 G6 G9
"""

import trio


async def gather_within(jobs: Sequence[Callable[[], Awaitable[T]]], *, timeout: float) -> list[T | TimedOut]:
    results: list[T | TimedOut] = [TIMED_OUT] * len(jobs)

    async def run(index: int, job: Callable[[], Awaitable[T]]) -> None:
        with trio.move_on_after(timeout):
            results[index] = await job()

    async with trio.open_nursery() as nursery:
        for index, job in enumerate(jobs):
            nursery.start_soon(run, index, job)
    return results
