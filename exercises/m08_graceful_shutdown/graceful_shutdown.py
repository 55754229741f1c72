"""Stop services in an orderly way: ask them to stop, wait for them, then cancel them, and always clean up.

Core
----
`run_until` runs all services at once. It ends when all have returned, or shuts down when `stop` is set or a service
raises: each service is asked by its event to stop within `grace` seconds; what is still running then is cancelled.

Then each `cleanup` runs, the last service's first, one by one, protected from cancellation, each for at most
`cleanup_timeout`, whatever the others do.

An error of a service or cleanup, or `TimeoutError` for a cleanup that hung, leaves the call in an `ExceptionGroup`.

Cancelled from outside, services are cancelled at once, every cleanup runs, and the cancellation goes on.

`serve` does the same; the first of `signals` starts the shutdown.

Stretch
-------
- All errors leave together in one `ExceptionGroup`, without a cancellation in it. A cleanup that was given up may add a
  `TimeoutError`, what it raised then, or both.
- The second signal cancels what still runs; further ones, also during cleanup, are read and change nothing.
- After the call none of its signal handlers is left.

Everything runs on asyncio and on trio: use only `anyio` and the standard library.
"""

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
        stop: starts the shutdown.
        grace: seconds that the services then have to return by themselves.
        cleanup_timeout: seconds that each `cleanup` has.

    Raises:
        ExceptionGroup: of what services and cleanups raised, with a `TimeoutError` for a cleanup that hung.
    """
    # TODO: start all services; each gets an event. What must happen if one of them raises?
    # TODO: beside them, wait for `stop`; then for `grace`; then cancel what still runs.
    # TODO: clean up, also if you are cancelled. What happens to an `await` then? How long may it take?
    # TODO: raise what went wrong.
    raise NotImplementedError("TODO: write run_until")


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
    # TODO: `anyio.open_signal_receiver(*signals)` yields the signals one by one; the first starts the shutdown.
    # TODO: the call also ends when all services have returned and no signal came.
    # TODO (stretch): the second signal, and those that come later.
    raise NotImplementedError("TODO: write serve")
