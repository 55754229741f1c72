"""The world of m03: a caller with a batch of items, and a worker that plays a script for each item."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any


class Alike:
    """An item that equals every other one and has no hash: only its place in the batch tells it apart."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike)


class Batch:
    """One batch: its items, and the worker that is handed to the subject.

    Args:
        world: the world it plays in.
        jobs: name of an item → its script, or ``["tries", *scripts]`` with a script for each call of the worker (the
            last one also for all further calls).
        order: names of the items in the batch; by default each once, as `jobs` has them.
        things: name → plain value that is the item itself; other items are their own names.
        alike: all items are equal and have no hash.
        fixed: the items are a tuple, from which nobody can take one out.
    """

    def __init__(
        self,
        world: Any,
        jobs: Mapping[str, Sequence[Any]],
        order: Sequence[str] | None,
        things: Mapping[str, Any] | None,
        *,
        alike: bool,
        fixed: bool,
    ) -> None:
        self._world, self._jobs = world, jobs
        self._items: dict[str, Any] = {name: Alike() if alike else (things or {}).get(name, name) for name in jobs}
        self._calls = dict.fromkeys(jobs, 0)
        items = [self._items[name] for name in order or jobs]
        self.items: Sequence[Any] = tuple(items) if fixed else items

    async def worker(self, item: Any) -> Any:
        """Play the script of the item: a coroutine function."""
        return await self.called(item)

    def called(self, item: Any) -> Awaitable[Any]:
        """Play the script of the item: a plain function that returns an awaitable, or raises at once."""
        name = next((name for name, thing in self._items.items() if thing is item), None)
        if name is None:
            raise LookupError("worker was called with something that is not an item of the batch")
        scripts = self._jobs[name][1:] if self._jobs[name][0] == "tries" else [self._jobs[name]]
        count = self._calls[name] = self._calls[name] + 1
        self._world.note("called", count, who=name)
        made: Awaitable[Any] = self._world.job(name, scripts[min(count, len(scripts)) - 1], what="work")(count)
        return made


class Handle:
    """An object that can be called."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self._function = function

    def __call__(self, item: Any) -> Awaitable[Any]:
        """Call the function."""
        return self._function(item)


def pairs(result: Any, name: str) -> Any:
    """Return the named dictionary of a result as a list of pairs, or text that says what is there instead."""
    found = getattr(result, name, None)
    return [[key, value] for key, value in found.items()] if isinstance(found, dict) else f"no dictionary `{name}`"


async def scene(
    subject: Any,
    world: Any,
    *,
    start: float,
    jobs: Mapping[str, Sequence[Any]],
    limit: int,
    attempts: int | None = None,
    backoff: float | None = None,
    timeout: float | None = None,
    order: Sequence[str] | None = None,
    things: Mapping[str, Any] | None = None,
    alike: bool = False,
    fixed: bool = False,
    form: str = "async",
    ask: int = 0,
    beside: Mapping[str, Any] | None = None,
) -> None:
    """Let the actor ``caller`` wait, call `run_batch`, note the result, and pass one checkpoint.

    Args:
        start: when the call is made (virtual s).
        jobs, order, things, alike, fixed: the batch, see `Batch`.
        limit, attempts, backoff, timeout: what the call gets; None is left out.
        form: what the worker is: an ``async`` function, a plain ``function``, or a callable ``object``.
        ask: how often `raise_for_failures` is called on the result.
        beside: `jobs`, `limit` and more of a batch that the actor ``other`` runs at the same time.
    """

    async def run(batch: Batch, **options: Any) -> None:
        forms: dict[str, Any] = {"async": batch.worker, "function": batch.called, "object": Handle(batch.called)}
        given = {name: value for name, value in options.items() if value is not None}
        result = await world.call("run_batch", subject.run_batch, batch.items, forms[form], **given)
        if result is not None:
            world.note("succeeded", pairs(result, "succeeded"))
            world.note("failed", pairs(result, "failed"))
        for _ in range(ask):
            await world.call("raise_for_failures", raising, result)
        await world.after()

    async def raising(result: Any) -> None:
        try:
            result.raise_for_failures()
        except BaseExceptionGroup as group:
            world.note("members", list(group.exceptions))
            raise

    async def first() -> None:
        batch = Batch(world, jobs, order, things, alike=alike, fixed=fixed)
        await run(batch, limit=limit, attempts=attempts, backoff=backoff, timeout=timeout)

    async def second() -> None:
        options = dict(beside or {})
        await run(Batch(world, options.pop("jobs"), None, None, alike=False, fixed=False), **options)

    scripts = {"caller": [["wait", start], ["first"]]}
    if beside is not None:
        scripts["other"] = [["wait", start], ["second"]]
    await world.actors(scripts, {"first": first, "second": second})
