"""Takes slots that outlive the call of `fan_in`, and does not give one back when the worker raised or was cancelled.

Base: right/plain
Breaks: R1
"""

_slots = {}


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers >= 1")
    results = {}
    pairs = enumerate(source)

    async def work_in():
        for index, item in pairs:
            sem = _slots.setdefault(workers, anyio.Semaphore(workers * 2))
            await sem.acquire()
            results[index] = await worker(item)
            sem.release()

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in range(len(results))]
