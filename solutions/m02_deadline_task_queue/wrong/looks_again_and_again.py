"""Looks every moment whether the task has ended.

Base: right/plain
Breaks: G6
"""

del run_tasks


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    place = 0
    with anyio.move_on_at(deadline):
        while place < len(queue):
            task = queue[place]
            left = anyio.current_effective_deadline() - anyio.current_time()
            if left <= 0 or task.estimate > left:
                place += 1
                continue
            ended = False

            async def child(task: Task = task) -> None:
                nonlocal ended
                try:
                    await task.work()
                except Exception as error:
                    report.failed[task.name] = error
                else:
                    report.done.append(task.name)
                queue.remove(task)
                ended = True

            async with anyio.create_task_group() as group:
                group.start_soon(child)
                while not ended:
                    await anyio.sleep(0.04)
    return report
