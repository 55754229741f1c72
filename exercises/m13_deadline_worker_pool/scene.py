"""The world of m13: a caller with jobs for a pool, deadlines around the call, and perhaps a second pool beside it or later."""

import contextlib
import functools
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import anyio


class Jobs:
    """The jobs of one pool.

    Args:
        subject: whose `Job` they are made of.
        world: the world they play in.
        scripts: name of a job → its script.
        deadlines, estimates: name → deadline (virtual s, absolute), estimate (s); others have the defaults.
        partials: whether each `run` is a `functools.partial`, which has no name, instead of a function.
        plain: whether each `run` is a plain function, which looks at the deadline around it and returns a coroutine.
        form: what holds the jobs: a ``list`` or a ``tuple``.
        one_callable: whether all jobs have the same `run`; its nth call plays the nth script.
        verbs: the scene's own verbs.
    """

    def __init__(
        self,
        subject: Any,
        world: Any,
        scripts: Mapping[str, Sequence[Any]],
        *,
        deadlines: Mapping[str, float] | None = None,
        estimates: Mapping[str, float] | None = None,
        partials: bool = False,
        plain: bool = False,
        form: str = "list",
        one_callable: bool = False,
        verbs: Mapping[str, Any] | None = None,
    ) -> None:
        self._world = world
        self._verbs = {"look": look, **(verbs or {})}
        self._plain = plain
        made = []
        runs = {name: self._run(name, script) for name, script in scripts.items()}
        if one_callable:
            runs = dict.fromkeys(runs, in_turn(iter(runs.values())))
        for name, run in runs.items():
            given: dict[str, Any] = {}
            if deadlines and name in deadlines:
                given["deadline"] = deadlines[name]
            if estimates and name in estimates:
                given["estimate"] = estimates[name]
            made.append(subject.Job(name, functools.partial(run) if partials else run, **given))
        self.all: Sequence[Any] = tuple(made) if form == "tuple" else made

    def _run(self, name: str, script: Sequence[Any]) -> Callable[..., Awaitable[Any]]:
        run: Callable[..., Awaitable[Any]] = self._world.job(name, script, what="run", verbs=self._verbs)
        if self._plain:
            return self._looks_first(name, run)
        return run

    def _looks_first(self, name: str, run: Callable[..., Awaitable[Any]]) -> Callable[[float], Awaitable[Any]]:
        def plain(*given: float) -> Awaitable[Any]:
            self._world.note("called", anyio.current_effective_deadline(), who=name)
            return run(*given)

        return plain


def in_turn(runs: Iterator[Callable[..., Awaitable[Any]]]) -> Callable[[float], Awaitable[Any]]:
    """Return a callable that calls the next of `runs` each time."""

    def call(*given: float) -> Awaitable[Any]:
        return next(runs)(*given)

    return call


async def look() -> float:
    """Return the deadline that a job sees around itself: a step of its script."""
    return anyio.current_effective_deadline()


def rows(report: Any) -> Any:
    """Return a report as a list of name, status, value, error; text says what is there instead."""
    if not isinstance(report, dict):
        return f"{type(report).__name__}, which is not a dictionary"
    return [[name, *row(outcome)] for name, outcome in report.items()]


def row(outcome: Any) -> list[Any]:
    """Return the status, by name, the value and the error of an outcome."""
    status = getattr(outcome, "status", None)
    named = status.name if isinstance(status, Enum) else f"{type(outcome).__name__} without a Status"
    return [named, getattr(outcome, "value", None), getattr(outcome, "error", None)]


async def scene(
    subject: Any,
    world: Any,
    *,
    start: float,
    jobs: Mapping[str, Sequence[Any]],
    workers: int,
    deadline: float | None = None,
    margin: float | None = None,
    enclosing: Sequence[float] = (),
    deadlines: Mapping[str, float] | None = None,
    estimates: Mapping[str, float] | None = None,
    partials: bool = False,
    plain: bool = False,
    form: str = "list",
    one_callable: bool = False,
    beside: Mapping[str, Any] | None = None,
) -> None:
    """Let the actor ``caller`` wait, call `run_pool`, note the report, and pass one checkpoint.

    Jobs have two steps of their own: ``look`` reads the deadline in force, and ``["move", n, s]`` moves the nth of the
    deadlines in `enclosing` to s (virtual s).

    Args:
        start: when the call is made (virtual s).
        jobs: name of a job → its script.
        workers: what the call gets.
        deadline: what the call gets (virtual s, absolute); None is infinite.
        margin: what the call gets (s); None is left out.
        enclosing: deadlines of scopes around the call, the outermost first (virtual s, absolute).
        deadlines, estimates, partials, plain, form, one_callable: more about the jobs, see `Jobs`.
        beside: `jobs`, `workers` and `deadline` of a pool that the actor ``other`` runs at the same time, or from
            `start` on (virtual s).

    Notes:
        report: name, status, value and error of each outcome.
        called: the deadline in force when a plain `run` was called, by that job.
    """
    around = [anyio.CancelScope(deadline=moment) for moment in enclosing]

    async def move(number: int, moment: float) -> None:
        around[number].deadline = moment

    async def run(made: Sequence[Any], scopes_around: Sequence[anyio.CancelScope], **options: Any) -> None:
        with contextlib.ExitStack() as scopes:
            for scope in scopes_around:
                scopes.enter_context(scope)
            report = await world.call("run_pool", subject.run_pool, made, **options)
            if report is not None:
                world.note("report", rows(report))
            await world.after()

    async def first() -> None:
        options = {} if margin is None else {"margin": margin}
        end = math.inf if deadline is None else deadline
        made = Jobs(
            subject,
            world,
            jobs,
            deadlines=deadlines,
            estimates=estimates,
            partials=partials,
            plain=plain,
            form=form,
            one_callable=one_callable,
            verbs={"move": move},
        )
        await run(made.all, around, workers=workers, deadline=end, **options)

    async def second() -> None:
        options = {name: given for name, given in (beside or {}).items() if name != "start"}
        made = Jobs(subject, world, options.pop("jobs"))
        await run(made.all, [anyio.CancelScope(deadline=moment) for moment in enclosing], **options)

    scripts = {"caller": [["wait", start], ["first"]]}
    if beside is not None:
        scripts["other"] = [["wait", beside.get("start", start)], ["second"]]
    await world.actors(scripts, {"first": first, "second": second})
