"""Opens the receiver inside the task that reads it: when the call is cancelled that task ends first, and nobody catches signals.

Base: right/plain
Breaks: R6
Also: R7
"""


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()

    async def listen(*, task_status):
        with anyio.open_signal_receiver(*signals) as received:
            task_status.started()
            await anext(received)
            stop.set()
            async for _ in received:
                hurry.set()

    async with anyio.create_task_group() as listening:
        await listening.start(listen)
        await host(services, stop, hurry, grace, cleanup_timeout)
        listening.cancel_scope.cancel()
