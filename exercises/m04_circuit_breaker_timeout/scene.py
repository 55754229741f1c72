"""The world of m04: callers who share a circuit breaker, and the jobs that they send through it."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

Job = Callable[..., Awaitable[Any]]
Steps = Sequence[Any]


async def scene(
    subject: Any,
    world: Any,
    *,
    breaker: Mapping[str, Any],
    actors: Mapping[str, Steps],
    jobs: Mapping[str, Steps] | None = None,
    forms: Mapping[str, Sequence[Any]] | None = None,
    before_the_loop: bool = False,
) -> None:
    """Make a circuit breaker, then play the actors' scripts with it.

    Steps of the scene's own::

        ["at", 103.2]              sleep until that time
        ["call", "job", *args]     send a job through the breaker
        ["look"]                   what its `state` is now

    Args:
        breaker: arguments of `CircuitBreaker`.
        actors: actor → script.
        jobs: job → script, played anew each time the job is called.
        forms: job → what kind of callable it is, if not an async function: see `Forms`.
        before_the_loop: make the breaker in a thread that has no event loop.
    """
    wrap = Forms(subject, world)
    made = {name: wrap(name, script, *(forms or {}).get(name, ["plain"])) for name, script in (jobs or {}).items()}

    async def make() -> Any:
        build = functools.partial(subject.CircuitBreaker, **breaker)
        return await anyio.to_thread.run_sync(build) if before_the_loop else build()

    async def at(time: float) -> None:
        await anyio.sleep_until(time)

    async def call(job: str, *args: Any) -> Any:
        return await circuit.call(made[job], *map(world.thing, args))

    async def look() -> Any:
        return circuit.state

    circuit = await world.call("CircuitBreaker", make)
    if circuit is not None:
        await world.actors(actors, {"at": at, "call": world.as_call(call), "look": world.as_call(look)})


class Forms:
    """The kinds of callables that a job can be.

    Args:
        subject: the learner's module.
        world: the world of the run.
    """

    def __init__(self, subject: Any, world: Any) -> None:
        self._subject, self._world = subject, world

    def __call__(self, name: str, script: Steps, form: str, *args: Any) -> Job:
        """Return the job of that name in that form."""
        made: Job = getattr(self, form)(self._world.job(name, script), *args)
        return made

    def plain(self, job: Job) -> Job:
        """Return the job as it is."""
        return job

    def partial(self, job: Job) -> Job:
        """Return a `functools.partial`."""
        return functools.partial(job)

    def function(self, job: Job) -> Job:
        """Return a plain function that returns an awaitable, and notes each time that it is ``called``."""

        def function(*args: Any) -> Awaitable[Any]:
            self._world.note("called")
            return job(*args)

        return function

    def instance(self, job: Job) -> Job:
        """Return an object with `__call__`."""
        return _Callable(job)

    def method(self, job: Job) -> Job:
        """Return a bound method."""
        return _Callable(job).run

    def returns_error(self, job: Job, name: str, kind: str) -> Job:
        """Return a job that returns the exception of that name instead of raising it."""

        async def returns_error(*args: Any) -> Any:
            await job(*args)
            return self._world.fault(name, kind)

        return returns_error

    def refused(self, job: Job, name: str) -> Job:
        """Return a job that ends as one does that meets an open circuit of its own: with a `CircuitOpenError`."""
        error = self._world.token(self._subject.CircuitOpenError(name), name)
        return self._raising(job, error)

    def busy(self, job: Job, name: str) -> Job:
        """Return a job that ends with anyio's `WouldBlock`."""
        return self._raising(job, self._world.token(anyio.WouldBlock(), name))

    @staticmethod
    def _raising(job: Job, error: Exception) -> Job:
        async def raising(*args: Any) -> Any:
            await job(*args)
            raise error

        return raising


class _Callable:
    """An object that can be called, and has no name."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, *args: Any) -> Awaitable[Any]:
        return self._job(*args)

    async def run(self, *args: Any) -> Any:
        """Do the job."""
        return await self._job(*args)
