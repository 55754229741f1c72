"""Looks at all estimates before the first task runs.

Base: right/plain
Breaks: R4
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    end = anyio.current_effective_deadline()
    fits = {task.name for task in queue if task.estimate <= end - anyio.current_time()}
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.name not in fits:
            place += 1
            continue
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
