"""Takes every group of exceptions for a failure.

Base: right/plain
Breaks: G5
"""


class Report:
    failed: dict[str, BaseException] = field(default_factory=dict)


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
        except (Exception, BaseExceptionGroup) as error:
            report.failed[task.name] = error
        else:
            report.done.append(task.name)
        del queue[place]
