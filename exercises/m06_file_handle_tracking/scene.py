"""The world of m06: tasks that share one tracker, track resources with it, open files and read many at once."""

import functools
import gc
import os
import pathlib
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Resource:
    """Something to track. Its unusual size makes a new one likely to get the address of one that is gone."""

    __slots__ = ("__weakref__", *(f"part_{number}" for number in range(24)))


class Same(Resource):
    """Equal to every other one."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same)

    def __hash__(self) -> int:
        return 7


class Unhashable(Same):
    """Equal to every other one, and not to be hashed."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]


class Empty(Resource):
    """False in a condition, as an empty buffer is."""

    __slots__ = ()

    def __len__(self) -> int:
        return 0


IN_MEMORY = "/dev/shm"  # noqa: S108 - a new folder in it is only ours; twenty times as fast as one on a disk
NO_TEXT = b"\xff\xfe\xff"
KINDS = {"plain": Resource, "same": Same, "unhashable": Unhashable, "empty": Empty}


async def scene(
    subject: Any,
    world: Any,
    *,
    actors: Mapping[str, Sequence[Any]],
    kinds: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    unreadable: Sequence[str] = (),
    seconds: Mapping[str, Sequence[float]] | None = None,
    texts: bool = False,
    relative: bool = False,
    look: bool = False,
) -> None:
    """Let the actors play their scripts with one tracker.

    Steps of theirs: ``track(resource, name)``, ``untrack(resource)``, ``live()``, ``watch(label, *steps)``,
    ``prepare(label)``: call `watch` before its block; ``drop(resource)``: forget it, and tell whether it is still alive;
    ``reuse(resource, old)``: make it at the address of one that is gone, and tell whether that worked;
    ``open_tracked(file, mode, *steps)``, and in its block ``read(file)``, ``write(file, text)`` and ``jam(file)``: from
    now on nothing can be written to it, and ``close(file)``: the body closes it itself; ``contents(file)``;
    ``read_all(files, limit)``; ``track_elsewhere(resource)``: with another tracker; ``empty_the_list()``: empty the list
    that `live` gave.

    Args:
        actors: actor → what it does.
        kinds: resource → one of `KINDS`; others are plain.
        files: file → its text. Others do not exist.
        unreadable: files that hold no text.
        seconds: file → how long opening it, each read or write, and closing it take in the worker thread (virtual s).
        texts: whether paths are given as `str` instead of `pathlib.Path`.
        relative: whether paths are relative to the working folder.
        look: whether the notes ``thread`` tell what is live.

    Notes:
        leaks: the text of the `LeakError` that left a ``watch``.
        lengths: how many characters the texts have that a ``read_all`` gave.
        thread: what a worker thread did for a moment, with which file, for how long, and the names that are live.
    """
    tracker = subject.LeakTracker()
    others: list[Any] = []
    things: dict[str, Any] = {}
    addresses: dict[str, int] = {}
    watches: dict[str, Any] = {}
    opened: dict[str, Any] = {}
    places: dict[str, Any] = {}  # resource that is gone → what lies at its address, so that nothing else does
    kept: list[Any] = []  # a file that nobody holds is closed by the garbage collector, which would hide a leak
    closed: list[Any] = []  # files that a worker thread has closed: to close them once more takes no time

    def kind(name: str) -> type[Resource]:
        return KINDS[(kinds or {}).get(name, "plain")]

    def resource(name: str) -> Any:
        if name not in things:
            things[name] = kind(name)()
            addresses[name] = id(things[name])
        return things[name]

    def path_of(name: str) -> Any:
        path = pathlib.Path(root, name)
        return str(path) if texts else path

    def spoken(text: Any) -> Any:
        """Say ``path of a`` for the path of a file, which is another one in each run."""
        return text.replace(f"{root}{os.sep}", "path of ") if type(text) is str else text

    async def track(name: str, called: str | None = None) -> None:
        tracker.track(resource(name), name=name if called is None else called)

    async def track_elsewhere(name: str) -> None:
        if not others:
            others.append(subject.LeakTracker())
        others[0].track(resource(name), name=name)

    async def untrack(name: str) -> None:
        tracker.untrack(resource(name))

    async def live() -> Any:
        found = tracker.live()
        if not isinstance(found, list):
            return found
        return [
            {"name": spoken(leak.name), "opened_at": leak.opened_at}
            if isinstance(leak, subject.Leak)
            else {"not a Leak": type(leak).__name__}
            for leak in found
        ]

    def names_that_are_live() -> list[Any]:
        found = tracker.live()
        entries = found if isinstance(found, list) else []
        return [spoken(leak.name) for leak in entries if isinstance(leak, subject.Leak)]

    async def empty_the_list() -> None:
        found = tracker.live()
        if isinstance(found, list):
            found.clear()

    async def drop(name: str) -> bool:
        gone = weakref.ref(things.pop(name))
        if gone() is not None:
            gc.collect()
        if gone() is None:
            places[name] = made_at(addresses[name], kind(name))
        return gone() is not None

    async def reuse(name: str, old: str) -> bool:
        places.pop(old, None)

        def make() -> Any:
            things.pop(name, None)
            return resource(name)

        return made_at(addresses[old], make) is not None

    async def prepare(label: str) -> None:
        watches[label] = tracker.watch()

    async def watch(label: str, *steps: Any) -> None:
        try:
            with watches.pop(label) if label in watches else tracker.watch():
                await world.play(steps, verbs)
        except subject.LeakError as error:
            world.note("leaks", spoken(str(error)))
            raise

    async def open_tracked(name: str, mode: str | None, *steps: Any) -> None:
        given = [] if mode is None else [mode]
        async with subject.open_tracked(tracker, path_of(name), *given) as file:
            opened[name] = file
            kept.append(file)
            await world.play(steps, verbs)

    async def read(name: str) -> str:
        text = await opened[name].read()
        return text if isinstance(text, str) else repr(text)

    async def write(name: str, text: str) -> None:
        await opened[name].write(text)

    async def jam(name: str) -> None:
        unwritable = os.open(os.devnull, os.O_RDONLY)
        os.dup2(unwritable, opened[name].fileno())
        os.close(unwritable)

    async def close(name: str) -> None:
        await opened[name].aclose()

    async def contents(name: str) -> str:
        number = os.open(path_of(name), os.O_RDONLY)
        try:
            return os.read(number, 1_000).decode()
        finally:
            os.close(number)

    async def read_all(names: Sequence[str], limit: int) -> Any:
        paths = [path_of(name) for name in names]
        found = await subject.read_all(tracker, tuple(paths) if texts else paths, limit=limit)
        if isinstance(found, list):
            world.note("lengths", [len(text) if isinstance(text, str) else None for text in found])
        return found

    def in_a_thread(function: Any, args: tuple[Any, ...]) -> float:
        what, name = what_it_does(function, args)
        if what == "close":
            file = owner_of(function)
            if any(file is other for other in closed):
                what = "other"
            closed.append(file)
        times = (seconds or {}).get(name, (0, 0, 0))
        took = {"open": times[0], "use": times[1], "close": times[2]}.get(what, 0)
        world.note("thread", [what, name, took, names_that_are_live() if look else []])
        return float(took)

    calls = [track, track_elsewhere, untrack, live, watch, open_tracked, read_all]
    verbs = {act.__name__: world.as_call(act) for act in calls}
    verbs |= {act.__name__: act for act in (drop, reuse, prepare, read, write, jam, close, contents)}
    verbs["empty_the_list"] = empty_the_list
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        root = beginning(folder, relative=relative)
        fill(
            folder,
            {**{name: text.encode() for name, text in (files or {}).items()}, **dict.fromkeys(unreadable, NO_TEXT)},
        )
        world.threads_take(in_a_thread)
        await world.actors(actors, verbs)


def made_at(address: int, make: Callable[[], Any]) -> Any:
    """Make things until one lies at that address; return it, or None if none does."""
    unfit = []
    for _ in range(3_000):
        thing = make()
        if id(thing) == address:
            return thing
        unfit.append(thing)
    return None


def beginning(folder: str, *, relative: bool) -> str:
    """Return how the paths of files in the folder begin."""
    return os.path.relpath(folder) if relative else folder


def fill(folder: str, files: Mapping[str, bytes]) -> None:
    """Make the files in the folder."""
    for name, data in files.items():
        pathlib.Path(folder, name).write_bytes(data)


def owner_of(function: Any) -> Any:
    """Return the object whose method it is, also inside partials."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__self__", None)


def what_it_does(function: Any, args: tuple[Any, ...]) -> tuple[str, str]:
    """Tell what a call in a worker thread does, ``open``, ``use`` or ``close``, and to which file; else ``other``."""
    while isinstance(function, functools.partial):
        function, args = function.func, (*function.args, *args)
    name: str = getattr(function, "__name__", "")
    owner: Any = owner_of(function)
    if function is open and args:
        return "open", pathlib.Path(args[0]).name
    if isinstance(owner, pathlib.Path):
        return ("open" if name == "open" else "other"), owner.name
    if hasattr(owner, "fileno"):
        return ("close" if name == "close" else "use"), pathlib.Path(owner.name).name
    return "other", ""
