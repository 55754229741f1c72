"""Hands the items to workers through a stream that nobody closes.

Base: right/plain
Breaks: G2
"""


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    send, receive = anyio.create_memory_object_stream[tuple[int, T]](len(items))
    for pair in enumerate(items):
        send.send_nowait(pair)
    send.close()

    async def slot() -> None:
        async for index, item in receive:
            await bucket.acquire()
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(items))):
            group.start_soon(slot)
    return [results[index] for index in range(len(items))]
