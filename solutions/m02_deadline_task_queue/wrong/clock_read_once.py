"""Looks at the clock once, before the first task.

Base: right/plain
Breaks: R5
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    if anyio.current_effective_deadline() <= anyio.current_time():
        return
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if task.estimate and task.estimate > left:
            place += 1
            continue
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
