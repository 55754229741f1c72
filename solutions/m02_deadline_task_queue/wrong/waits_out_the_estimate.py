"""Plans with the estimates: after a task that was quicker it waits.

Base: right/plain
Breaks: R1
Also: R4
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    while place < len(queue):
        task = queue[place]
        left = anyio.current_effective_deadline() - anyio.current_time()
        if left <= 0 or task.estimate > left:
            place += 1
            continue
        begun = anyio.current_time()
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
        await anyio.sleep_until(begun + task.estimate)
