"""Collects the outcomes in a stream and leaves both ends open when the call is cancelled.

Base: right/plain
Breaks: G2
"""


async def run_batch(
    items: Sequence[T],
    worker: Callable[[T], Awaitable[R]],
    *,
    limit: int,
    attempts: int = 1,
    backoff: float = 0.1,
    timeout: float = math.inf,
) -> BatchResult[R]:
    if limit < 1 or attempts < 1:
        raise ValueError("limit and attempts must be at least 1")
    result: BatchResult[R] = BatchResult()
    slots = anyio.Semaphore(limit)
    send, receive = anyio.create_memory_object_stream[tuple[int, R | None, Exception | None]](math.inf)

    async def settle(index: int, item: T) -> None:
        for attempt in range(1, attempts + 1):
            try:
                async with slots:
                    with anyio.fail_after(timeout):
                        value = await worker(item)
                send.send_nowait((index, value, None))
                return
            except Exception as error:
                if attempt == attempts:
                    send.send_nowait((index, None, error))
                    return
            await anyio.sleep(backoff * 2 ** (attempt - 1))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    send.close()
    async for index, value, error in receive:
        if error is None:
            result.succeeded[index] = value
        else:
            result.failed[index] = error
    receive.close()
    return result
