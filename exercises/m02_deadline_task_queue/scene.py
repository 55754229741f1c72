"""The world of m02: one caller with a queue of tasks, a deadline, and perhaps tighter deadlines around."""

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
    function: str,
    deadline: float,
    begin: Sequence[Any] = (),
    estimates: Mapping[str, float] | None = None,
    enclosing: Sequence[float] = (),
    again: float | None = None,
    partials: bool = False,
) -> None:
    """Let the actor ``caller`` call `function`, note what is left in the queue, and pass one checkpoint.

    Args:
        tasks: name of a task → the script of its work; the queue has them in this order.
        function: ``drain_until`` or ``drain_or_fail``.
        deadline: what the call gets (virtual s, absolute).
        begin: steps of the caller before the call, such as ``["wait", s]``.
        estimates: name of a task → its estimate (s); others have the default.
        enclosing: deadlines of scopes around the call, the outermost first (virtual s, absolute).
        again: deadline of a second call with what is left in the queue; no second call without it.
        partials: whether each `work` is a `functools.partial`, which has no name, instead of a function.

    Notes:
        queue: after each call, the names of the tasks that are left.
    """
    queue: deque[Any] = deque()
    for name, script in tasks.items():
        work = world.job(name, script)
        given = {"estimate": estimates[name]} if estimates and name in estimates else {}
        queue.append(subject.Task(name, functools.partial(work) if partials else work, **given))
    known = list(queue)

    def name_of(entry: Any) -> Any:
        # A task that was made anew counts if it equals the one that it replaces.
        return entry.name if entry in known else f"something else ({type(entry).__name__})"

    async def drain() -> None:
        with contextlib.ExitStack() as scopes:
            for moment in enclosing:
                scopes.enter_context(anyio.CancelScope(deadline=moment))
            for end in [deadline] if again is None else [deadline, again]:
                try:
                    await world.call(function, getattr(subject, function), queue, deadline=end)
                finally:
                    world.note("queue", [name_of(entry) for entry in queue], who="caller")
                await world.after()

    await world.actors({"caller": [*begin, ["drain"]]}, {"drain": drain})
