"""The world of m01: callers who want several jobs done, none for longer than a timeout."""

import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

Job = Callable[[], Awaitable[Any]]

#: Jobs that are called late see another clock than zero: a span taken for a point in time shows.
START = 100.0


async def scene(
    subject: Any,
    world: Any,
    *,
    jobs: Mapping[str, Sequence[Any]],
    timeout: float,
    forms: Mapping[str, str] | None = None,
    one_callable: bool = False,
    fixed: bool = False,
    callers: Mapping[str, Sequence[Any]] | None = None,
    cancelled_before: bool = False,
) -> None:
    """Let each caller call `gather_within` once, and pass one checkpoint afterwards.

    Args:
        jobs: name of a job → its script, in the order of the list that is passed.
        timeout: what the call gets (virtual s).
        forms: name of a job → what kind of callable it is, if not an async function: see `_Forms`.
        one_callable: the list holds one callable, as often as there are jobs; its nth call plays the nth script.
        fixed: the jobs are in a tuple, from which nobody can take one out.
        callers: name of a caller → when it calls (virtual s), then the names of its jobs; by default one, ``caller``, at
            100, with all jobs.
        cancelled_before: each caller is cancelled from outside just before it calls.
    """
    world.token(subject.TIMED_OUT, "TIMED_OUT")
    wrap = _Forms(world)
    made = {name: wrap(world.job(name, script), (forms or {}).get(name, "plain")) for name, script in jobs.items()}

    async def gather(*names: str) -> None:
        passed = [made[name] for name in names]
        if one_callable:
            passed = [_in_turn(iter(passed))] * len(passed)
        given = tuple(passed) if fixed else passed
        await world.call("gather_within", subject.gather_within, given, timeout=timeout)
        await world.after()

    def script(who: str, at: float, *names: str) -> list[list[Any]]:
        before = [["cancel", who]] if cancelled_before else []
        return [["wait", at], *before, ["gather", *names]]

    plans = callers or {"caller": [START, *jobs]}
    await world.actors({who: script(who, *plan) for who, plan in plans.items()}, {"gather": gather})


def _in_turn(made: Iterator[Job]) -> Job:
    """Return a callable that calls the next of `made` each time."""

    def call() -> Awaitable[Any]:
        return next(made)()

    return call


class _Forms:
    """The kinds of callables that a job can be.

    Args:
        world: the world of the run.
    """

    def __init__(self, world: Any) -> None:
        self._world = world

    def __call__(self, job: Job, form: str) -> Job:
        """Return `job` in that form."""
        made: Job = getattr(self, form)(job)
        return made

    def plain(self, job: Job) -> Job:
        """Return the job as it is."""
        return job

    def partial(self, job: Job) -> Job:
        """Return a `functools.partial`."""
        return functools.partial(job)

    def function(self, job: Job) -> Job:
        """Return a plain function that returns an awaitable."""

        def function() -> Awaitable[Any]:
            return job()

        return function

    def instance(self, job: Job) -> Job:
        """Return an object with `__call__`."""
        return _Callable(job)

    def method(self, job: Job) -> Job:
        """Return a bound method."""
        return _Callable(job).run


class _Callable:
    """An object that can be called, and has no name."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self) -> Awaitable[Any]:
        return self._job()

    async def run(self) -> Any:
        """Do the job."""
        return await self._job()
