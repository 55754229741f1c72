"""The world of m02: callers with a queue of tasks each, a deadline, and perhaps tighter deadlines around."""

import contextlib
import functools
from collections import deque
from collections.abc import Mapping, Sequence
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

    Notes:
        queue: after each call, the names of the tasks that are left.
    """

    def filled() -> deque[Any]:
        queue: deque[Any] = deque()
        for name, script in tasks.items():
            work = world.job(name, script, what="run")
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
    """Return the name of a task in the queue; one that was made again counts if it equals the one that it replaces."""
    return entry.name if entry in known else f"something else ({type(entry).__name__})"
