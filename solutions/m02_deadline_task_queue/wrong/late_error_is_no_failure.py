"""An error after the deadline is only noise of the cancellation: the task is kept.

Base: right/plain
Breaks: R2
Also: R3
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
        except Exception as error:
            if anyio.current_effective_deadline() <= anyio.current_time():
                return
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
