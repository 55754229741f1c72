"""Locks tell who takes them in which order, streams whether they are closed: what m10 and m12 are judged by."""

from collections.abc import Callable

import pytest

from grader import CheckFailed, Play, near

Playing = Callable[..., Play]

TRANSFERS = """
async def scene(subject, world, *, transfers):
    locks = {name: world.lock(name) for name in "abc"}
    async def audit():
        await world.job("audit", [["wait", 1]])()
    def transfer(source, target):
        async def go():
            await world.call("transfer", subject.transfer, locks[source], locks[target], source < target, audit)
        return go
    await world.actors(
        {f"{s}{t}": [["go " + s + t]] for s, t in transfers},
        {"go " + s + t: transfer(s, t) for s, t in transfers},
    )
"""
TRANSFER = """
async def transfer(source, target, ascending, audit):
    first, second = {order}
    async with first:
        async with second:
            await audit()
"""
SORTED = TRANSFER.format(order="(source, target) if ascending else (target, source)")
BY_POSITION = TRANSFER.format(order="source, target")


def test_lock_order_is_seen(playing: Playing) -> None:
    for subject, consistent in ((SORTED, True), (BY_POSITION, False)):
        play = playing(subject, TRANSFERS)
        t = play(transfers=["ab"])
        u = play(transfers=["ba"])
        orders = [[n["value"] for n in trace.notes("take lock")] for trace in (t, u)]
        assert (orders[0] == orders[1]) == consistent


def test_a_deadlock_by_position_is_found(playing: Playing) -> None:
    play = playing(BY_POSITION, TRANSFERS)
    with pytest.raises(CheckFailed, match=r"deadlock.*ab waits at line 5.*ba waits at line 5"):
        for _ in play(transfers=["ab", "ba"]).orders():
            pass


def test_sorted_locks_never_deadlock(playing: Playing) -> None:
    play = playing(SORTED, TRANSFERS)
    for t in play(transfers=["ab", "ba", "bc", "ca"]).orders():
        assert t.most_open("run") == 1
        assert t.time == near(4)
        t.expect_nothing_left()


def test_a_lock_that_is_kept_is_left_behind(playing: Playing) -> None:
    play = playing(
        "async def transfer(source, target, ascending, audit):\n    await source.acquire()\n    await audit()\n",
        TRANSFERS,
    )
    with pytest.raises(CheckFailed, match="left behind when transfer ended: locks: a"):
        play(transfers=["ab"]).expect_nothing_left()


FAN_OUT = """
async def scene(subject, world, *, items, workers, work, pause, take=None):
    pulled = []
    def source():
        for item in range(items):
            world.note("pull", item)
            yield item
    worker = world.job("worker", [["wait", work], ["give", None]])
    async def consume():
        async def body():
            count = 0
            async with subject.fan_out(source(), worker, workers=workers) as results:
                async for item, _ in results:
                    world.note("got", item)
                    count += 1
                    if count == take:
                        break
                    await world.job("consumer", [["wait", pause]], what="pause")()
        await world.call("fan_out", body)
    await world.actors({"consumer": [["consume"]]}, {"consume": consume})
"""
RIGHT = """
import contextlib
import anyio

@contextlib.asynccontextmanager
async def fan_out(source, worker, *, workers):
    send, receive = anyio.create_memory_object_stream(0)
    items = iter(source)
    async def work(send):
        async with send:
            for item in items:
                await send.send((item, await worker(item)))
    async with anyio.create_task_group() as group:
        with send, receive:
            for _ in range(workers):
                group.start_soon(work, send.clone())
            send.close()
            yield receive
            group.cancel_scope.cancel()
"""
NO_BACK_PRESSURE = RIGHT.replace("create_memory_object_stream(0)", "create_memory_object_stream(float('inf'))")
SENDER_LEFT_OPEN = RIGHT.replace("            send.close()\n", "")
LEAVES_STREAMS = RIGHT.replace("with send, receive:", "if True:").replace(
    "        async with send:\n", "        if True:\n"
)


def ahead(t: Play) -> int:
    """How many items were taken from the source and not yet received, at most."""
    most = now = 0
    events = [(n["order"], 1) for n in t.notes("pull")] + [(n["order"], -1) for n in t.notes("got")]
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    return most


def test_back_pressure(playing: Playing) -> None:
    plan = {"items": 20, "workers": 2, "work": 0.1, "pause": 5}
    assert all(ahead(t) <= 5 for t in playing(RIGHT, FAN_OUT)(**plan).orders(10))
    assert all(ahead(t) > 5 for t in playing(NO_BACK_PRESSURE, FAN_OUT)(**plan).orders(10))


def test_a_sender_that_stays_open_is_a_deadlock_with_its_line(playing: Playing) -> None:
    with pytest.raises(CheckFailed, match="deadlock"):
        _ = playing(SENDER_LEFT_OPEN, FAN_OUT)(items=3, workers=2, work=1, pause=0).call


@pytest.mark.parametrize("subject", [RIGHT, LEAVES_STREAMS], ids=["right", "streams left open"])
def test_leaving_early(playing: Playing, subject: str) -> None:
    for t in playing(subject, FAN_OUT)(items=9, workers=3, work=1, pause=1, take=2).orders(10):
        assert t.call.how == "returned"
        assert bool(t.call.left.get("streams")) == (subject is LEAVES_STREAMS)
        assert all(s.how in ("returned", "cancelled") for s in t.all("run"))


def test_leaving_by_cancellation_at_every_step(playing: Playing) -> None:
    for t in playing(RIGHT, FAN_OUT)(items=4, workers=2, work=1, pause=1).cancelled("consumer"):
        t.expect_nothing_left()
        t.expect_cancellation_passes()
