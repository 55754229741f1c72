"""Hands tasks to a worker through a stream that stays open when the call is interrupted.

Base: right/plain
Breaks: G2
"""

del run_tasks


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    send, receive = anyio.create_memory_object_stream[Task](len(queue))
    for task in queue:
        send.send_nowait(task)
    send.close()
    with anyio.move_on_at(deadline):
        async for task in receive:
            left = anyio.current_effective_deadline() - anyio.current_time()
            if left <= 0 or task.estimate > left:
                continue
            try:
                await task.work()
            except Exception as error:
                report.failed[task.name] = error
            else:
                report.done.append(task.name)
            queue.remove(task)
        receive.close()
    return report
