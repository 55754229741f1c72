"""Gives the slot back when the time is up, while the attempt still cleans up.

Base: right/plain
Breaks: R5
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

    async def settle(index: int, item: T) -> None:
        for attempt in range(1, attempts + 1):
            try:
                await slots.acquire()
                held = True

                async def watch() -> None:
                    nonlocal held
                    await anyio.sleep(timeout)
                    held = False
                    slots.release()
                    scope.cancel()

                late = True
                try:
                    async with anyio.create_task_group() as pair:
                        with anyio.CancelScope() as scope:
                            pair.start_soon(watch)
                            try:
                                value = await worker(item)
                                late = False
                            except Exception as failure:
                                value, late = failure, failure
                        pair.cancel_scope.cancel()
                finally:
                    if held:
                        slots.release()
                if late is True:
                    raise TimeoutError
                if late is not False:
                    raise late
                result.succeeded[index] = value
                return
            except Exception as error:
                if attempt == attempts:
                    result.failed[index] = error
                    return
            await anyio.sleep(backoff * 2 ** (attempt - 1))

    async with anyio.create_task_group() as group:
        for index, item in enumerate(items):
            group.start_soon(settle, index, item)
    return result
