"""The world of m08: services that run, stop, fail or hang, a host that keeps them, and signals."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Script = Sequence[Any]


async def scene(
    subject: Any,
    world: Any,
    *,
    services: Mapping[str, Script],
    grace: float,
    cleanup_timeout: float,
    cleanups: Mapping[str, Script] | None = None,
    function: str = "run_until",
    stop: float | None = None,
    signals: Sequence[tuple[float, str]] = (),
    caught: Sequence[str] | None = None,
    start: float = 3.7,
    fixed: bool = False,
    callers: Mapping[str, Sequence[Any]] | None = None,
) -> None:
    """Let the actor ``caller`` run the services, and pass one checkpoint afterwards.

    The spans ``run`` and ``cleanup`` of each service tell what happened to it. The step ``told`` of a service waits for
    the event that `run` was given.

    Args:
        services: name of a service → what its `run` does, in the order of the services.
        grace: what the call gets (virtual s).
        cleanup_timeout: what the call gets (virtual s).
        cleanups: name of a service → what its `cleanup` does; nothing by default.
        function: ``run_until`` or ``serve``.
        stop: when the event given to `run_until` is set (virtual s, absolute); never by default.
        signals: moments (virtual s, absolute) and the signals that come then, such as ``TERM``.
        caught: what `serve` gets as `signals`, such as ``["TERM"]``; left out by default.
        start: when the call is made (virtual s).
        fixed: the services are in a tuple, from which nobody can take one out.
        callers: name of a caller → when it calls (virtual s), then the names of its services; by default one, ``caller``,
            at `start`, with all. Only the event of ``caller`` is ever set from outside.

    Notes:
        uncaught: a signal came that the call did not catch, or that it gave back unread.
        handlers: for each signal, after the call: ``before`` if its handler is the one from before the call,
            ``default`` if it is the system's, else ``another``.
    """
    made = {name: Service(world, name, script, (cleanups or {}).get(name, ())) for name, script in services.items()}
    numbers = {signal.Signals[f"SIG{name}"] for name in [*(caught or ("TERM", "INT")), *(name for _, name in signals)]}
    options: dict[str, Any] = {"grace": grace, "cleanup_timeout": cleanup_timeout}
    if function == "serve" and caught is not None:
        options["signals"] = tuple(signal.Signals[f"SIG{name}"] for name in caught)

    async def host(who: str, *names: str) -> None:
        given = [made[name] for name in names]
        event = () if function == "serve" else (world.event("stop" if who == "caller" else f"stop of {who}"),)
        try:
            await world.call(function, getattr(subject, function), tuple(given) if fixed else given, *event, **options)
        finally:
            again()
        await world.after()

    for moment, name in signals:
        world.signal_at(moment, name)
    plans = callers or {"caller": [start, *services]}
    scripts: dict[str, Script] = {who: [["wait", at], ["host", who, *names]] for who, (at, *names) in plans.items()}
    if stop is not None:
        scripts["operator"] = [["wait", stop], ["set", "stop"]]
    with handlers(world, numbers) as again:
        await world.actors(scripts, {"host": host})


class Service:
    """A service whose `run` and `cleanup` play scripts."""

    def __init__(self, world: Any, name: str, script: Script, cleanup: Script) -> None:
        self.name = name
        self._run = world.job(name, script, what="run", verbs={"told": self._told})
        self._cleanup = world.job(name, cleanup, what="cleanup")
        self._stop: Any = None

    def run(self, stop: Any) -> Any:
        """Work, until `stop` is set if the script says so."""
        self._stop = stop
        return self._run(stop)

    def cleanup(self) -> Any:
        """Give back what the service holds."""
        return self._cleanup()

    async def _told(self) -> None:
        await self._stop.wait()


@contextlib.contextmanager
def handlers(world: Any, numbers: set[signal.Signals]) -> Iterator[Callable[[], None]]:
    """Handle those signals as a program around the call would, so that one nobody catches does not end the process.

    Yields:
        what notes which handlers the call left, and puts these here back.
    """

    def uncaught(number: int, _frame: Any) -> None:
        world.note("uncaught", signal.Signals(number).name, who="scene")

    def which(number: signal.Signals) -> str:
        now = signal.getsignal(number)
        if now is uncaught:
            return "before"
        return "default" if now in (signal.SIG_DFL, signal.default_int_handler) else "another"

    def again() -> None:
        world.note("handlers", {number.name: which(number) for number in sorted(numbers)})
        for number in numbers:
            signal.signal(number, uncaught)

    outer = {number: signal.signal(number, uncaught) for number in numbers}
    try:
        yield again
    finally:
        for number, handler in outer.items():
            signal.signal(number, handler)
