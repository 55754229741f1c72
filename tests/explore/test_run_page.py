"""`--explore-html`: the smallest failing run of a test as one file to step through."""

import html
import json
import re

import pytest

from grader.explore.run_page import page_name

POOL = """\
import anyio


class Pool:
    def __init__(self, size):
        self.slots = anyio.Semaphore(size)
        self.lock = anyio.Lock()

    async def take(self):
        await self.slots.acquire()
        async with self.lock:
            await anyio.sleep(0.1)  # </script><b>connects</b>

    def give(self):
        self.slots.release()
"""
TEST = """\
import anyio
import pytest
from pool import Pool


@pytest.mark.explore
async def test_slots(explore):
    pool = Pool(1)
    async with explore.cancelled():
        await pool.take()
        pool.give()
    assert pool.slots.value == 1


@pytest.mark.explore
async def test_order():
    done = []

    async def work(name):
        await anyio.sleep(1)
        done.append(name)

    async with anyio.create_task_group() as group:
        group.start_soon(work, "a", name="a")
        group.start_soon(work, "b", name="b")
    assert done == ["a", "b"]


@pytest.mark.explore
async def test_calls(explore):
    async def call():
        await anyio.sleep(1)

    ask = explore.fails(call)
    await ask()


@pytest.mark.explore
async def test_circle():
    one, other = anyio.Lock(), anyio.Lock()

    async def both(first, second):
        async with first:
            await anyio.sleep(1)
            async with second:
                pass

    async with anyio.create_task_group() as group:
        group.start_soon(both, one, other, name="a")
        group.start_soon(both, other, one, name="b")


@pytest.mark.explore(orders=0)
async def test_fine():
    await anyio.sleep(3600)
"""


@pytest.fixture(scope="module")
def project(project_of_session):
    project = project_of_session("pages")
    project.write("pool.py", POOL)
    project.write("test_pool.py", TEST)
    return project


@pytest.fixture(scope="module")
def whole_run(project):
    return project.play("--explore-html=pages/here")


def read_page(project, name):
    text = (project.folder / "pages/here" / f"test_pool.py-test_{name}.html").read_text(encoding="utf-8")
    return text, json.loads(re.search(r'id="run">(.*?)</script>', text)[1])["steps"]


def source_row(text, number):
    rows = re.findall(r'<div><span class="no">(\d*)</span>.*?<span class="code[^"]*">(.*?)</span>', text)
    return rows[number - 1][0], html.unescape(rows[number - 1][1])


def test_each_failing_test_has_a_page_and_says_where(project, whole_run):
    failing = ("slots", "order", "calls", "circle")
    assert sorted(path.name for path in (project.folder / "pages/here").iterdir()) == sorted(
        f"test_pool.py-test_{name}.html" for name in failing
    )
    for name in failing:
        said = whole_run.text(f"test_{name}").splitlines()
        assert f"step by step: open pages/here/test_pool.py-test_{name}.html in a browser" in said
    assert whole_run.outcome("test_fine") == "passed"


def test_the_page_shows_the_files_of_the_author_and_the_moment_of_the_cancellation(project, whole_run):
    text, steps = read_page(project, "slots")
    assert '<span class="code file">test_pool.py</span>' in text
    assert '<span class="code file">pool.py</span>' in text
    cancelled = [step for step in steps if "the block of `explore.cancelled()` is cancelled" in step["happened"]]
    assert len(cancelled) == 1
    assert "ran test_pool.py lines 8-10, pool.py lines 6-7, 10" in cancelled[0]["said"]
    assert "waits at pool.py:10" in cancelled[0]["said"]
    assert source_row(text, cancelled[0]["lines"][-1]) == ("10", "        await self.slots.acquire()")
    assert source_row(text, steps[-1]["lines"][-1]) == ("12", "    assert pool.slots.value == 1")
    assert "AssertionError: assert 0 == 1" in html.unescape(text)
    assert "asyncio:0:cancel:1" in text


def test_the_page_names_all_tasks_and_what_each_waits_for(project, whole_run):
    _, steps = read_page(project, "order")
    assert any({"`a` is started", "`b` is started"} <= set(step["happened"]) for step in steps)
    waiting = {task["name"]: task["words"] for step in steps for task in step["tasks"] if task["state"] == "waits"}
    assert waiting["a"] == "waits at test_pool.py:20, in `sleep`"
    assert waiting["test"] == "waits at test_pool.py:23 for the tasks of its group"
    _, steps = read_page(project, "calls")
    assert any("call 1 of `explore.fails()` raises" in step["happened"] for step in steps)


def test_a_deadlock_shows_who_holds_which_lock(project, whole_run):
    text, steps = read_page(project, "circle")
    assert any("`a` holds a lock that it took at test_pool.py:43" in held for held in steps[-1]["held"])
    assert any(task["words"].endswith("held by `b`") for task in steps[-1]["tasks"])
    assert "every task waits" in text


def test_nothing_of_a_test_becomes_markup(project, whole_run):
    text, _ = read_page(project, "slots")
    assert text.count("<script") == text.count("</script>") == 2
    assert "<b>" not in text


def test_a_run_that_is_played_again_has_a_page_too(project, tmp_path):
    again = project.play("test_pool.py::test_order", "--explore=trio:3", f"--explore-html={tmp_path}")
    assert again.outcome("test_order") in ("failed", "passed")
    assert [path.name for path in tmp_path.iterdir()] == (
        ["test_pool.py-test_order.html"] if again.outcome("test_order") == "failed" else []
    )


def test_a_debugger_goes_up_from_where_a_task_waits_to_the_test(project):
    (project.folder / "test_up.py").write_text(
        "import anyio\nimport pytest\nfrom pool import Pool\n\n\n@pytest.mark.explore\nasync def test_it():\n"
        "    mine = Pool(0)\n    await mine.take()\n"
    )
    whole_run = project.play("test_up.py", "--pdb", typed="p self.slots.value + 41\nup\np mine.slots.value + 42\nq\n")
    assert "pool.py:10: ExploreFailure" in whole_run.output.replace("in take", "ExploreFailure")
    assert "-> await self.slots.acquire()\n(Pdb) 41" in whole_run.output
    assert "-> await mine.take()\n(Pdb) 42" in whole_run.output


def test_without_the_option_the_failure_says_how(project):
    said = project.play("test_pool.py::test_slots").text("test_slots").splitlines()
    assert said[-1] == "step by step: the same with --explore-html=FOLDER, and open the page that it writes"


def test_a_folder_that_cannot_be_written_hides_nothing(project):
    whole_run = project.play("test_pool.py::test_slots", "--explore-html=pool.py")
    assert "assert 0 == 1" in whole_run.text("test_slots")
    assert "step by step: no page, as it cannot be written" in whole_run.text("test_slots")


def test_nothing_of_the_course_is_imported_for_a_page(project, tmp_path):
    (project.folder / "test_rooms.py").write_text(
        "import sys\nimport pytest\n\n@pytest.mark.explore\nasync def test_it():\n    assert False\n\n"
        "def test_rooms():\n    rooms = {name.split('.')[1] for name in sys.modules if name.startswith('grader.')}\n"
        "    assert rooms == {'explore', 'worker', 'learner', 'steps'}\n"
    )
    whole_run = project.play("test_rooms.py", f"--explore-html={tmp_path}")
    assert whole_run.outcome("test_rooms") == "passed", whole_run.output
    assert (tmp_path / "test_rooms.py-test_it.html").is_file()


def test_where_somebody_else_traces_the_page_has_the_lines_of_waiting(project, tmp_path):
    (project.folder / "test_traced.py").write_text(
        TEST.replace("import anyio\n", "import sys\nimport anyio\nsys.settrace(lambda *_: None)\n", 1)
    )
    whole_run = project.play("test_traced.py::test_order", f"--explore-html={tmp_path}")
    assert "step by step: open" in whole_run.text("test_order")
    assert "went on from test_traced.py:22" in (tmp_path / "test_traced.py-test_order.html").read_text()


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("test_a.py::test_b", "test_a.py-test_b.html"),
        ("tests/x/test_a.py::TestIt::test_b[1-a/b]", "tests-x-test_a.py-TestIt-test_b[1-a-b].html"),
        ("../../etc/passwd", "etc-passwd.html"),
        ("x" * 500, "x" * 120 + ".html"),
    ],
)
def test_the_name_of_a_page_is_that_of_its_test(test, name):
    assert page_name(test) == name
