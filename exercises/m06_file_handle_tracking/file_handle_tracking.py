"""Track what is open, and find what was never closed.

Core. A `LeakTracker` lists what is tracked and not yet untracked, oldest first. It compares resources by identity.
Tracking one twice, or untracking one that is not tracked, raises `ValueError`.

`with tracker.watch():` raises `LeakError`, with just their names in its text, if things that any task tracked during the
block are still live at its end. The body's own exception goes on instead.

`open_tracked` opens a file with anyio and tracks it while it is open. However the block ends, the file is then closed
and untracked, also in a task that has been cancelled. Opening and the body are not protected.

Stretch. The tracker keeps no resource alive, and still lists one that was garbage-collected: it leaked. `read_all`
reads many files at the same time, each with `open_tracked`, with never more than `limit` open.

Use anyio; the file must work on asyncio and trio.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from anyio import AsyncFile


class LeakError(Exception):
    """Something was still open at the end of a block that was watched."""


@dataclass(frozen=True)
class Leak:
    """Something tracked and not yet untracked: its name, and when it was tracked."""

    name: str
    opened_at: float


class LeakTracker:
    """Knows which resources are open."""

    def __init__(self) -> None:
        """Begin with nothing tracked."""
        # TODO: what must you remember of each resource? Equal ones are not the same, and some cannot be hashed.

    def track(self, resource: object, *, name: str) -> None:
        """List `resource` as live from now on; `ValueError` if it is tracked already."""
        # TODO: remember its name and the time, `anyio.current_time()`.
        raise NotImplementedError("TODO: write track")

    def untrack(self, resource: object) -> None:
        """Take `resource` off the list, because it was closed; `ValueError` if it is not tracked."""
        raise NotImplementedError("TODO: write untrack")

    def live(self) -> list[Leak]:
        """Return what is tracked and not yet untracked, oldest first."""
        raise NotImplementedError("TODO: write live")

    def watch(self) -> AbstractContextManager[None]:
        """Watch a block: a `LeakError` leaves it if something that was tracked while it ran is live at its end."""
        # TODO: what was live before the block does not count. What if the body raises, or is cancelled?
        raise NotImplementedError("TODO: write watch")


@asynccontextmanager
async def open_tracked(
    tracker: LeakTracker, path: str | os.PathLike[str], mode: str = "r"
) -> AsyncIterator[AsyncFile[Any]]:
    """Open a file that `tracker` lists, by `str(path)`, until the block ends."""
    # TODO: open it with anyio; give it to the body; close and untrack it, whatever happens: closing may fail too.
    raise NotImplementedError("TODO: write open_tracked")
    yield


async def read_all(tracker: LeakTracker, paths: Sequence[str | os.PathLike[str]], *, limit: int) -> list[str]:
    """Return the texts of the files at `paths`, in their order; `ValueError` if `limit` is less than 1."""
    # TODO (stretch): read them at the same time, each with `open_tracked`; as many as `limit`, never more.
    # TODO (stretch): if one cannot be read, no further one is opened, and its error leaves the call.
    raise NotImplementedError("TODO: write read_all")
