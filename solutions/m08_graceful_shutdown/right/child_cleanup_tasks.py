"""Built with a child task for each cleanup, a condition for the running services, and one task group for all else."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    name: str

    async def run(self, stop: anyio.Event) -> None: ...

    async def cleanup(self) -> None: ...


class Board:
    def __init__(self, services):
        self.running = {service.name for service in services}
        self.stopping = False
        self.forced = False
        self.change = anyio.Event()

    def changed(self):
        old, self.change = self.change, anyio.Event()
        old.set()

    async def until(self, holds):
        while not holds(self):
            await self.change.wait()


async def bounded_cleanup(service, timeout):
    failure = None

    async def child():
        nonlocal failure
        try:
            await service.cleanup()
        except Exception as error:
            failure = error

    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(timeout) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(child, name=f"cleanup of {service.name}")
    if failure is not None:
        return failure
    return TimeoutError(f"cleanup of {service.name}") if scope.cancelled_caught else None


async def orchestrate(services, board, told, grace, cleanup_timeout):
    problems = []

    async def one(service):
        try:
            await service.run(told)
        except Exception as error:
            problems.append(error)
            board.stopping = True
        finally:
            board.running.discard(service.name)
            board.changed()

    async def conduct():
        await board.until(lambda board: board.stopping or not board.running)
        told.set()
        with anyio.move_on_after(grace):
            await board.until(lambda board: board.forced or not board.running)
        work.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as work:
            for service in services:
                work.start_soon(one, service)
            if services:
                work.start_soon(conduct)
    finally:
        for service in reversed(services):
            problem = await bounded_cleanup(service, cleanup_timeout)
            if problem is not None:
                problems.append(problem)
    if problems:
        raise ExceptionGroup("problems", problems)


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    board = Board(services)

    async def watch():
        await stop.wait()
        board.stopping = True
        board.changed()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await orchestrate(services, board, anyio.Event(), grace, cleanup_timeout)
        group.cancel_scope.cancel()


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    board = Board(services)

    async def watch(received):
        async for _ in received:
            if board.stopping:
                board.forced = True
            board.stopping = True
            board.changed()

    with anyio.open_signal_receiver(*signals) as received:
        async with anyio.create_task_group() as group:
            group.start_soon(watch, received)
            await orchestrate(services, board, anyio.Event(), grace, cleanup_timeout)
            group.cancel_scope.cancel()
