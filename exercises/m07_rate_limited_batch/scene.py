"""The world of m07: actors who take tokens out of buckets, and callers who work on batches at the rate of a bucket."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

Steps = Sequence[Any]


class Alike:
    """An item that equals every other one and has no hash: only its place in the batch tells it apart."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike)


class Handle:
    """An object that can be called."""

    def __init__(self, function: Callable[[Any], Awaitable[Any]]) -> None:
        self._function = function

    def __call__(self, item: Any) -> Awaitable[Any]:
        """Call the function."""
        return self._function(item)


class Batch:
    """One batch: its items, and the worker that is handed to the subject.

    Args:
        world: the world it plays in.
        jobs: name of an item → the script that the worker plays for it.
        order: names of the items in the batch; by default each once, as `jobs` has them.
        things: name → plain value that is the item itself; other items are their own names.
        alike: all items are equal and have no hash.
        fixed: the items are in a tuple, from which nobody can take one out.
    """

    def __init__(
        self,
        world: Any,
        jobs: Mapping[str, Steps],
        order: Sequence[str] | None = None,
        things: Mapping[str, Any] | None = None,
        *,
        alike: bool = False,
        fixed: bool = False,
    ) -> None:
        self._world, self._jobs = world, jobs
        self._items: dict[str, Any] = {name: Alike() if alike else (things or {}).get(name, name) for name in jobs}
        given = [self._items[name] for name in order or jobs]
        self.items: Sequence[Any] = tuple(given) if fixed else given

    async def worker(self, item: Any) -> Any:
        """Play the script of the item: a coroutine function."""
        return await self.called(item)

    def called(self, item: Any) -> Awaitable[Any]:
        """Play the script of the item: a plain function that returns an awaitable, or raises at once."""
        name = next((name for name, thing in self._items.items() if thing is item), None)
        if name is None:
            raise LookupError("worker was called with something that is not an item of the batch")
        self._world.note("called", who=name)
        made: Awaitable[Any] = self._world.job(name, self._jobs[name], what="work")()
        return made


async def scene(
    subject: Any,
    world: Any,
    *,
    rate: float,
    capacity: float,
    actors: Mapping[str, Steps],
    start: float = 0.0,
    another: Sequence[float] | None = None,
) -> None:
    """Make a bucket, then play the actors' scripts with it.

    Steps of the scene's own::

        ["at", s]                  wait until `s` virtual seconds after `start`
        ["acquire", 2.5]           take tokens; ["acquire"] leaves the number to the default
        ["other", 2.5]             take tokens out of the other bucket
        ["look"]                   what is `available` now
        ["make", rate, capacity]   make a bucket that nobody uses
        ["batch", 2, jobs]         `process_batch` with that limit and the bucket; then pass one checkpoint
        ["batch", 2, jobs, more]   the same with `order`, `things`, `alike`, `fixed`, see `Batch`, and ``form``: what
                                   the worker is: an ``async`` function, a plain ``function``, or a callable ``object``;
                                   ``same``: batches of that name have the very same items and worker

    Args:
        rate, capacity: of the bucket.
        actors: actor → script.
        start: when the bucket is made (virtual s).
        another: rate and capacity of another bucket, made right after the first.
    """
    await anyio.sleep_until(start)

    async def make(made_rate: float, made_capacity: float) -> Any:
        return subject.TokenBucket(rate=made_rate, capacity=made_capacity)

    bucket = await world.call("TokenBucket", make, rate, capacity)
    second: Any = await world.call("TokenBucket", make, *another) if another else None
    if bucket is None:
        return

    async def acquire(*tokens: float) -> None:
        await bucket.acquire(*tokens)

    async def other(*tokens: float) -> None:
        await second.acquire(*tokens)

    async def look() -> Any:
        return bucket.available

    async def at(seconds: float) -> None:
        await anyio.sleep_until(start + seconds)

    known: dict[str, Batch] = {}

    async def batch(limit: int, jobs: Mapping[str, Steps], more: Mapping[str, Any] | None = None) -> None:
        options = dict(more or {})
        form, same = options.pop("form", "async"), options.pop("same", None)
        made = known.get(same) or Batch(world, jobs, **options)
        if same is not None:
            known[same] = made
        workers: dict[str, Any] = {"async": made.worker, "function": made.called, "object": Handle(made.called)}
        process = subject.process_batch
        await world.call("process_batch", process, made.items, workers[form], bucket=bucket, limit=limit)
        await world.after()

    verbs: dict[str, Any] = {act.__name__: world.as_call(act) for act in (acquire, other, look, make)}
    verbs |= {"at": at, "batch": batch}
    await world.actors(actors, verbs)
