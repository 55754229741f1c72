"""Makes a stream of the tasks, and returns early without closing it.

Base: right/plain
Breaks: G2
"""


async def drain_until(queue: deque[Task], *, deadline: float) -> Report:
    report = Report()
    send, receive = anyio.create_memory_object_stream[str](1)
    if anyio.current_time() >= deadline:
        return report
    with send, receive, anyio.move_on_at(deadline):
        await run_tasks(queue, report)
    return report
