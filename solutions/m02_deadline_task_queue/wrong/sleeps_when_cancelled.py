"""Lets things settle when somebody else cancels, with `time.sleep`.

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
        begun = anyio.current_time()
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        except anyio.get_cancelled_exc_class():
            if left > anyio.current_time() - begun:
                time.sleep(0.02)
            raise
        else:
            report.done.append(task.name)
        del queue[place]
