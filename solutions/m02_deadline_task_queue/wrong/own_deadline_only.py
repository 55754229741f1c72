"""Looks at its own deadline only.

Base: right/plain
Breaks: R4
"""


async def run_tasks(queue: deque[Task], report: Report, deadline: float) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = deadline - anyio.current_time()
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
    with anyio.move_on_at(deadline):
        await run_tasks(queue, report, deadline)
    return report
