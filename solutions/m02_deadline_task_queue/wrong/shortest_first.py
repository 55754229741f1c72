"""Runs the shortest tasks first: so more of them fit.

Base: right/plain
Breaks: R1
Also: R3 R4
"""


async def run_tasks(queue: deque[Task], report: Report) -> None:
    place = 0
    everything = sorted(queue, key=lambda task: task.estimate)
    queue.clear()
    queue.extend(everything)
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
        del queue[place]
