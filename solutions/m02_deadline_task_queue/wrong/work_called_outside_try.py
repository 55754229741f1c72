"""Calls the work outside of the `try` block: what it raises at once leaves the call.

Base: right/plain
Breaks: G9
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        made = task.work()
        try:
            await made
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
