"""Sorts the numbers of the results as text, so that the tenth comes before the second.

Base: right/plain
Breaks: R1
"""


async def fan_in(source, worker, *, workers):
    if workers < 1:
        raise ValueError("workers >= 1")
    results = {}
    pairs = enumerate(source)

    async def work_in():
        for index, item in pairs:
            results[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in sorted(results, key=str)]
