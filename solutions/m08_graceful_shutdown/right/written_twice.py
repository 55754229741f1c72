"""Built without a class or a shared helper: both functions are written out, each service has an event of its own, and flags say what happened."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    problems = []
    events = {}
    shutdown = anyio.Event()

    async def run_one(service, event):
        try:
            await service.run(event)
        except Exception as problem:
            problems.append(problem)
            shutdown.set()

    async def wait_for_stop():
        await stop.wait()
        shutdown.set()

    async def watch(services_scope):
        await shutdown.wait()
        for event in events.values():
            event.set()
        await anyio.sleep(grace)
        services_scope.cancel()

    try:
        async with anyio.create_task_group() as outer:
            outer.start_soon(wait_for_stop)
            async with anyio.create_task_group() as inner:
                outer.start_soon(watch, inner.cancel_scope)
                for number, service in enumerate(services):
                    events[number] = anyio.Event()
                    inner.start_soon(run_one, service, events[number])
            outer.cancel_scope.cancel()
    finally:
        number = len(services)
        while number > 0:
            number -= 1
            try:
                with anyio.CancelScope(shield=True):
                    with anyio.fail_after(cleanup_timeout):
                        await services[number].cleanup()
            except Exception as problem:
                problems.append(problem)
    if len(problems) > 0:
        raise ExceptionGroup("problems", problems)


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    problems = []
    events = {}
    shutdown = anyio.Event()
    impatient = anyio.Event()

    async def run_one(service, event):
        try:
            await service.run(event)
        except Exception as problem:
            problems.append(problem)
            shutdown.set()

    async def count_signals(receiver):
        count = 0
        async for _ in receiver:
            count += 1
            if count == 1:
                shutdown.set()
            if count == 2:
                impatient.set()

    async def watch(services_scope):
        await shutdown.wait()
        for event in events.values():
            event.set()
        with anyio.move_on_after(grace):
            await impatient.wait()
        services_scope.cancel()

    with anyio.open_signal_receiver(*signals) as receiver:
        async with anyio.create_task_group() as outermost:
            outermost.start_soon(count_signals, receiver)
            try:
                async with anyio.create_task_group() as outer:
                    async with anyio.create_task_group() as inner:
                        outer.start_soon(watch, inner.cancel_scope)
                        for number, service in enumerate(services):
                            events[number] = anyio.Event()
                            inner.start_soon(run_one, service, events[number])
                    outer.cancel_scope.cancel()
            finally:
                number = len(services)
                while number > 0:
                    number -= 1
                    try:
                        with anyio.CancelScope(shield=True):
                            with anyio.fail_after(cleanup_timeout):
                                await services[number].cleanup()
                    except Exception as problem:
                        problems.append(problem)
            outermost.cancel_scope.cancel()
    if len(problems) > 0:
        raise ExceptionGroup("problems", problems)
