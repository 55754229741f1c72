import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader import cli, sandbox
from grader.cli import options
from grader.judging import pool


@pytest.fixture
def run(tiny, capsys, monkeypatch):
    monkeypatch.chdir(tiny.root)

    def grader(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return grader


@pytest.fixture
def no_walls(monkeypatch):
    """A machine that offers no walls."""
    monkeypatch.setattr(options, "level", lambda: "none")


@pytest.fixture
def hand_in(tiny, texts):
    def write(name, path=None):
        place = tiny.root / (path or "mine.py")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(texts[name], encoding="utf-8")
        return place

    return write


USAGE = [
    (["grade"], "give MODULE and FILE"),
    (["grade", "m01"], "give MODULE and FILE"),
    (["grade", "m01", "absent.py"], "absent.py cannot be read (no such file or directory)"),
    (["grade", "m01", "."], ". is not a plain file"),
    (["grade", "m99", "mine.py"], "no module 'm99'"),
    (["grade", "m01", "mine.py", "--all", "."], "give either MODULE FILE or --all FOLDER"),
    (["grade", "m01", "mine.py", "--jobs", "2"], "--reports, --jobs, --shard and --scheduler belong to --all"),
    (["grade", "--all", "absent"], "absent cannot be listed"),
    (["grade", "--all", ".", "--jobs", "0"], "Invalid value for '--jobs'"),
    (["check", "m99"], "no module 'm99'"),
    (["check", "--backend", "curio"], "Invalid value for '--backend'"),
    (["verify", "m99"], "no module 'm99'"),
    (["trace", "m01", "mine.py", "--check", "nothing"], "no check 'nothing' in m01_tiny: its checks are test_value"),
    (["trace", "m01", "mine.py", "--seed", "x"], "'x' is not a run"),
    (["wrong", "m01"], "give NAME, the name of a file in wrong/, or --adopt FILE"),
    (["wrong", "m01", "no_valu"], "no wrong solution 'no_valu' in m01_tiny: nearest are no_value, "),
    (["wrong", "m01", "no_value", "--diff"], "no_value has no base that it changes: it is a whole program"),
    (["wrong", "m01", "--diff", "--adopt", "mine.py"], "give either --diff or --adopt FILE, not both"),
    (["wrong", "m01", "--adopt", "absent.py"], "absent.py cannot be read"),
    (["wrong", "m01", "--adopt", "mine.py"], "its docstring must have one line `Breaks: R3`"),
    (["nothing"], "No such command 'nothing'"),
    (["grade", "--nothing"], "No such option '--nothing'"),
    (["--root", "absent", "check"], "absent is not a course"),
]


@pytest.mark.parametrize(("arguments", "said"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_bad_usage_is_one_line_and_exit_2(run, hand_in, arguments, said):
    hand_in("right")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith("grader: ")


def test_outside_a_course_one_line_says_so(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("check", "verify", "demo"):
        code, _, err = run(command)
        assert (code, "go to the folder that holds exercises/ and course/" in err) == (2, True)


def test_without_a_command_there_is_help(run):
    code, out, _ = run()
    assert code == 2
    assert "Check, grade and prove" in out
    assert run("--help")[0] == 0
    assert run("--version")[0] == 0


@pytest.mark.parametrize(("name", "code"), [("right", 0), ("no_value", 1), ("stub", 1)])
def test_one_file_is_a_card_and_an_exit_code(run, hand_in, name, code):
    found, out, err = run("grade", "m01", hand_in(name))
    assert (found, err) == (code, "")
    assert all(len(line) <= 80 for line in out.splitlines())
    assert f"isolation: {sandbox.level()}" in out


def test_the_card_of_a_failure_says_first_what_failed(run, hand_in):
    _, out, _ = run("grade", "m01", hand_in("no_value"))
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[0] == "m01_tiny  ✗ core: 1 of 3 open · stretch passed  39 of 100 points"
    assert lines[2].startswith("✗ `later` returns None: line ")
    assert lines[3].endswith("│ return None")
    assert lines[5:9] == [
        "    check  R1  The value comes back.",
        "  look at  the value",
        " expected  7",
        "     seen  None",
    ]
    assert "result 0 of 61" in " ".join(out.split())
    assert "3 checks pass" in out


def test_json_is_the_report(run, hand_in):
    code, out, _ = run("grade", "m01", hand_in("no_value"), "--json")
    report = json.loads(out)
    assert code == 1
    assert (report["format"], report["verdict"], report["points"]) == (1, "failed", 39)
    assert report["isolation"] == sandbox.level()


def test_what_is_not_run_is_exit_3_with_the_reason(run, hand_in, tiny):
    tiny.module("m01").hidden_checks[0].unlink()
    code, out, _ = run("grade", "m01", hand_in("right"))
    assert code == 3
    assert "not run" in out
    assert "the hidden checks of m01_tiny belong there" in " ".join(out.split())


def test_without_walls_grading_is_refused_unless_allowed(run, hand_in, no_walls):
    path = hand_in("right")
    code, _, err = run("grade", "m01", path)
    assert (code, "--unsafe-no-sandbox grades all the same" in err) == (2, True)
    code, out, _ = run("grade", "m01", path, "--unsafe-no-sandbox", "--json")
    assert (code, json.loads(out)["isolation"]) == (0, "none")


def test_a_folder_is_graded_and_a_second_run_keeps_what_is_there(run, hand_in, tiny):
    hand_in("right", "class/ada/m01_tiny/tiny.py")
    hand_in("no_value", "class/ben/m01_tiny/tiny.py")
    (tiny.root / "class/cleo/m01_tiny").mkdir(parents=True)
    (tiny.root / "class/notes.txt").write_text("?")
    code, out, err = run("grade", "--all", "class", "--jobs", 1)
    assert code == 0
    assert err == "grader: notes.txt is not a learner's folder: left out\n"
    assert "3 reports in" in out
    assert "class-reports" in "".join(out.split())
    assert "cleo/m01_tiny failed: there is no tiny.py in m01_tiny" in " ".join(out.split())
    code, out, _ = run("grade", "--all", "class", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["learner"]: line["points"] for line in lines} == {"ada": 100, "ben": 39, "cleo": 0}
    assert sorted(path.parent.name for path in (tiny.root / "class-reports").rglob("*.json")) == ["ada", "ben", "cleo"]


def test_an_empty_folder_is_no_failure(run, tiny):
    (tiny.root / "class").mkdir()
    code, out, _ = run("grade", "--all", "class")
    assert (code, out) == (0, "no submission found\n")


# -- the learner's --------------------------------------------------------------------------------------------------
def test_check_says_what_is_not_started(run):
    code, out, _ = run("check")
    assert (code, out) == (1, "m01_tiny  not started  → open exercises/m01_tiny/tiny.py and write in it\n")


def test_check_passes_and_fails_without_points(run, tiny, texts):
    stub = tiny.module("m01").stub
    stub.write_text(texts["right"])
    code, out, _ = run("check", "m01", "--backend", "trio")
    assert code == 0
    assert "points" not in out
    assert "asyncio" not in out
    stub.write_text(texts["right"].replace("return value", "raise KeyError('my own words')"))
    code, out, _ = run("check", "tiny")
    assert code == 1
    assert "✗ `later` raised KeyError at line 19, so this cannot hold: The value comes back.\n" in out


def test_check_can_run_hidden_checks_where_they_are(run, tiny, texts):
    tiny.module("m01").stub.write_text(texts["right"])
    _, out, _ = run("check", "--hidden")
    assert out.count("m01_tiny  ✓ passed") == 2
    tiny.module("m01").hidden_checks[0].unlink()
    _, out, _ = run("check", "--hidden")
    assert out.count("m01_tiny  ✓ passed") == 1


# -- the author's ---------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_verify_prints_a_table_and_its_findings(run, tiny):
    code, out, _ = run("verify", "--jobs", 1)
    assert (code, out.split()[-5:]) == (0, ["m01_tiny", "1", "4", "4", "0"])
    (tiny.root / "solutions/m01_tiny/wrong/no_value.py").unlink()
    code, out, _ = run("verify", "m01", "--jobs", 1)
    assert code == 1
    assert "public test_value of m01_tiny, hidden test_value of m01_tiny: no wrong solution fails it: write one" in out


def test_verify_lists_how_many_wrong_solutions_need_each_check(run):
    code, out, _ = run("verify", "m01", "--jobs", 1, "--needs")
    assert code == 0
    rows = [line.split() for line in out.splitlines() if line.startswith("test_")]
    assert [row for row in rows if row[1] == "hidden"] == [
        ["test_value", "hidden", "R1", "1", "1"],
        ["test_delay", "hidden", "R2", "1", "0"],
        ["test_long_delay", "hidden", "R2", "2", "1"],
        ["test_cancelled", "hidden", "G3", "1", "1"],
    ]
    assert len(rows) == 8


OVERRIDE = '''\
"""Forgets the value.

Breaks: R1
"""


async def later(value: int, *, delay: float) -> int:
    await anyio.sleep(delay)
'''


def test_wrong_prints_the_whole_program_and_what_it_changes(run, tiny, texts):
    (tiny.root / "solutions/m01_tiny/wrong/forgets.py").write_text(OVERRIDE)
    code, out, _ = run("wrong", "m01", "forgets")
    assert (code, out.partition("async")[0]) == (
        0,
        texts["right"].partition("async")[0].replace("Give a value later.", "Forgets the value.\n\nBreaks: R1\n"),
    )
    code, out, _ = run("wrong", "m01", "forgets.py", "--diff")
    assert code == 0
    assert out.startswith("--- tiny\n+++ wrong/forgets\n")
    assert out.endswith(
        ' async def later(value: int, *, delay: float) -> int:\n-    """Give `value` after `delay` seconds."""\n     await anyio.sleep(delay)\n-    return value\n'
    )


def test_wrong_makes_a_file_of_what_differs(run, tiny, texts, tmp_path):
    program = tmp_path / "forgets.py"
    program.write_text('"""Forgets the value.\n\nBreaks: R1\n"""\n' + texts["no_value"].partition('"""\n')[2])
    place = tiny.root / "solutions/m01_tiny/wrong/forgets.py"
    code, out, _ = run("wrong", "m01", "--adopt", program)
    assert (code, out) == (
        0,
        "solutions/m01_tiny/wrong/forgets.py: 10 lines instead of 22: the rest is in the reference\n",
    )
    assert place.read_text() == OVERRIDE.replace(
        "    await anyio.sleep(delay)\n",
        '    """Give `value` after `delay` seconds."""\n    await anyio.sleep(delay)\n    return None\n',
    )
    assert (
        run("wrong", "m01", "--adopt", program)[2]
        == "grader: solutions/m01_tiny/wrong/forgets.py is there already: give another NAME\n"
    )
    assert run("wrong", "m01", "--adopt", place)[0] == 0  # a file may be adopted where it is
    assert run("wrong", "m01", "other", "--adopt", program)[0] == 0
    assert place.read_text() == place.with_name("other.py").read_text()


def test_a_wrong_solution_is_graded_and_traced_as_a_whole(run, tiny):
    place = tiny.root / "solutions/m01_tiny/wrong/forgets.py"
    place.write_text(OVERRIDE)
    code, out, _ = run("grade", "m01", place, "--unsafe-no-sandbox", "--json")
    rows = json.loads(out)["checks"]
    assert code == 1
    assert {row["id"] for row in rows if row["verdict"] == "failed"} == {"test_value"}
    assert "expected 7" in run("trace", "m01", place)[1]


def test_trace_shows_a_run_as_text(run, hand_in):
    code, out, _ = run("trace", "m01", hand_in("right"), "--check", "delay", "--backend", "trio")
    assert code == 0
    assert out.splitlines()[0] == "✓ test_delay: It comes after the delay."
    assert "trio · seed 0 (fifo)" in out
    assert "3 s" in out
    assert all(len(line) <= 80 for line in out.splitlines()[1:])
    code, out, _ = run("trace", "m01", hand_in("no_value"))
    assert code == 1
    assert "the value: expected 7, seen None" in out


def test_trace_plays_the_run_that_is_asked_for(run, hand_in):
    words = (
        "trace",
        "m01",
        hand_in("right"),
        "--check",
        "test_cancelled",
        "--seed",
        "0:fifo:cancel:caller:1",
        "--json",
    )
    code, out, _ = run(*words)
    assert code == 0
    assert json.loads(out)["cancel"] == {"who": "caller", "after": 1}


def test_trace_writes_a_page_to_step_through(run, hand_in, tmp_path):
    page = tmp_path / "run.html"
    code, out, _ = run("trace", "m01", hand_in("no_value"), "--backend", "trio", "--steps", page)
    assert code == 1
    assert f"{page}: open it in a browser" in out.replace("\n", "")
    text = page.read_text()
    assert "expected 7" in text
    assert "async def later" in text
    assert "trio · seed" in text
    code, _, err = run("trace", "m01", hand_in("right"), "--steps", page / "below_a_file.html")
    assert (code, len(err.splitlines())) == (2, 1)


def test_trace_of_a_file_that_cannot_be_loaded_is_one_line(run, hand_in):
    path = hand_in("right")
    for text, said in (
        ("def f(:", "Python cannot read this"),
        ("import nobody_has_this", "raises ModuleNotFoundError"),
    ):
        path.write_text(text)
        code, _, err = run("trace", "m01", path)
        assert (code, said in err, err.count("\n")) == (2, True, 1)


# -- the machine ----------------------------------------------------------------------------------------------------
def test_doctor_looks_at_everything(run, tiny, monkeypatch):
    code, out, _ = run("doctor")
    assert code == (sandbox.level() == "none")
    for what in ("python", "anyio", "trio", "isolation level", "course"):
        assert what in out
    (tiny.root / "constraints.txt").write_text("anyio==1.0\n")
    assert "course key" not in out  # an instructor's matter
    (tiny.root / "pyproject.toml").write_text("")
    assert "course key" in run("doctor")[1]
    (tiny.root / ".course_key").write_text("secret")
    tiny.module("m01").toml.write_text("title = 1")
    _, out, _ = run("doctor")
    assert "but 1.0 is pinned: python -m pip install anyio==1.0" in " ".join(out.split())
    assert "secret" not in out
    assert "course/m01_tiny/module.toml" in out
    monkeypatch.chdir("/")
    assert "none here" in run("doctor")[1]


def test_the_demo_needs_a_full_checkout(run, tiny):
    tiny.module("m01").solution.unlink()
    code, _, err = run("demo")
    assert (code, "the demo needs a full checkout" in err) == (2, True)


# -- what goes wrong in the engine ----------------------------------------------------------------------------------
def test_an_error_of_ours_is_one_line_and_a_traceback_only_when_asked_for(run, hand_in, monkeypatch):
    path = hand_in("right")
    monkeypatch.setattr("grader.cli.grade_command.run", lambda _: 1 / 0)
    code, _, err = run("grade", "m01", path)
    assert (code, err) == (3, "grader: it failed itself: ZeroDivisionError: division by zero (--debug shows where)\n")
    with pytest.raises(ZeroDivisionError):
        run("--debug", "grade", "m01", path)


def test_being_stopped_is_one_line(run, hand_in, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    path = hand_in("right")
    monkeypatch.setattr("grader.cli.grade_command.run", stop)
    code, _, err = run("grade", "m01", path)
    assert (code, err.strip()) == (130, "grader: stopped")


def test_the_package_is_a_command_and_leaves_quietly_when_nobody_listens(tiny):
    command = f"{sys.executable} -m grader doctor | head -c 3"
    done = subprocess.run(command, shell=True, cwd=tiny.root, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("moment", ["the judge begins", "the file runs"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_batch_that_is_stopped_leaves_no_process_and_no_traceback(tiny, texts, hand_in, number, moment):
    place = hand_in("right", "class/ada/m01_tiny/tiny.py")
    place.write_text(texts["right"].replace("    return value", "    while True: pass"))
    command = [sys.executable, "-m", "grader", "grade", "--all", "class", "--jobs", "1"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
    started = subprocess.Popen(
        command, cwd=tiny.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, before)
    # multiprocessing's own process and the judge; then also its fork server, and that one's child
    wanted = 2 if moment == "the judge begins" else 4
    until = time.monotonic() + 20
    while len(started_by(started.pid)) < wanted and time.monotonic() < until:
        time.sleep(0.01)
    if number == signal.SIGINT:
        os.killpg(started.pid, number)  # as a terminal does
    else:
        started.send_signal(number)
    out, err = started.communicate(timeout=20)
    assert started.returncode == (-9 if number == signal.SIGKILL else 130)
    assert out == ""
    if number == signal.SIGKILL:  # the standard library's own process may say that it clears up after it
        assert "Traceback" not in err
    else:
        kept = "grader: grading stopped: 0 of 1 are done and kept; the same command goes on with the rest"
        said = [line for line in err.splitlines() if line]
        assert said in (["grader: stopped"], [kept, "grader: stopped"])  # it may not have begun to count
    until = time.monotonic() + 5
    while of_session(started.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert of_session(started.pid) == []


def started_by(pid):
    """The processes that a process has started, and those that they have."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it has ended
        return []
    return [*children, *(below for child in children for below in started_by(child))]


def of_session(session):
    """The processes of a session that live, by their command lines."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (OSError, ValueError):
            continue
    return found


def test_fork_servers_are_shared_by_the_tasks_of_a_process():
    assert pool.fork_server(None, walls=False) is pool.fork_server(None, walls=False)
