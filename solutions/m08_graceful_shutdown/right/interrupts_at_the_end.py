"""Built so that an interrupt of a service starts the ordinary shutdown, and leaves the call at its end."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def core(services, stop, hurry, grace, cleanup_timeout):
    failures = []
    fatal = []

    async def one(s):
        try:
            await s.run(stop)
        except Exception as e:
            failures.append(e)
            stop.set()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as e:
            fatal.append(e)
            stop.set()

    async def limit(tg):
        await stop.wait()
        with anyio.move_on_after(grace):
            await hurry.wait()
        tg.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as w:
            async with anyio.create_task_group() as tg:
                w.start_soon(limit, tg)
                for s in services:
                    tg.start_soon(one, s)
            w.cancel_scope.cancel()
    finally:
        for s in reversed(services):
            try:
                with anyio.fail_after(cleanup_timeout, shield=True):
                    await s.cleanup()
            except Exception as e:
                failures.append(e)
    if fatal:
        raise fatal[0]
    if failures:
        raise ExceptionGroup("x", failures)


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
