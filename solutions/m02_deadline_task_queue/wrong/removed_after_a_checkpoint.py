"""Passes a checkpoint between the end of a task and its removal: cancelled there, it would run again.

Base: right/plain
Breaks: R3
Also: R2 R6
"""

import anyio.lowlevel


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
            report.done.append(task.name)
        await anyio.lowlevel.checkpoint()
        del queue[place]
