"""Has the error of a task as a value: one that was returned looks the same.

Base: right/plain
Breaks: R1
"""


async def outcome(task: Task) -> object:
    try:
        return await task.work()
    except Exception as error:
        return error


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        ended = await outcome(task)
        if isinstance(ended, Exception):
            report.failed[task.name] = ended
        else:
            report.done.append(task.name)
        del queue[place]
