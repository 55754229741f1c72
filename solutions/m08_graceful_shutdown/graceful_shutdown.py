"""Services that run together, stop when they are told to, and are cleaned up whatever happens."""

import signal
from collections.abc import Sequence
from typing import Protocol

import anyio


class Service(Protocol):
    """What a host needs of a service. Given."""

    name: str

    async def run(self, stop: anyio.Event) -> None:
        """Work; return soon after `stop` is set."""

    async def cleanup(self) -> None:
        """Give back what the service holds."""


async def run_until(services: Sequence[Service], stop: anyio.Event, *, grace: float, cleanup_timeout: float) -> None:
    """Run all services until they have returned, or until `stop` is set or one of them fails.

    Args:
        services: are cleaned up in reverse order.
        stop: starts the shutdown; a service that fails sets it too.
        grace: seconds that the services then have to return by themselves.
        cleanup_timeout: seconds that each `cleanup` has.

    Raises:
        ExceptionGroup: of what services and cleanups raised, with a `TimeoutError` for a cleanup that hung.
    """
    _raise(await _host(services, stop, anyio.Event(), grace, cleanup_timeout))


async def serve(
    services: Sequence[Service],
    *,
    grace: float,
    cleanup_timeout: float,
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    """Run all services until a signal comes: the first asks them to stop, the second no longer waits for them.

    Args:
        services: are cleaned up in reverse order.
        grace: seconds that the services have after the first signal.
        cleanup_timeout: seconds that each `cleanup` has.
        signals: what is caught until the call ends.

    Raises:
        ExceptionGroup: as `run_until`.
    """
    stop, hurry = anyio.Event(), anyio.Event()
    with anyio.open_signal_receiver(*signals) as received:

        async def listen() -> None:
            await anext(received)
            stop.set()
            async for _ in received:  # goes on reading: what is left unread would strike when the receiver is closed
                hurry.set()

        async with anyio.create_task_group() as listening:
            listening.start_soon(listen)
            errors = await _host(services, stop, hurry, grace, cleanup_timeout)
            listening.cancel_scope.cancel()
    _raise(errors)  # out here, where no task group can add a cancellation of the listening task to them


async def _host(
    services: Sequence[Service], stop: anyio.Event, hurry: anyio.Event, grace: float, cleanup_timeout: float
) -> list[Exception]:
    """Run and clean up; return what went wrong. `hurry` ends the grace period."""
    errors: list[Exception] = []

    async def run(service: Service) -> None:
        try:
            await service.run(stop)
        except* Exception as group:  # takes the errors out of a group that has a cancellation in it, too
            errors.extend(group.exceptions)
            stop.set()

    try:
        async with anyio.create_task_group() as watching:

            async def watch() -> None:
                await stop.wait()
                with anyio.move_on_after(grace):
                    await hurry.wait()
                running.cancel_scope.cancel()

            async with anyio.create_task_group() as running:
                watching.start_soon(watch)
                for service in services:
                    running.start_soon(run, service)
            watching.cancel_scope.cancel()
    finally:  # also when cancelled: that is why each cleanup has a shield, and why nothing is raised in here
        for service in reversed(services):
            errors += await _clean_up(service, cleanup_timeout)
    return errors


async def _clean_up(service: Service, timeout: float) -> list[Exception]:
    """Clean one service up, whole or until the time is over; return what went wrong."""
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except Exception as error:
        return [error]
    return []


def _raise(errors: list[Exception]) -> None:
    if errors:
        raise ExceptionGroup("services or cleanups failed", errors)
