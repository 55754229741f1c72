"""Takes `work` for an `async def` function.

Base: right/plain
Breaks: G9
"""

import inspect


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        try:
            made = task.work()
            if not inspect.iscoroutine(made):
                raise TypeError("work must be async")
            await made
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
