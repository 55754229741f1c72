"""Takes the interpreter's exit for a wish to end the call with a report.

Base: right/plain
Breaks: G5 on trio
"""


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
        except (KeyboardInterrupt, SystemExit):
            return
        else:
            report.done.append(task.name)
        del queue[place]
