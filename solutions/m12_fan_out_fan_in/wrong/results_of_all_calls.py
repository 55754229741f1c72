"""Gathers the results of `fan_in` outside of it, so that a second call empties what the first has so far.

Base: right/plain
Breaks: R1
"""

_results = {}


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers >= 1")
    results = _results
    results.clear()
    pairs = enumerate(source)

    async def work_in():
        for index, item in pairs:
            results[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in range(len(results))]
