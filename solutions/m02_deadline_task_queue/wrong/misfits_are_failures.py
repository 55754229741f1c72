"""A task that does not fit has failed with a `TimeoutError`.

Base: right/plain
Breaks: R4
Also: R3
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            if left > 0:
                report.failed[task.name] = TimeoutError()
                del queue[place]
                continue
            return
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
