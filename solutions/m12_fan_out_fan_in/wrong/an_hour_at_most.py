"""Gives each call of the worker an hour at most in `fan_in`.

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
            with anyio.fail_after(3600):
                results[index] = await worker(item)

    async with anyio.create_task_group() as tg:
        for _ in range(workers):
            tg.start_soon(work_in)
    return [results[index] for index in range(len(results))]
