"""Built with a class for the block that closes once, and once more to be sure, in one shield; subclasses of list, `Leak` and `ValueError`."""

import weakref
from dataclasses import dataclass

import anyio


class LeakError(Exception):
    pass


@dataclass(frozen=True)
class Leak:
    name: str
    opened_at: float


class TrackedLeak(Leak):
    """Knows its resource too, as long as that lives."""

    def __init__(self, name, opened_at, resource):
        super().__init__(name, opened_at)
        object.__setattr__(self, "resource", weakref.ref(resource))


class Leaks(list):
    """A list with a word for its names."""

    def names(self):
        return [leak.name for leak in self]


class StillOpen(LeakError):
    """Built from leaks."""

    def __init__(self, leaks):
        super().__init__("still open: " + "; ".join(leaks.names()))


class NotTracked(ValueError, LookupError):
    """Nobody tracks it."""


class TrackedTwice(ValueError):
    """Somebody tracks it already."""


class LeakTracker:
    def __init__(self):
        self.leaks = Leaks()

    def find(self, resource):
        return [place for place, leak in enumerate(self.leaks) if leak.resource() is resource]

    def track(self, resource, *, name):
        if self.find(resource):
            raise TrackedTwice(name)
        self.leaks.append(TrackedLeak(name, anyio.current_time(), resource))

    def untrack(self, resource):
        places = self.find(resource)
        if not places:
            raise NotTracked(repr(resource))
        self.leaks.pop(places[0])

    def live(self):
        return Leaks(self.leaks)

    def watch(self):
        return Watch(self)


class Watch:
    """One block: it remembers what was live before."""

    def __init__(self, tracker):
        self.tracker = tracker

    def __enter__(self):
        self.before = Leaks(self.tracker.leaks)

    def __exit__(self, kind, error, traceback):
        left = Leaks(leak for leak in self.tracker.leaks if not any(leak is old for old in self.before))
        if kind is None and left:
            raise StillOpen(left)


class open_tracked:
    """The block, as a class."""

    def __init__(self, tracker, path, mode="r"):
        self.tracker, self.path, self.mode = tracker, path, mode

    async def __aenter__(self):
        self.file = await anyio.open_file(self.path, self.mode)
        self.tracker.track(self.file, name=str(self.path))
        return self.file

    async def __aexit__(self, *error):
        self.tracker.untrack(self.file)
        with anyio.CancelScope(shield=True):
            try:
                await self.file.aclose()
            finally:
                await self.file.aclose()


class Texts(list):
    """The texts of files."""


async def read_all(tracker, paths, *, limit):
    if limit < 1:
        raise ValueError("limit")
    texts = Texts(None for _ in paths)
    waiting = list(enumerate(paths))[::-1]

    async def reader():
        while waiting:
            place, path = waiting.pop()
            async with open_tracked(tracker, path) as file:
                texts[place] = await file.read()

    async with anyio.create_task_group() as group:
        for _ in range(min(limit, len(paths))):
            group.start_soon(reader)
    return texts
