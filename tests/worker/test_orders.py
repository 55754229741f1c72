"""Order is an input: classic bugs that an ordinary run never shows are found within the budget, correct twins never."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grader import CheckFailed, Play

Playing = Callable[..., Play]

HEAD = "import anyio\nfrom anyio.lowlevel import checkpoint\n"


@dataclass
class Bug:
    """A subject with a fault that only some orders show, and the same without it. `main` returns True if all is well."""

    name: str
    wrong: str
    right: str


LOST_UPDATE = """
async def main(world):
    total = [0]
    lock = anyio.Lock()
    async def add():
        {enter}
            seen = total[0]
            await checkpoint()
            total[0] = seen + 1
    async with anyio.create_task_group() as group:
        group.start_soon(add)
        {gap}
        group.start_soon(add)
    return total[0] == 2
"""
POOL = """
async def main(world):
    free, most, used = [1], [0], [0]
    lock = anyio.Lock()
    async def lease():
        {enter}
            while not free[0]:
                await anyio.sleep(1)
            {between}
            free[0] -= 1
        used[0] += 1
        most[0] = max(most[0], used[0])
        await checkpoint()
        used[0] -= 1
        free[0] += 1
    async with anyio.create_task_group() as group:
        group.start_soon(lease)
        group.start_soon(lease)
    return most[0] == 1
"""
WAKE_UP = """
async def main(world):
    state = {{"ready": False, "event": None}}
    async def waiter():
        if not state["ready"]:
            {prepare}
            {pause}
            {late}
            await state["event"].wait()
    async def setter():
        await checkpoint()
        state["ready"] = True
        if state["event"] is not None:
            state["event"].set()
    with anyio.move_on_after(5) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(waiter)
            group.start_soon(setter)
    return not scope.cancelled_caught
"""
CONDITION = """
async def main(world):
    condition, items = anyio.Condition(), []
    async def take():
        async with condition:
            {test} not items:
                await condition.wait()
            items.pop()
    async def put():
        async with condition:
            items.append(1)
            condition.notify({count})
        await anyio.sleep(1)
        async with condition:
            items.append(1)
            condition.notify({count})
    well = True
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(take)
            group.start_soon(put)
            group.start_soon(take)
    except* IndexError:
        well = False
    return well
"""
ABBA = """
async def main(world):
    a, b = anyio.Lock(), anyio.Lock()
    async def both(first, second):
        async with first:
            async with second:
                await checkpoint()
    with anyio.move_on_after(5) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(both, a, b)
            group.start_soon(both, {pair})
    return not scope.cancelled_caught
"""
DRAIN = """
async def main(world):
    send, receive = anyio.create_memory_object_stream(10)
    got = []
    async def consume():
        async with receive:
            {loop}
                got.append(item)
    async def produce():
        async with send:
            for item in range(3):
                await send.send(item)
                await checkpoint()
        done.set()
    done = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(consume)
        group.start_soon(produce)
        {stop}
    return got == [0, 1, 2]
"""

NO_LOCK, LOCK = "if True:", "async with lock:"
BUGS = [
    Bug("lost update", LOST_UPDATE.format(enter=NO_LOCK, gap=""), LOST_UPDATE.format(enter=LOCK, gap="")),
    Bug(
        "rare lost update",
        LOST_UPDATE.format(enter=NO_LOCK, gap="await checkpoint()"),
        LOST_UPDATE.format(enter=LOCK, gap="await checkpoint()"),
    ),
    Bug(
        "check, then act",
        POOL.format(enter=NO_LOCK, between="await checkpoint()"),
        POOL.format(enter=NO_LOCK, between="pass"),
    ),
    Bug(
        "lost wake-up",
        WAKE_UP.format(prepare="pass", pause="await checkpoint()", late="state['event'] = anyio.Event()"),
        WAKE_UP.format(prepare="state['event'] = anyio.Event()", pause="await checkpoint()", late="pass"),
    ),
    Bug("condition notify", CONDITION.format(test="if", count=2), CONDITION.format(test="while", count=2)),
    Bug("ABBA", ABBA.format(pair="b, a"), ABBA.format(pair="a, b")),
    Bug(
        "close before drain",
        DRAIN.format(loop="async for item in receive:", stop="await done.wait(); group.cancel_scope.cancel()"),
        DRAIN.format(loop="async for item in receive:", stop="await done.wait()"),
    ),
]


def found(play: Play, budget: int) -> int | None:
    """Return after how many orders the bug shows; None if it does not."""
    for count, t in enumerate(play().orders(budget), 1):
        if t.call.value is not True:
            return count
    return None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_classic_bugs_are_found(playing: Playing, bug: Bug) -> None:
    assert found(playing(HEAD + bug.wrong), 40) is not None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_correct_twins_are_not_flagged(playing: Playing, bug: Bug) -> None:
    assert found(playing(HEAD + bug.right), 80) is None


def test_a_seed_brings_the_same_trace_back(playing: Playing) -> None:
    play = playing(HEAD + LOST_UPDATE.format(enter=LOCK, gap="await checkpoint()"))
    traces = [t.data for t in play().orders()]
    again = [t.data for t in playing(HEAD + LOST_UPDATE.format(enter=LOCK, gap="await checkpoint()"))().orders()]
    assert traces == again
    assert len({t["seed"] for t in traces}) == 20


def test_cancelled_after_every_step(playing: Playing) -> None:
    play = playing(
        textwrap.dedent("""
        import anyio
        async def main(world):
            await anyio.sleep(1)
            try:
                await anyio.sleep(1)
            except BaseException:  # swallows the cancellation
                return "swallowed"
            await anyio.sleep(1)
        """)
    )
    ends = {t.data["cancel"]["after"]: t for t in play().cancelled("caller")}
    assert ends[1].call.how == "cancelled"
    ends[1].expect_cancellation_passes()
    with pytest.raises(CheckFailed, match="interrupted at line 6 and returned all the same"):
        ends[2].expect_cancellation_passes()


def test_a_search_for_nobody_is_no_verdict(playing: Playing) -> None:
    play = playing("async def main(world): ...")
    with pytest.raises(LookupError, match="no actor 'nobody'"):
        list(play().cancelled("nobody"))


def test_a_search_for_somebody_who_could_not_begin_fails_the_subject(playing: Playing) -> None:
    scene = """
        async def scene(subject, world):
            async def wait(): ...
            if await world.call("Pool", subject.make) is not None:
                await world.actors({"caller": [["wait"]]}, {"wait": wait})
    """
    play = playing("async def make():\n    raise ValueError('no')", scene)
    with pytest.raises(CheckFailed) as caught:
        list(play().cancelled("caller"))
    assert "raised ValueError" in str(caught.value.seen)


def test_a_fault_at_every_call(playing: Playing) -> None:
    scene = """
        async def scene(subject, world):
            job = world.job("job", [["checkpoint"]])
            async def go():
                await world.call("main", subject.main, job)
            await world.actors({"caller": [["go"]]}, {"go": go})
    """
    play = playing(
        """
        async def main(job):
            for _ in range(3):
                await job()
        """,
        scene,
    )
    ends = [t.call.ending for t in play().faults("job")]
    assert ends == [
        "returned",
        "raised fault 1 of job at line 4",
        "raised fault 2 of job at line 4",
        "raised fault 3 of job at line 4",
    ]


YIELDS = """
    import anyio
    async def main(world):
        seen = []
        async def child():
            seen.append("child")
        async def waiter(event):
            await event.wait()
            seen.append("waiter")
        async with anyio.create_task_group() as group:
            group.start_soon(child)
            await anyio.lowlevel.checkpoint()
            seen.append("parent")
            event = anyio.Event()
            group.start_soon(waiter, event)
            await anyio.sleep(1)
            event.set()
            await anyio.lowlevel.checkpoint()
            seen.append("parent")
        return seen
"""


def test_a_task_that_yields_stands_behind_those_that_it_made_ready(playing: Playing) -> None:
    assert playing(YIELDS)().call.value == ["child", "parent", "waiter", "parent"]


def test_a_search_tries_the_other_order_too(playing: Playing) -> None:
    seen = {tuple(t.call.value) for t in playing(YIELDS)().orders(20)}
    assert {("child", "parent", "waiter", "parent"), ("parent", "child", "parent", "waiter")} <= seen
