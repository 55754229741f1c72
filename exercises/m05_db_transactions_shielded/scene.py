"""The world of m05: callers who work in transactions, each on a connection that takes time, fails or hangs."""

from collections.abc import Mapping, Sequence
from typing import Any

Script = Sequence[Any]


async def scene(
    subject: Any,
    world: Any,
    *,
    begin: Script = (),
    body: Script = (),
    commit: Script = (),
    rollback: Script = (),
    finish_timeout: float | None = None,
    start: float = 3.7,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    actors: Mapping[str, Script] | None = None,
) -> None:
    """Let the actor ``caller`` work in one transaction on the connection ``db``, and pass one checkpoint afterwards.

    The spans ``begin``, ``body``, ``commit`` and ``rollback`` tell what happened; the note ``handed`` tells what the
    body got, and a note ``invalidate`` that the connection was given up.

    Args:
        begin: what the connection does in `begin`.
        body: what the caller does inside the block.
        commit: what the connection does in `commit`.
        rollback: what the connection does in `rollback`.
        finish_timeout: what the call gets (virtual s); by default it is left out.
        start: when the caller enters the block (virtual s).
        others: further callers → the same arguments; each has a connection of its own, ``db of <caller>``.
        actors: further actors → what they do.
    """
    plans: dict[str, Mapping[str, Any]] = {
        "caller": {
            "begin": begin,
            "body": body,
            "commit": commit,
            "rollback": rollback,
            "finish_timeout": finish_timeout,
            "start": start,
        },
        **(others or {}),
    }

    async def transaction(who: str) -> None:
        plan = plans[who]
        name = "db" if who == "caller" else f"db of {who}"
        conn = world.token(Connection(world, name, plan), name)
        work = world.job(who, plan.get("body", ()), what="body")
        given = plan.get("finish_timeout")
        options = {} if given is None else {"finish_timeout": given}

        async def block() -> None:
            async with subject.transaction(conn, **options) as handed:
                world.note("handed", handed)
                await work()

        await world.call("transaction", block)
        await world.after()

    scripts = {who: [["wait", plan.get("start", start)], ["transaction", who]] for who, plan in plans.items()}
    await world.actors({**scripts, **(actors or {})}, {"transaction": transaction})


class Connection:
    """A connection whose calls play scripts.

    Args:
        world: records what happens.
        name: how the connection appears in the trace.
        plan: ``begin``, ``commit`` and ``rollback`` → script.
    """

    def __init__(self, world: Any, name: str, plan: Mapping[str, Script]) -> None:
        self._world, self._name = world, name
        self._begin = world.job(name, plan.get("begin", ()), what="begin")
        self._commit = world.job(name, plan.get("commit", ()), what="commit")
        self._rollback = world.job(name, plan.get("rollback", ()), what="rollback")

    async def begin(self) -> None:
        """Open the transaction."""
        await self._begin()

    async def commit(self) -> None:
        """Make its changes last."""
        await self._commit()

    async def rollback(self) -> None:
        """Undo its changes."""
        await self._rollback()

    def invalidate(self) -> None:
        """Give the connection up: it must not be used again."""
        self._world.note("invalidate", who=self._name)
