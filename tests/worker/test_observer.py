"""A closer look at one run: where coroutines were made that nobody awaited, exceptions that nobody saw, the choices of an order."""

from collections.abc import Callable

from grader import Play
from grader.checks.runs import run_of, word

Playing = Callable[..., Play]

FORGOTTEN = """
import anyio

async def step():
    await anyio.sleep(1)

async def main(world):
    step()
    kept = [step()]
    kept.clear()
    await step()
"""
SWALLOWED = """
import anyio

async def main(world):
    try:
        await world.missing()
    except Exception:
        pass
    try:
        undefined
    except NameError:
        pass
    await anyio.sleep(1)
    return [1][0]
"""
TWO_ORDERS = """
import anyio
from anyio.lowlevel import checkpoint

async def main(world):
    order = []
    async def one(name):
        await checkpoint()
        order.append(name)
    async with anyio.create_task_group() as group:
        for name in "abc":
            group.start_soon(one, name)
    return order
"""

WRAPPED = """
import contextlib
import functools
@functools.singledispatch
async def one(thing): pass
class Guard(contextlib.ContextDecorator):
    def __enter__(self): return self
    def __exit__(self, *how): return False
@Guard()
async def two(): pass
class Job:
    async def three(self): pass
    three.__qualname__ = "three"
    three = functools.cached_property(three)

async def main(world):
    job = Job()
    one(1)
    two()
    job.three
    job.__dict__.clear()
"""


def observed(play: Play) -> Play:
    play.observe = True
    return play


def test_an_unawaited_coroutine_has_the_line_that_made_it(playing: Playing) -> None:
    probes = playing(FORGOTTEN)().data["probes"]
    assert probes["unawaited"] == ["step", "step"]
    assert probes["unawaited_lines"] == [8, 9]


def test_an_unawaited_coroutine_behind_a_wrapper_of_a_library_has_the_line_that_made_it(playing: Playing) -> None:
    probes = playing(WRAPPED)().data["probes"]
    assert probes["unawaited"] == ["one", "two", "three"]
    assert probes["unawaited_lines"] == [18, 19, 20]


def test_a_run_is_observed_only_if_asked_for(playing: Playing) -> None:
    assert "observed" not in playing(SWALLOWED)().data["probes"]


def test_an_exception_that_the_file_swallowed_is_seen_where_it_arose(playing: Playing) -> None:
    seen = observed(playing(SWALLOWED))().data["probes"]["observed"]
    assert [(each["error"], each["line"], each["token"]) for each in seen["raised"]] == [
        ("AttributeError", 6, None),
        ("NameError", 10, None),
    ]
    assert "missing" in seen["raised"][0]["text"]


def test_the_lines_of_a_run_are_counted_and_in_order(playing: Playing) -> None:
    seen = observed(playing(TWO_ORDERS))().data["probes"]["observed"]
    counts = dict(seen["lines"])
    assert counts[8] == counts[9] == 3
    assert [line for task, line in seen["path"] if task.startswith("caller#")][:2] == [6, 7]


def test_a_closer_look_changes_nothing(playing: Playing) -> None:
    plain, close = playing(TWO_ORDERS)().data, observed(playing(TWO_ORDERS))().data
    assert (plain["spans"], plain["steps"], plain["time"]) == (close["spans"], close["steps"], close["time"])


def test_choices_bring_back_what_a_seed_found(playing: Playing) -> None:
    play = playing(TWO_ORDERS)
    found = next(trace for trace in play().orders(40) if trace.call.value != ["a", "b", "c"])
    taken = found.data["taken"]
    play.only = {"seed": 0, "order": "fifo", "cancel": None, "fault": None, "choices": taken}
    again = next(iter(play().orders()))
    assert again.call.value == found.call.value
    assert again.data["choices"] == taken


def test_no_choices_is_first_in_first_out(playing: Playing) -> None:
    play = playing(TWO_ORDERS)
    play.only = {"seed": 0, "order": "fifo", "cancel": None, "fault": None, "choices": []}
    assert next(iter(play().orders())).call.value == ["a", "b", "c"]


def test_the_word_of_a_run_keeps_its_choices() -> None:
    run = {"seed": 0, "order": "fifo", "cancel": None, "fault": None, "choices": [[3, 1], [9, 2]]}
    assert word(run) == "0:fifo:choices:3=1,9=2"
    assert run_of(word(run)) == run


IN_A_HANDLER = """
import signal
import anyio

async def main(world):
    seen = []
    def note(*_):
        seen.append(1)
    signal.signal(signal.SIGUSR1, note)
    signal.raise_signal(signal.SIGUSR1)
    await anyio.sleep(1)
    world.signal_at(world.now + 1, "USR1")
    await anyio.sleep(5)
    return len(seen)
"""


def test_a_signal_handler_runs_as_it_does_unobserved(playing: Playing) -> None:
    plain, close = playing(IN_A_HANDLER)().data, observed(playing(IN_A_HANDLER))().data
    assert plain["end"]["kind"] == close["end"]["kind"] == "done"
    assert [span["value"] for span in plain["spans"]] == [span["value"] for span in close["spans"]]


TWO_LOCKS = """
import anyio

async def main(world):
    first, second = anyio.Lock(), anyio.Lock()
    async def transfer(one, other):
        async with one:
            await anyio.sleep(1)
            async with other:
                pass
    async with anyio.create_task_group() as group:
        group.start_soon(transfer, first, second, name="there")
        group.start_soon(transfer, second, first, name="back")
"""


def test_each_step_says_who_ran_where_it_waits_and_who_holds_what(playing: Playing) -> None:
    trace = observed(playing(TWO_LOCKS))().accepting("deadlock")
    moves = trace.data["probes"]["observed"]["moves"]
    names = [task["name"] for task in trace.data["tasks"]]
    last = {names[move["task"]]: move for move in moves}
    assert [(move["line"], move["call"], move["of"]) for move in (last["there"], last["back"])] == [
        (9, "Lock.acquire", "other"),
        (9, "Lock.acquire", "other"),
    ]
    assert {(label, names[serial]) for label, serial in moves[-1]["held"]} == {("one", "there"), ("one", "back")}
    assert [move["t"] for move in moves] == sorted(move["t"] for move in moves)


def test_each_step_says_who_could_have_made_it_too(playing: Playing) -> None:
    trace = observed(playing(TWO_LOCKS))().accepting("deadlock")
    names = [task["name"] for task in trace.data["tasks"]]
    moves = trace.data["probes"]["observed"]["moves"]
    first = next(move for move in moves if names[move["task"]] == "there")
    assert [names[serial] for serial in first["ready"]] == ["back"]


def test_the_lines_of_all_steps_are_the_path_of_the_run(playing: Playing) -> None:
    seen = observed(playing(TWO_ORDERS))().data["probes"]["observed"]
    assert seen["moves"][-1]["path"] == len(seen["path"])
    assert any(move["over"] for move in seen["moves"])
