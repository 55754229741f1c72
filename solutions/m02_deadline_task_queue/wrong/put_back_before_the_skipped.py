"""Puts the interrupted task in front of those that were skipped before.

Base: right/plain
Breaks: R3
"""

del run_tasks


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    skipped: list[Task] = []
    with anyio.move_on_at(deadline) as scope:
        try:
            while queue:
                task = queue.popleft()
                left = anyio.current_effective_deadline() - anyio.current_time()
                if left <= 0 or task.estimate > left:
                    skipped.append(task)
                    continue
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                except BaseException:
                    queue.extendleft(reversed(skipped))
                    skipped = [task]
                    raise
                else:
                    report.done.append(task.name)
        finally:
            queue.extendleft(reversed(skipped))
    return report
