"""The world of m09: actors who lease connections from one pool, connections that are slow, break, hang or refuse."""

import contextvars
import functools
import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import anyio

Script = Sequence[Any]
QUICK: Script = (["checkpoint"],)


async def scene(
    subject: Any,
    world: Any,
    *,
    actors: Mapping[str, Script],
    size: int = 2,
    connect: Script = QUICK,
    connects: Mapping[str, Script] | None = None,
    close: Script = QUICK,
    closes: Mapping[str, Script] | None = None,
    acquire_timeout: float | None = None,
    close_timeout: float | None = None,
) -> None:
    """Make a pool and play the actors' scripts.

    Connections are called c1, c2 … in the order in which `connect` was called for them. The spans ``connect`` and
    ``close`` of a connection tell when it was made and closed. Steps with the pool::

        ["lease", *steps]     the steps inside `async with pool.lease()`; the note ``got`` tells what it gave,
                              the note ``back`` that the steps ended by themselves
        ["aclose"]            close the pool
        ["pool", *steps]      the steps inside `async with` of the pool itself; the note ``entered`` tells what it gave
        ["stats"]             what `stats` says now
        ["make", size]        make another pool of that size, and enter and leave it
        ["another", *steps]   the steps with one more pool, made like the first, instead of it

    Steps inside a lease, about its connection::

        ["lose"]              the other side closes it: it is ``closed``, a note ``lost``
        ["shut"]              the block itself closes it
        ["reset", "E"]        as the last step: raise a `ConnectionResetError`

    Other steps::

        ["at", s]                      wait until the virtual time s

    Args:
        actors: actor → script.
        size: of the pool.
        connect: what `connect` does; it gives the connection when the script ends, by itself or by ``give``.
        connects: connection → what `connect` does for this one instead.
        close: what closing a connection does.
        closes: connection → what closing this one does instead.
        acquire_timeout: what the pool gets (virtual s); by default it is left out.
        close_timeout: the same.
    """
    wire = Wire(world, connect, connects or {}, close, closes or {})
    given = {"acquire_timeout": acquire_timeout, "close_timeout": close_timeout}
    options = {name: seconds for name, seconds in given.items() if seconds is not None}
    pool = world.token(subject.ConnectionPool(wire.connect, size=size, **options), "pool")
    others: list[Any] = []
    chosen: contextvars.ContextVar[Any] = contextvars.ContextVar("chosen", default=pool)
    verbs: dict[str, Any] = {}
    play = functools.partial(world.play, verbs=verbs)

    async def lease(*steps: Any) -> None:
        *before, last = steps or (["checkpoint"],)
        async with chosen.get().lease() as connection:
            world.note("got", connection)
            wire.mine.set(connection)
            if last[0] == "reset":
                await play(before)
                raise world.token(ConnectionResetError(last[1]), last[1])
            await play([*before, last])
            world.note("back", connection)

    async def aclose() -> None:
        await chosen.get().aclose()

    async def whole(*steps: Any) -> None:
        async with chosen.get() as entered:
            world.note("entered", entered)
            await play(steps)

    async def stats() -> Any:
        return chosen.get().stats

    async def make(count: int) -> None:
        async with subject.ConnectionPool(wire.connect, size=count):
            world.note("made")

    async def another(*steps: Any) -> None:
        if not others:
            others.append(subject.ConnectionPool(wire.connect, size=size, **options))
        before = chosen.set(others[0])
        try:
            await play(steps)
        finally:
            chosen.reset(before)

    calls = {"lease": lease, "aclose": aclose, "pool": whole, "stats": stats, "make": make}
    verbs |= {name: world.as_call(act) for name, act in calls.items()}
    verbs |= {"at": anyio.sleep_until, "another": another}
    verbs |= {"lose": wire.lose, "shut": wire.shut}
    await world.actors(actors, verbs)


class Wire:
    """Makes connections, and knows which one a block has.

    Args:
        world: records what happens.
        connect: what `connect` does.
        connects: connection → what `connect` does for this one instead.
        close: what closing a connection does.
        closes: connection → what closing this one does instead.
    """

    def __init__(
        self, world: Any, connect: Script, connects: Mapping[str, Script], close: Script, closes: Mapping[str, Script]
    ) -> None:
        self._world = world
        self._connect, self._connects, self._close, self._closes = connect, connects, close, closes
        self._numbers = itertools.count(1)
        self.mine: contextvars.ContextVar[Any] = contextvars.ContextVar("mine")
        scripts = [connect, *connects.values()]
        plain = all(script[0][0] not in ("at_once", "awaitable") for script in scripts if script)
        #: what the pool gets: an async function, or, if the plan asks for it, any other callable
        self.connect = self._connect_async if plain else self._connect_any

    async def _connect_async(self) -> Any:
        name, call = self._next()
        await call()
        return self._made(name)

    def _connect_any(self) -> Any:
        name, call = self._next()
        awaited = call()
        return Coming(awaited, functools.partial(self._made, name))

    def _next(self) -> tuple[str, Any]:
        name = f"c{next(self._numbers)}"
        return name, self._world.job(name, self._connects.get(name, self._connect), what="connect")

    def _made(self, name: str) -> Any:
        close = self._world.job(name, self._closes.get(name, self._close), what="close")
        return self._world.token(Connection(self._world, name, close), name)

    async def lose(self) -> None:
        """Let the other side close the connection of the current block."""
        self.mine.get().lose()

    async def shut(self) -> None:
        """Close the connection of the current block."""
        await self.mine.get().aclose()


class Coming:
    """An awaitable that is not a coroutine, and gives a connection."""

    def __init__(self, awaited: Any, made: Callable[[], Any]) -> None:
        self._awaited, self._made = awaited, made

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from self._awaited.__await__()
        return self._made()


class Connection:
    """A connection.

    Args:
        world: records what happens.
        name: how it appears in the trace.
        close: what closing it does.
    """

    def __init__(self, world: Any, name: str, close: Callable[[], Any]) -> None:
        self._world, self._name, self._close = world, name, close
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it is closed, or being closed."""
        return self._closed

    def lose(self) -> None:
        """The other side closes it."""
        self._closed = True
        self._world.note("lost", who=self._name)

    async def aclose(self) -> None:
        """Close it; once is enough."""
        if not self._closed:
            self._closed = True
            await self._close()
