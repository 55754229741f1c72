"""`acquire` wants to be told how many.

Base: right/plain
Breaks: R2
"""


class TokenBucket:
    async def acquire(self, tokens: float) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        async with self._lock:
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens


async def process_batch(
    items: Sequence[T], worker: Callable[[T], Awaitable[R]], *, bucket: TokenBucket, limit: int
) -> list[R]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    results: dict[int, R] = {}
    slots = anyio.Semaphore(limit)

    async def work(index: int, item: T) -> None:
        async with slots:
            await bucket.acquire(1)
            results[index] = await worker(item)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(work, index, item)
    return [results[index] for index in range(len(items))]
