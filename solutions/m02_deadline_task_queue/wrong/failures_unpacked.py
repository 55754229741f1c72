"""Catches errors with `except*` and takes the first one out of the group.

Base: right/plain
Breaks: R1
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        try:
            await task.work()
        except* Exception as group:
            report.failed[task.name] = group.exceptions[0]
        else:
            report.done.append(task.name)
        del queue[place]
