"""What the plugin takes, refuses and says; beside other plugins, with xdist, and where only it is installed."""

import os
import subprocess
import sys
import venv

import pytest

from grader.explore import marker

HEAD = "import asyncio, queue, threading, time\nimport anyio, anyio.from_thread, pytest\n"


def play_one(project, body, *words, mark="@pytest.mark.explore"):
    project.write("test_it.py", f"{HEAD}\n{mark}\n{body}\n")
    return project.play(*words)


@pytest.mark.parametrize(
    ("mark", "body", "said"),
    [
        ("@pytest.mark.explore", "def test_it(): pass", "explore takes async tests: write `async def`"),
        ("@pytest.mark.explore(seeds=3)", "async def test_it(): pass", "explore takes orders=, clock= and backend="),
        ("@pytest.mark.explore(clock='fast')", "async def test_it(): pass", "clock='virtual' or 'real'"),
        ("", "def test_it(explore): pass", "belongs to tests marked with @pytest.mark.explore"),
    ],
)
def test_what_cannot_be_explored_is_refused_in_a_line(project, mark, body, said):
    played = play_one(project, body, mark=mark)
    assert said in played.output
    assert played.code != 0


@pytest.mark.parametrize("word", ["trio:x", "curio:1", "trio:1:cancel", "trio:1:stop:3", "trio:choices:5"])
def test_a_run_that_is_not_one_is_refused(project, word):
    played = play_one(project, "async def test_it(): pass", f"--explore={word}")
    assert f"--explore: '{word}' is not a run: write it as a failure shows it" in played.output
    assert played.code == 4


def test_a_version_that_the_table_does_not_have_is_refused_in_a_line(monkeypatch):
    assert marker.version_problem() is None
    monkeypatch.setattr(marker.metadata, "version", lambda name: {"anyio": "4.99.1", "trio": "0.35.0"}[name])
    assert marker.version_problem() == (
        "explore knows anyio 4.12 to 4.16, and anyio 4.99.1 is installed: pip install 'anyio~=4.16.0'"
    )


def test_the_table_is_that_of_the_distribution(checkout):
    text = (checkout / "pyproject.toml").read_text()
    for name, (oldest, newest) in marker.SUPPORTED.items():
        assert f'"{name}>={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"' in text


REFUSED = {
    "a real socket has no virtual time: test_it.py:6": 'await anyio.connect_tcp("127.0.0.1", 9)',
    "a subprocess has no virtual time: test_it.py:6": 'await anyio.run_process(["true"])',
    "a look-up of a real host has no virtual time: test_it.py:6": 'await anyio.getaddrinfo("localhost", 80)',
    "still runs: test_it.py:6": "threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()",
    "still holds a lock: test_it.py:6": "await anyio.Lock().acquire()",
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_it_cannot_own_and_what_is_left_fail_with_the_line(project, said):
    played = play_one(project, f"async def test_it():\n    {REFUSED[said]}", "--explore-orders=2")
    assert played.outcome("test_it") == "failed"
    assert said in played.text("test_it")
    assert "trio: fails too" in played.text("test_it")


def test_a_task_that_is_left_is_named_with_its_lines(project):
    body = "async def test_it():\n    asyncio.create_task(anyio.sleep(9), name='late')\n    await anyio.sleep(1)"
    played = play_one(project, body, mark="@pytest.mark.explore(backend='asyncio')")
    assert "task `late` is left: test_it.py:6 (asyncio.create_task(anyio.sleep(9), name='late'))" in played.text(
        "test_it"
    )


def test_a_test_that_is_different_each_time_is_told_so(project):
    project.write(
        "test_it.py",
        f"{HEAD}\nRUNS = []\n@pytest.mark.explore\nasync def test_it():\n    RUNS.append(1)\n    assert len(RUNS) != 1\n",
    )
    text = project.play().text("test_it")
    assert "The same run passed when it was played again" in text
    assert "assert 1 != 1" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while True: pass", "of processor time without passing a checkpoint: test_it.py:6 (while True: pass)"),
        ("queue.Queue().get()", "a call blocks the event loop: test_it.py:6 (queue.Queue().get())"),
        ("while True: await anyio.sleep(0)", "the run did not end within 20,000 steps"),
    ],
)
def test_what_does_not_end_fails_with_the_line(project, body, said):
    text = play_one(project, f"async def test_it():\n    {body}").text("test_it")
    assert said in text
    assert "test_it.py:6" in text


@pytest.mark.slow
def test_it_works_in_the_processes_of_xdist(project):
    project.write(
        "test_it.py",
        f"{HEAD}\n@pytest.mark.explore\n@pytest.mark.parametrize('hours', range(4))\nasync def test_it(hours):\n"
        "    await anyio.sleep(3600 * hours)\n    assert hours != 3\n\ndef test_plain(): pass\n",
    )
    played = project.play("-n", "2")
    assert {name: outcome for name, (outcome, _) in played.tests.items()} == {
        "test_plain": "passed",
        **{f"test_it[{hours}]": "failed" if hours == 3 else "passed" for hours in range(4)},
    }
    assert "again: pytest 'test_it.py::test_it[3]' --explore=asyncio:0" in played.text("test_it[3]")


def test_nothing_of_the_course_is_imported(project):
    body = (
        "async def test_it():\n    import sys\n"
        "    rooms = {name.split('.')[1] for name in sys.modules if name.startswith('grader.')}\n"
        "    assert rooms == {'explore', 'worker', 'learner'}\n"
        "    assert {name for name in sys.modules if name.startswith('grader.learner.')} == {'grader.learner.plugin'}\n"
        "    assert not {'rich', 'click', 'markdown_it'} & set(sys.modules)"
    )
    played = play_one(project, body, "--explore=trio:0")
    assert played.outcome("test_it") == "passed", played.output


@pytest.mark.slow
@pytest.mark.parametrize("versions", [(), ("anyio==4.12.*", "trio==0.31.*", "pytest==8.4.*")], ids=["newest", "oldest"])
def test_it_works_where_nothing_else_is_installed(project, checkout, tmp_path, versions):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    subprocess.run(
        [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path / "wheel"), str(checkout)],
        check=True,
    )
    (wheel,) = (tmp_path / "wheel").iterdir()
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    installed = subprocess.run(
        [python, *pip[1:], "install", "-q", str(wheel), *versions],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    if installed.returncode and "No matching distribution" in installed.stderr:
        pytest.skip("the packages cannot be downloaded here")
    assert installed.returncode == 0, installed.stderr
    project.write(
        "test_it.py",
        f"{HEAD}\n@pytest.mark.explore\nasync def test_it(explore):\n    slots = anyio.Semaphore(1)\n"
        "    async with explore.cancelled():\n        await slots.acquire()\n        await anyio.sleep(1)\n        slots.release()\n"
        "    assert slots.value == 1\n\n@pytest.mark.explore\nasync def test_fine():\n    await anyio.sleep(3600)\n",
    )
    played = project.play(python=python)
    assert played.outcome("test_fine") == "passed", played.output
    assert "--explore=trio:0:cancel:" in played.text("test_it")
    missing = subprocess.run([python, "-m", "grader", "--help"], capture_output=True, text=True, check=False)
    assert "click is missing: the course needs the extra `course`" in missing.stderr
