"""The world of m02: callers with a queue of tasks each, a deadline, and perhaps tighter deadlines around."""

import contextlib
import functools
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio


async def scene(
    subject: Any,
    world: Any,
    *,
    tasks: Mapping[str, Sequence[Any]],
    functions: Sequence[str],
    deadline: float,
    begin: Sequence[Any] = (),
    estimates: Mapping[str, float] | None = None,
    enclosing: Sequence[float] = (),
    again: float | None = None,
    partials: bool = False,
    odd: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Let an actor call each of the functions with a queue of its own, and pass one checkpoint afterwards.

    The actor is called ``caller``; if there are two functions, each actor has the name of its function.

    Args:
        tasks: name of a task → the script of its work; the queue has them in this order.
        functions: ``drain_until``, ``drain_or_fail``, or both.
        deadline: what the call gets (virtual s, absolute).
        begin: steps of the actor before the call, such as ``["wait", s]``.
        estimates: name of a task → its estimate (s); others have the default.
        enclosing: deadlines of scopes around the call, the outermost first (virtual s, absolute).
        again: deadline of a second call with what is left in the queue; no second call without it.
        partials: whether each `work` is a `functools.partial`, which has no name, instead of a function.
        odd: name of a task → how its work ends behind the script, and the name of the error: see `oddly`.

    Notes:
        queue: after each call, the names of the tasks that are left.
    """

    def filled() -> deque[Any]:
        queue: deque[Any] = deque()
        for name, script in tasks.items():
            work = world.job(name, script, what="run")
            if odd and name in odd:
                work = oddly(world, work, *odd[name])
            given = {"estimate": estimates[name]} if estimates and name in estimates else {}
            queue.append(subject.Task(name, functools.partial(work) if partials else work, **given))
        return queue

    async def drain(function: str) -> None:
        queue = filled()
        known = list(queue)
        with contextlib.ExitStack() as scopes:
            for moment in enclosing:
                scopes.enter_context(anyio.CancelScope(deadline=moment))
            for end in [deadline] if again is None else [deadline, again]:
                try:
                    await world.call(function, getattr(subject, function), queue, deadline=end)
                finally:
                    world.note("queue", [name_of(entry, known) for entry in queue], who=names[function])
                await world.after()

    names = {function: function if len(functions) > 1 else "caller" for function in functions}
    await world.actors({names[function]: [*begin, ["drain", function]] for function in functions}, {"drain": drain})


def name_of(entry: Any, known: Sequence[Any]) -> Any:
    """Return the name of a task in the queue; one that was made anew counts if it equals the one that it replaces."""
    return entry.name if entry in known else f"something else ({type(entry).__name__})"


def oddly(world: Any, work: Callable[[], Awaitable[Any]], form: str, name: str) -> Callable[[], Awaitable[Any]]:
    """Return a work that does the same, and then ends with an error of an odd kind.

    Args:
        world: the world of the run.
        work: what it does first.
        form: ``returned`` (not raised), ``alone`` (in a group of its own), or ``exits`` (a group that is no `Exception`).
        name: of the error in the trace.
    """
    made: dict[str, BaseException] = {
        "returned": ValueError(name),
        "alone": ExceptionGroup(name, [ValueError(name)]),
        "exits": BaseExceptionGroup(name, [_Exit(name)]),
    }
    error = world.token(made[form], name)

    async def ended() -> Any:
        await work()
        if form == "returned":
            return error
        raise error

    return ended


class _Exit(BaseException):
    """What passes like SystemExit, without ending the process."""
