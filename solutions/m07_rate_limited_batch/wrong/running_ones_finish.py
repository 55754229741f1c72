"""Starts nothing after an error, but lets the workers that run finish.

Base: right/plain
Breaks: R7
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    errors: list[Exception] = []
    todo = iter(enumerate(items))

    async def slot() -> None:
        for index, item in todo:
            await bucket.acquire()
            if errors:
                return
            try:
                results[index] = await worker(item)
            except Exception as error:
                errors.append(error)
                return

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(items))):
            group.start_soon(slot)
    if errors:
        raise errors[0]
    return [results[index] for index in range(len(items))]
