"""Built by recursion: each level of `try` and `finally` holds one service's cleanup; the group's deadline ends the grace period."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def bounded(s, t, errs):
    try:
        with anyio.CancelScope(shield=True), anyio.fail_after(t):
            await s.cleanup()
    except Exception as e:
        errs.append(e)


async def nested(services, t, errs, act):
    if not services:
        await act()
        return
    head, *rest = services
    try:
        await nested(rest, t, errs, act)
    finally:
        await bounded(head, t, errs)


async def core(services, stop, hurry, grace, t):
    errs = []

    async def act():
        async def one(s):
            try:
                await s.run(stop)
            except Exception as e:
                errs.append(e)
                stop.set()

        async with anyio.create_task_group() as w:
            async with anyio.create_task_group() as r:

                async def l():
                    await stop.wait()
                    r.cancel_scope.deadline = anyio.current_time() + grace
                    await hurry.wait()
                    r.cancel_scope.cancel()

                w.start_soon(l)
                for s in services:
                    r.start_soon(one, s)
            w.cancel_scope.cancel()

    await nested(services, t, errs, act)
    if errs:
        raise ExceptionGroup("x", errs)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    await core(services, stop, anyio.Event(), grace, cleanup_timeout)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    stop, hurry = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as sigs:
        async with anyio.create_task_group() as tg:

            async def l():
                async for s in sigs:
                    if stop.is_set():
                        hurry.set()
                    stop.set()

            tg.start_soon(l)
            await core(services, stop, hurry, grace, cleanup_timeout)
            tg.cancel_scope.cancel()
