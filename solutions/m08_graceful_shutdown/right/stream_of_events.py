"""Built with a memory stream on which services, `stop` and signals report to one loop."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def supervise(services, sources, grace, cleanup_timeout):
    """`sources`: async functions of a send function, which report "stop" or "signal"."""
    send, receive = anyio.create_memory_object_stream(float("inf"))
    told = anyio.Event()
    errors = []
    left = len(services)

    async def one(service):
        failed = None
        try:
            await service.run(told)
        except Exception as error:
            failed = error
        if failed is not None:
            errors.append(failed)
            send.send_nowait("failed")
        send.send_nowait("ended")

    async def watch(scope):
        nonlocal left
        signals = 0
        deadline = float("inf")
        while left:
            with anyio.CancelScope(deadline=deadline) as timer:
                what = await receive.receive()
            if timer.cancelled_caught:
                scope.cancel()
                deadline = float("inf")
                continue
            signals += what == "signal"
            left -= what == "ended"
            if what in ("failed", "stop", "signal") and not told.is_set():
                told.set()
                deadline = anyio.current_time() + grace
            if signals > 1:
                scope.cancel()
                deadline = float("inf")

    with send, receive:
        async with anyio.create_task_group() as reporting:
            for source in sources:
                reporting.start_soon(source, send.send_nowait)
            try:
                async with anyio.create_task_group() as group:
                    if services:
                        reporting.start_soon(watch, group.cancel_scope)
                    for service in services:
                        group.start_soon(one, service)
            finally:
                for service in reversed(services):
                    with anyio.CancelScope(shield=True):
                        try:
                            with anyio.fail_after(cleanup_timeout):
                                await service.cleanup()
                        except Exception as error:
                            errors.append(error)
            reporting.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("errors", errors)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    async def source(report):
        await stop.wait()
        report("stop")

    await supervise(services, [source], grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    with anyio.open_signal_receiver(*signals) as received:

        async def source(report):
            async for _ in received:
                report("signal")

        await supervise(services, [source], grace, cleanup_timeout)
