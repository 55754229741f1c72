"""Gives the last task a second chance when it has failed.

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
        except Exception as error:
            if len(queue) == 1 and task.name not in report.failed:
                report.failed[task.name] = error
                continue
            report.failed[task.name] = error
        else:
            report.failed.pop(task.name, None)
            report.done.append(task.name)
        del queue[place]
