"""Starts all tasks at the same time: that is quicker.

Base: right/plain
Breaks: R1
Also: R2 R3 R4 R5 R6 G3 G5
"""

del run_tasks


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()

    async def run(task: Task) -> None:
        try:
            await task.work()
        except Exception as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        queue.remove(task)

    if anyio.current_time() < deadline:
        with anyio.move_on_at(deadline):
            async with anyio.create_task_group() as group:
                for task in list(queue):
                    if task.estimate <= deadline - anyio.current_time():
                        group.start_soon(run, task)
    return report
