"""Raises the `TimeoutError` inside a task group, which wraps it.

Base: right/plain
Breaks: R2
Also: R6
"""


async def drain_or_fail(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    async with anyio.create_task_group() as group:
        with anyio.move_on_at(deadline):
            await run_tasks(queue, report)
        if queue:
            raise TimeoutError
    return report
