"""A task that ends after the deadline was too late: it is kept, whatever it says.

Base: right/plain
Breaks: R2
Also: R3 R6
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
            report.failed[task.name] = error
        else:
            if anyio.current_effective_deadline() <= anyio.current_time():
                return
            report.done.append(task.name)
        del queue[place]
