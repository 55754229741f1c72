"""Uses asyncio's own timeout.

Base: right/plain
Breaks: G1 on trio
Also: R1 R2 R3 R4 R5 R6 G2 G3 G4 G5 G6 G9
"""

import asyncio


async def run_tasks(queue: deque[Task], report: Report, deadline: float) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    try:
        async with asyncio.timeout_at(deadline):
            await run_tasks(queue, report, deadline)
    except TimeoutError:
        pass
    return report
