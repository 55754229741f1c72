"""The world of m04: callers who share a circuit breaker, and the jobs that they send through it."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
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
        ["another", "job"]         send a job through another breaker with the same arguments
        ["look"]                   what its `state` is now; what is not a member of an enum is said to be none

    Args:
        breaker: arguments of `CircuitBreaker`.
        actors: actor → script.
        jobs: job → script, played again each time the job is called; it may take the same steps.
        forms: job → what kind of callable it is, if not an async function: see `Forms`.
        before_the_loop: make the breaker in a thread that has no event loop.
    """

    async def make() -> Any:
        build = functools.partial(subject.CircuitBreaker, **breaker)
        return await anyio.to_thread.run_sync(build) if before_the_loop else build()

    async def at(time: float) -> None:
        await anyio.sleep_until(time)

    async def call(job: str, *args: Any) -> Any:
        return await circuit.call(made[job], *map(world.thing, args))

    async def another(job: str) -> Any:
        if not others:
            others.append(subject.CircuitBreaker(**breaker))
        return await others[0].call(made[job])

    async def look() -> Any:
        state = circuit.state
        if isinstance(state, Enum):
            return state
        return f"{f'the text {state!r}' if type(state) is str else type(state).__name__}, which is not a State"

    others: list[Any] = []
    verbs = {"at": at, "call": world.as_call(call), "another": world.as_call(another), "look": world.as_call(look)}
    wrap = Forms(subject, world, verbs)
    made = {name: wrap(name, script, *(forms or {}).get(name, ["plain"])) for name, script in (jobs or {}).items()}
    circuit = await world.call("CircuitBreaker", make)
    if circuit is not None:
        await world.actors(actors, verbs)


class Forms:
    """The kinds of callables that a job can be.

    Args:
        subject: the learner's module.
        world: the world of the run.
        verbs: the scene's own steps that a job can take.
    """

    def __init__(self, subject: Any, world: Any, verbs: Mapping[str, Any]) -> None:
        self._subject, self._world, self._verbs = subject, world, verbs

    def __call__(self, name: str, script: Steps, form: str, *args: Any) -> Job:
        """Return the job of that name in that form."""
        made: Job = getattr(self, form)(self._world.job(name, script, verbs=self._verbs), *args)
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

    def refused(self, job: Job, name: str) -> Job:
        """Return a job that ends as one does that meets an open circuit of its own: with a `CircuitOpenError`."""
        error = self._world.token(self._subject.CircuitOpenError(name), name)

        async def refused(*args: Any) -> Any:
            await job(*args)
            raise error

        return refused


class _Callable:
    """An object that can be called, and has no name."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, *args: Any) -> Awaitable[Any]:
        return self._job(*args)

    async def run(self, *args: Any) -> Any:
        """Do the job."""
        return await self._job(*args)
