"""A `TimeoutError` out of a task must be the deadline.

Base: right/plain
Breaks: R1
Also: R2
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
        except TimeoutError:
            return
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
