"""Fixtures are made again for each run, blocks are cancelled after each step, calls fail in turn: counted in a process of its own."""

import pytest

TESTS = r'''
from collections import Counter

import anyio
import pytest

RUNS = Counter()


@pytest.fixture
async def server():
    """Async, with a task group around the test."""
    await anyio.sleep(1)
    RUNS["server up"] += 1
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        yield RUNS["server up"]
        group.cancel_scope.cancel()
    RUNS["server down"] += 1


@pytest.fixture
def basket(server):
    return [server]


@pytest.fixture(params=["red", "blue"])
def colour(request):
    request.addfinalizer(lambda: RUNS.update(["painted"]))
    return request.param


@pytest.fixture(scope="module")
def shelf():
    return []


@pytest.mark.explore(orders=3)
async def test_fixtures_are_made_again_for_each_run(
    basket, colour, shelf, tmp_path, monkeypatch, capsys, explore, request
):
    RUNS[explore.backend, colour] += 1
    assert basket == [RUNS["server up"]]
    basket.append("a run of its own")
    assert request.getfixturevalue("colour") == colour
    shelf.append(colour)
    (tmp_path / "new").mkdir()
    monkeypatch.setenv("EXPLORED", "1")
    print("said")
    assert capsys.readouterr().out == "said\n"


def test_they_are_torn_down_as_often():
    assert RUNS["server up"] == RUNS["server down"] == RUNS["painted"] >= 4
    assert all(RUNS[backend, colour] for backend in ("asyncio", "trio") for colour in ("red", "blue"))


@pytest.mark.explore
async def test_each_block_is_cancelled_after_each_of_its_steps(explore):
    done = []
    async with explore.cancelled() as block:
        for step in range(3):
            await anyio.sleep(1)
            done.append(step)
    RUNS["steps done", len(done), block.cancelled] += 1
    assert len(done) == 3 or block.cancelled


def test_so_three_moments_and_one_undisturbed_run_were_played():
    seen = {key[1:] for key in RUNS if key[0] == "steps done"}
    assert seen == {(0, True), (1, True), (2, True), (3, False)}


@pytest.mark.explore
async def test_each_call_fails_once(explore):
    @explore.fails
    async def fetch(number):
        return number

    wrong = explore.fails(lambda: "sync", ValueError("no"))
    seen = []
    for call in (lambda: fetch(1), lambda: fetch(2)):
        try:
            seen.append(await call())
        except ConnectionError:
            seen.append("lost")
    try:
        seen.append(wrong())
    except ValueError:
        seen.append("wrong")
    RUNS["calls", *seen] += 1


def test_in_turn():
    assert {key[1:] for key in RUNS if key[0] == "calls"} == {
        (1, 2, "sync"),
        ("lost", 2, "sync"),
        (1, "lost", "sync"),
        (1, 2, "wrong"),
    }
'''


@pytest.mark.slow
def test_what_happens_in_each_run(project):
    project.write("test_it.py", TESTS)
    played = project.play("-q")
    assert {name: text for name, (outcome, text) in played.tests.items() if outcome != "passed"} == {}
    assert len(played.tests) == 7
