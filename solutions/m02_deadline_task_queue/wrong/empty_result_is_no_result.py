"""A task that returns nothing, or something empty, has not worked and stays.

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
            worked = await task.work()
            if worked is not None and not worked:
                place += 1
                continue
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
