"""A file is executed afresh only where a run could tell: what one run leaves in the module, no later one sees."""

import textwrap
from collections.abc import Callable

import pytest

from grader import Play
from grader.worker.scene.subject import Subject

#: Each gives, when it is called the first time in a module executed afresh, 1.
COUNTS = {
    "global": """
        count = 0
        def visit():
            global count
            count += 1
            return count
    """,
    "new global": """
        def visit():
            globals()["seen"] = globals().get("seen", 0) + 1
            return seen
    """,
    "list": """
        visits = []
        def visit():
            visits.append(1)
            return len(visits)
    """,
    "dict in a dict": """
        visits = {"by": {}}
        def visit():
            visits["by"][len(visits["by"])] = 1
            return len(visits["by"])
    """,
    "set in a tuple": """
        visits = (set(), 1)
        def visit():
            visits[0].add(len(visits[0]))
            return len(visits[0])
    """,
    "default": """
        def visit(visits=[]):
            visits.append(1)
            return len(visits)
    """,
    "keyword default": """
        def visit(*, visits={}):
            visits[len(visits)] = 1
            return len(visits)
    """,
    "new defaults": """
        def visit(count=0):
            visit.__defaults__ = (count + 1,)
            return count + 1
    """,
    "attribute of a function": """
        def visit():
            visit.count = getattr(visit, "count", 0) + 1
            return visit.count
    """,
    "another code": """
        def visit():
            visit.__code__ = again.__code__
            return 1
        def again():
            return 2
    """,
    "attribute of a class": """
        class Visits:
            count: int = 0
        def visit():
            Visits.count += 1
            return Visits.count
    """,
    "list of a class": """
        class Visits:
            class All:
                seen = []
        def visit():
            Visits.All.seen.append(1)
            return len(Visits.All.seen)
    """,
    "default of a field": """
        from dataclasses import dataclass, field
        kept = lambda seen=[]: seen
        @dataclass(frozen=True)
        class Visits:
            seen: list = field(default_factory=kept)
        def visit():
            Visits().seen.append(1)
            return len(Visits().seen)
    """,
    "member of an enum": """
        from enum import Enum
        class State(Enum):
            OPEN = "open"
        def visit():
            State.OPEN.count = getattr(State.OPEN, "count", 0) + 1
            return State.OPEN.count
    """,
    "static method": """
        class Visits:
            @staticmethod
            def visit(seen=[]):
                seen.append(1)
                return len(seen)
            @property
            def count(self):
                return self.visit()
        def visit():
            return Visits().count
    """,
    "closure": """
        def counted(function):
            count = 0
            def visit():
                nonlocal count
                count += 1
                return function(count)
            return visit
        @counted
        def visit(count):
            return count
    """,
    "class of a decorator": """
        class counted:
            def __init__(self, function):
                self.function, self.count = function, 0
            def __call__(self):
                self.count += 1
                return self.function(self.count)
        @counted
        def visit(count):
            return count
    """,
    "cache": """
        from functools import cache
        @cache
        def visits():
            return []
        def visit():
            visits().append(1)
            return len(visits())
    """,
    "iterator": """
        from itertools import count
        numbers = count(1)
        def visit():
            return next(numbers)
    """,
    "method of an iterator": """
        from itertools import count
        visit = count(1).__next__
    """,
    "object": """
        from types import SimpleNamespace
        visits = SimpleNamespace(count=0)
        def visit():
            visits.count += 1
            return visits.count
    """,
    "weak dictionary": """
        from weakref import WeakValueDictionary
        visits, alive = WeakValueDictionary(), Exception
        def visit():
            visits[len(visits)] = alive
            return len(visits)
    """,
    "statement": """
        import random
        random.seed(1)
        first = random.Random(1).random()
        def visit():
            return 1 if random.random() == first else 2
    """,
    "attribute in a tuple": """
        import random
        random.visits, size = [], 0
        def visit():
            random.visits.append(1)
            return len(random.visits)
    """,
    "statement in an attempt": """
        import random
        first = random.Random(1).random()
        try:
            random.seed(1)
        except ImportError:
            pass
        def visit():
            return 1 if random.random() == first else 2
    """,
    "statement in a class": """
        import random
        first = random.Random(1).random()
        class Visits:
            if True:
                random.seed(1)
        def visit():
            return 1 if random.random() == first else 2
    """,
}

MAIN = """
async def main(world):
    return visit()
"""

ORDINARY = """
'''Queues and such.'''
from __future__ import annotations
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from functools import cached_property, partial
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, Protocol, TypedDict, TypeVar
import anyio
from anyio import Event, create_task_group, to_thread
if TYPE_CHECKING:
    from anyio.abc import TaskGroup
try:
    import tomllib
except ImportError:
    tomllib = None
T = TypeVar("T")
Job = Callable[[], Awaitable[T]]
Kind = Literal["a", "b"] | None
__all__ = ["Queue", "main"]
LIMIT, NOTHING = 10, object()
NAMES: dict[str, int] = {"one": 1, "many": LIMIT}
class State(Enum):
    OPEN = "open"
    CLOSED = auto()
class Level(IntEnum):
    LOW = 1
class Pair(NamedTuple):
    first: int
    second: str = "x"
class Options(TypedDict):
    size: int
class Source(Protocol):
    async def read(self) -> bytes: ...
class Base(ABC, Generic[T]):
    limit: ClassVar[int] = 3
    @abstractmethod
    def get(self) -> T: ...
class QueueError(Exception):
    '''No room.'''
@dataclass(order=True)
class Entry:
    deadline: float
    items: list[int] = field(default_factory=list, compare=False)
@dataclass(frozen=True, slots=True)
class Key:
    name: str
class Queue(Base[int]):
    def __init__(self, size: int = 0, *, key: Callable[[int], int] = lambda item: item) -> None:
        self._items = [size]
    def get(self) -> int:
        return self._items.pop()
    @classmethod
    def of(cls, *items: int) -> "Queue":
        return cls(len(items))
    @property
    def size(self) -> int:
        return len(self._items)
    @cached_property
    def first(self) -> int:
        return self._items[0]
@asynccontextmanager
async def running() -> AsyncIterator[Queue]:
    yield Queue()
async def main(world):
    async with running() as queue, create_task_group() as group:
        group.start_soon(anyio.sleep, 1)
        queue.first, queue.size, Entry(1.0).items.append(2), Key("x"), Pair(1), State("open"), Level(1)
        await Event().wait() if queue.get() else None
    return id(sys.modules["subject"])
if __name__ == "__main__":
    anyio.run(main, None)
"""


def values(play: Play) -> list[object]:
    """What a plan gives in four runs in one child."""
    return [t.call.value for _ in range(2) for t in play().orders(4)]


@pytest.mark.parametrize("source", COUNTS.values(), ids=COUNTS)
def test_no_run_sees_what_another_left_in_the_module(playing: Callable[..., Play], source: str) -> None:
    assert values(playing(textwrap.dedent(source) + MAIN)) == [1] * 4


def test_a_module_that_no_run_touches_is_executed_once(playing: Callable[..., Play]) -> None:
    assert len(set(values(playing(ORDINARY)))) == 1


def test_what_one_run_touched_is_not_kept_again() -> None:
    subject = Subject("subject", "def visit():\n    return 1\n", {})
    first = subject.load()
    assert subject.load() is first
    first.count = 1  # type: ignore[attr-defined]
    second = subject.load()
    assert second is not first
    assert not hasattr(second, "count")
    assert subject.load() is not second
