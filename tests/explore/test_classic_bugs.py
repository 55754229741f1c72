"""Seven classic bugs as ordinary tests: found on both backends, and no correct twin is blamed."""

import pytest

BUGS = '''
import time
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

pytestmark = pytest.mark.explore


class Account:
    def __init__(self, careful):
        self.amount, self.lock, self.careful = 0, anyio.Lock(), careful

    async def add(self, amount):
        if self.careful:
            async with self.lock:
                await self._add(amount)
        else:
            await self._add(amount)

    async def _add(self, amount):
        before = self.amount
        await anyio.sleep(0.01)
        self.amount = before + amount


async def all_of(*calls):
    async with anyio.create_task_group() as group:
        for call, *args in calls:
            group.start_soon(call, *args)


async def lost_update(careful):
    account = Account(careful)
    await all_of((account.add, 1), (account.add, 2))
    assert account.amount == 3


async def two_locks(careful):
    one, two = anyio.Lock(), anyio.Lock()

    async def move(source, target):
        first, second = sorted((source, target), key=id) if careful else (source, target)
        async with first:
            await anyio.sleep(0.01)
            async with second:
                pass

    await all_of((move, one, two), (move, two, one))


class Pool:
    def __init__(self, careful):
        self.slots, self.careful = anyio.Semaphore(1), careful

    @asynccontextmanager
    async def lease(self):
        if self.careful:
            async with self.slots:
                await anyio.sleep(0.1)  # connects
                yield
            return
        await self.slots.acquire()
        await anyio.sleep(0.1)  # connects
        try:
            yield
        finally:
            self.slots.release()


async def lost_slot(careful, explore):
    pool = Pool(careful)
    async with explore.cancelled():
        async with pool.lease():
            await anyio.sleep(1)
    assert pool.slots.value == 1


async def forgotten_stream(careful):
    send, receive = anyio.create_memory_object_stream(1)
    async with receive:
        await send.send(1)
        assert await receive.receive() == 1
    if careful:
        send.close()


async def swallowed_cancellation(careful, explore):
    stored = []

    async def fetch():
        try:
            await anyio.sleep(1)
            return "value"
        except Exception if careful else BaseException:
            return None

    async with explore.cancelled():
        stored.append(await fetch())
    assert stored in (["value"], [])


async def blocking_call(careful):
    await anyio.sleep(1)
    if careful:
        await anyio.sleep(1)
    else:
        time.sleep(1)


async def lost_error(careful, explore):
    async def job():
        await anyio.sleep(1)
        return 1

    job = explore.fails(job)
    results = []

    async def one():
        with suppress(() if careful else ConnectionError):
            results.append(await job())

    raised = []
    try:
        await all_of((one,), (one,))
    except* ConnectionError as errors:
        raised += errors.exceptions
    assert len(results) + 2 * len(raised) >= 2


async def order_of_ends(careful):
    """It takes an order: in the queue's own order it passes."""
    results = {}

    async def work(number):
        await anyio.sleep(1)
        results[number] = number

    await all_of((work, 1), (work, 2))
    assert (sorted(results) if careful else list(results)) == [1, 2]
'''
ALONE = ["lost_update", "two_locks", "forgotten_stream", "blocking_call", "order_of_ends"]
WITH_FIXTURE = ["lost_slot", "swallowed_cancellation", "lost_error"]
NAMES = [*ALONE, *WITH_FIXTURE]
SAYS = {
    "lost_update": ["assert 2 == 3", "No special order is needed"],
    "two_locks": ["move waits in Lock.acquire of target, held by move 2", "in a circle: move → move 2 → move"],
    "forgotten_stream": ["a memory object send stream is left open: test_bugs.py:", "create_memory_object_stream(1))"],
    "blocking_call": ["time.sleep(1) blocks the event loop: test_bugs.py:", "(time.sleep(1))"],
    "order_of_ends": ["It fails when `work 2` runs before `work` at 1 s; everything else may go in order."],
    "lost_slot": ["when cancelled after step ", "arrives at test_bugs.py:", "(await anyio.sleep(0.1)  # connects)"],
    "swallowed_cancellation": ["when cancelled after step 1; the block ended as if it was not"],
    "lost_error": ["when call 1 of explore.fails raises", "assert (1 + (2 * 0)) >= 2"],
}


def text() -> str:
    tests = [
        f"async def test_{name}_{kind}({'explore' if name in WITH_FIXTURE else ''}):\n"
        f"    await {name}({kind == 'careful'}{', explore' if name in WITH_FIXTURE else ''})\n"
        for name in NAMES
        for kind in ("careless", "careful")
    ]
    return BUGS + "\n\n" + "\n\n".join(tests)


@pytest.fixture(scope="module")
def bugs(project_of_session):
    project = project_of_session("bugs")
    project.write("test_bugs.py", text())
    return project


@pytest.fixture(scope="module")
def played(bugs):
    return bugs.play("-q", "test_bugs.py")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_found_on_both_backends(played, name):
    assert played.outcome(f"test_{name}_careless") == "failed"
    said = played.text(f"test_{name}_careless")
    assert "fails on asyncio" in said
    assert "trio: fails too, --explore=trio:" in said
    for words in SAYS[name]:
        assert words in said


@pytest.mark.parametrize("name", NAMES)
def test_its_careful_twin_passes(played, name):
    assert played.outcome(f"test_{name}_careful") == "passed"


def test_the_command_under_a_failure_plays_that_run_again(played, bugs):
    command = played.command("test_order_of_ends_careless")
    assert command.startswith("pytest test_bugs.py::test_order_of_ends_careless --explore=asyncio:choices:")
    again = bugs.play(*command.split()[1:])
    assert again.outcome("test_order_of_ends_careless") == "failed"
    assert "[2, 1] == [1, 2]" in again.text("test_order_of_ends_careless")
    assert "asyncio: run 1 was the first to fail" in again.text("test_order_of_ends_careless")
    in_order = bugs.play("test_bugs.py::test_order_of_ends_careless", "--explore=asyncio:0")
    assert in_order.outcome("test_order_of_ends_careless") == "passed"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("order_of_ends", "assert (sorted(results) if careful else list(results)) == [1, 2]"),
        ("two_locks", "async with second:"),
        ("blocking_call", "time.sleep(1)"),
    ],
)
def test_a_debugger_stops_in_the_line(played, bugs, name, line):
    again = bugs.play(*played.command(f"test_{name}_careless").split()[1:], "--pdb", typed="p 'stopped ' + 'here'\nq\n")
    shown = again.output.split("(Pdb)")[0].rstrip().splitlines()[-1]
    assert shown == f"-> {line}"
    assert "'stopped here'" in again.output
