"""Takes all tasks out of the queue at first; puts back what is left after a timeout or a cancellation, not after a `SystemExit`.

Base: right/raised_leaves_the_queue
Breaks: G5
Also: R3
"""

del _Runner


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    tasks, left = list(queue), []
    queue.clear()
    try:
        while tasks:
            time_left = min(deadline, anyio.current_effective_deadline()) - anyio.current_time()
            if time_left <= 0 or tasks[0].estimate > time_left:
                left.append(tasks.pop(0))
                continue
            with anyio.move_on_at(deadline):
                try:
                    await tasks[0].work()
                except Exception as error:
                    report.failed[tasks.pop(0).name] = error
                else:
                    report.done.append(tasks.pop(0).name)
    except anyio.get_cancelled_exc_class():
        queue.extend([*left, *tasks])
        raise
    queue.extend([*left, *tasks])
    return report
