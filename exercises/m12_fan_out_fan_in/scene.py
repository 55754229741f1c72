"""The world of m12: a source that tells what is taken from it, workers with scripts, and a consumer with a script."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import anyio

Steps = Sequence[Sequence[Any]]


async def scene(
    subject: Any,
    world: Any,
    *,
    items: Steps,
    workers: int,
    function: str = "fan_out",
    buffer: int | None = None,
    consumer: Steps = (("each",),),
    values: Mapping[str, Any] | None = None,
    tuples: Sequence[str] = (),
    source_fails: Sequence[Any] | None = None,
    once: bool = False,
    plain: bool = False,
    callers: Sequence[str] | Mapping[str, Sequence[Any]] = ("caller",),
    consumers: Mapping[str, Steps] | None = None,
) -> None:
    """Let each caller fan out (or in) once, and pass one checkpoint afterwards.

    The spans ``work`` tell when which item was worked on; notes tell which items were ``taken`` from the source, that it
    ``breaks``, which were ``called`` (the worker, with that item), which pairs the consumer ``received``, that it came to the ``end`` of
    the iteration, and that it ``leaves`` the block. `Consumer` has the consumer's steps.

    Args:
        items: name of an item, the script of its work; in the order of the source.
        workers: what the call gets.
        function: ``fan_out`` or ``fan_in``.
        buffer: what the call gets; by default it is left out.
        consumer: what happens inside the block.
        values: name of an item → the object that it is; by default one that is equal to nothing else.
        tuples: names of items that are tuples ``(item, 1)``; what the work on them gives is a tuple ``(result, 2)``.
        source_fails: how many items the source has given when it raises, and which error: name, kind.
        once: whether the source can be gone through only once.
        plain: whether the worker is a callable without a name that returns what the script makes, instead of an `async def`.
        callers: names of the actors; each has a source of its own, and all have the same worker. Or name of an actor → when
            it calls (virtual s), then the names of its items; by default all call at once, with all items.
        consumers: name of a caller → what happens inside its block, if not what `consumer` says.
    """
    options = {} if buffer is None else {"buffer": buffer}

    desk = Desk(world, items, values or {}, source_fails, tuples)
    work = functools.partial(desk.call) if plain else desk.work

    async def fan_out(who: str, source: Any, worker: Any) -> None:
        async with subject.fan_out(source, worker, workers=workers, **options) as results:
            try:
                await Consumer(world, results, who=_consumer_of(who)).play((consumers or {}).get(who, consumer))
            finally:
                world.note("leaves", who=_consumer_of(who))

    async def fan_in(_who: str, source: Any, worker: Any) -> Any:
        return await subject.fan_in(source, worker, workers=workers)

    async def fan(who: str, *names: str) -> None:
        source = Source(desk.order(names if isinstance(callers, Mapping) else None), once=once)
        act = functools.partial({"fan_out": fan_out, "fan_in": fan_in}[function], who)
        await world.call(function, act, source, work)
        await world.after()

    scripts: dict[str, list[list[Any]]] = {who: [["fan", who]] for who in callers}
    if isinstance(callers, Mapping):
        scripts = {who: [["wait", at], ["fan", who, *names]] for who, (at, *names) in callers.items()}
    await world.actors(scripts, {"fan": fan})


def _consumer_of(who: str) -> str:
    """Return the name of the consumer in the block of that caller."""
    return "consumer" if who == "caller" else f"consumer of {who}"


class Source:
    """An iterable, and nothing more: it has no length, no index and no `next`."""

    def __init__(self, given: Callable[[], Iterator[Any]], *, once: bool) -> None:
        self._given = given
        self._once = given() if once else None

    def __iter__(self) -> Iterator[Any]:
        return self._given() if self._once is None else self._once


class Desk:
    """What is to be worked on, and what the work does."""

    def __init__(
        self,
        world: Any,
        items: Steps,
        values: Mapping[str, Any],
        fails: Sequence[Any] | None,
        tuples: Sequence[str] = (),
    ) -> None:
        self._world, self._fails, self._tuples = world, fails, tuples
        self._items: list[tuple[Any, str, Any]] = []
        self._scripts: list[tuple[Any, str, Any]] = []
        for name, script in items:
            item = values[name] if name in values else world.thing(name)
            if isinstance(item, (list, dict)):  # told by identity, though equal ones may be there
                world.token(item, name)
            if name in tuples:
                item = (item, 1)
            self._items.append((item, name, script))

    def order(self, names: Sequence[str] | None) -> Callable[[], Iterator[Any]]:
        """Take an order for the items of these names, or for all; return what gives them one by one."""
        ordered = self._items
        if names is not None:
            ordered = [next(entry for entry in self._items if entry[1] == name) for name in names]
        self._scripts.extend(ordered)
        return functools.partial(self._given, ordered)

    def _given(self, ordered: Sequence[tuple[Any, str, Any]]) -> Iterator[Any]:
        """Give the items one by one, and tell which was taken."""
        for number, (item, name, _) in enumerate(ordered):
            self._perhaps_fail(number)
            self._world.note("taken", name, who="source")
            yield item
        self._perhaps_fail(len(ordered))

    def _perhaps_fail(self, number: int) -> None:
        if self._fails is not None and self._fails[0] == number:
            self._world.note("breaks", who="source")
            raise self._world.fault(*self._fails[1:])

    def call(self, item: Any) -> Any:
        """Begin to work on the item: what is returned must be awaited."""
        for entry in self._scripts:
            if entry[0] is item:
                self._scripts.remove(entry)
                break
        else:
            entry = (item, "stranger", [])
        _, name, script = entry
        self._world.note("called", name, who="worker")
        made = self._world.job(name, script, what="work")(item)
        return self._in_a_tuple(made) if name in self._tuples else made

    @staticmethod
    async def _in_a_tuple(work: Any) -> Any:
        return (await work, 2)

    async def work(self, item: Any) -> Any:
        """Work on the item."""
        return await self.call(item)


class Consumer:
    """What happens inside the block.

    Steps::

        ["each", *steps]        go through the results to the end; the steps after each one
        ["first", n, *steps]    the same, and break after n
        ["receive"]             one `receive`
        ["patient", s]          one `receive` that is given up after s virtual seconds, or by ["cancel", "patient"]
        ["busy", *steps]        the steps of an ordinary script, such as ["wait", s], as a span ``busy``
        ["close"]               close the stream
        ["inside", *steps]      the steps inside `async with` of the stream
        ["fail", name, kind]    raise
    """

    def __init__(self, world: Any, results: Any, who: str = "consumer") -> None:
        self._world, self._results, self._who = world, results, who

    async def play(self, steps: Steps) -> None:
        """Play the steps; the block is left at their end."""
        known = {name: getattr(self, f"_{name}") for name in ("each", "first", "receive", "patient", "busy", "close")}
        for verb, *args in steps:
            if verb == "inside":
                async with self._results:
                    await self.play(args)
            elif verb == "fail":
                raise self._world.fault(*args)
            else:
                await known[verb](*args)

    def _note(self, what: str, value: Any = None) -> None:
        pair = tuple(value) if isinstance(value, tuple) else value  # a named tuple is a pair like any other
        self._world.note(what, pair, who=self._who)

    async def _each(self, *steps: Sequence[Any]) -> None:
        async for pair in self._results:
            self._note("received", pair)
            await self.play(steps)
        self._note("end")

    async def _first(self, number: int, *steps: Sequence[Any]) -> None:
        left = number
        async for pair in self._results:
            self._note("received", pair)
            await self.play(steps)
            left -= 1
            if left == 0:
                break

    async def _receive(self) -> None:
        try:
            pair = await self._results.receive()
        except anyio.EndOfStream:
            self._note("end")
        else:
            self._note("received", pair)

    async def _patient(self, seconds: float) -> None:
        with anyio.move_on_after(seconds) as scope:
            self._world.scopes["patient"] = scope
            await self._receive()

    async def _busy(self, *steps: Sequence[Any]) -> None:
        await self._world.job(self._who, steps, what="busy")()

    async def _close(self) -> None:
        await self._results.aclose()
