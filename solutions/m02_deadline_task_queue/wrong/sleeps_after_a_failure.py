"""Waits a moment after a failure, with `time.sleep`.

Base: right/plain
Breaks: G4
"""

import time


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
            time.sleep(0.001)
        else:
            report.done.append(task.name)
        del queue[place]
