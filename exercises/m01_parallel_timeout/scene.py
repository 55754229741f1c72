"""The world of m01: one caller who wants several jobs done, none for longer than a timeout."""

from collections.abc import Mapping, Sequence
from typing import Any


async def scene(
    subject: Any,
    world: Any,
    *,
    jobs: Mapping[str, Sequence[Any]],
    timeout: float,
    order: Sequence[str] | None = None,
) -> None:
    """Let the actor ``caller`` call `gather_within`, and pass one checkpoint afterwards.

    Args:
        jobs: name of a job → its script.
        timeout: what the call gets (virtual s).
        order: names of the jobs in the list that is passed; by default each once, as `jobs` has them.
    """
    world.token(subject.TIMED_OUT, "TIMED_OUT")
    made = {name: world.job(name, script) for name, script in jobs.items()}

    async def gather() -> None:
        await world.call(
            "gather_within", subject.gather_within, [made[name] for name in order or jobs], timeout=timeout
        )
        await world.after()

    await world.actors({"caller": [["gather"]]}, {"gather": gather})
