"""The runs of a sweep prove that they are what was asked for; a file whose equal runs differ is told from a forged one."""

import re

import pytest

from grader.checks.play import Play
from grader.checks.rule import NotRun
from grader.course import BACKENDS
from grader.display.report_card import card
from grader.display.show import text_of
from grader.judging.judge import How, grade
from grader.judging.report import Report
from grader.judging.session import Session
from grader.judging.steadiness import NOTE
from grader.judging.steadiness import UNSTEADY as SAID
from grader.judging.submission import examine
from grader.judging.sweep_proof import equal_runs_differ

ASKS_TWICE = """\
import anyio
from dataclasses import dataclass


@dataclass
class Given:
    number: int = 0


async def later(value, *, delay):
    await anyio.sleep(delay)
    return [await value(), await value()]
"""
SOON = "    await anyio.sleep(delay / 2)\n"  # here a cancellation passes, later it does not
#: What the worker is changed to, and what the judge says to it.
FORGERIES = {
    "no step is counted": ("_Player._sweep = lambda *_: None", "is not that of its calls"),
    "steps are nowhere": (
        (
            "_make = _Player._make_trace\n"
            "def _without(self):\n"
            "    trace = _make(self)\n"
            "    trace.update(sweep_steps=0, sweep_at=[])\n"
            "    for span in trace['spans']: span['steps'] = 0\n"
            "    return trace\n"
            "_Player._make_trace = _without"
        ),
        "took time and made no step",
    ),
    "nothing is cancelled": ("_World.cancel = lambda *_: True", "does not begin like the undisturbed run"),
    "the undisturbed run again": (
        (
            "_make, _kept = _Player._make_trace, {}\n"
            "def _again(self):\n"
            "    trace = _make(self)\n"
            "    if trace['cancel'] and trace['cancel']['after'] < 0: _kept['first'] = trace\n"
            "    return {**_kept['first'], 'cancel': trace['cancel']} if trace['cancel'] else trace\n"
            "_Player._make_trace = _again"
        ),
        "does not begin like the undisturbed run",
    ),
    "always after the first step": (
        (
            "_sweep = _Player._sweep\n"
            "def _first(self, world, cancel, info): _sweep(self, world, (cancel[0], min(cancel[1], 1)), info)\n"
            "_Player._sweep = _first"
        ),
        "does not begin like the undisturbed run",
    ),
    "steps behind the call": (
        (
            "_make = _Player._make_trace\n"
            "def _behind(self):\n"
            "    trace = _make(self)\n"
            "    if 'sweep_at' in trace: trace['sweep_at'] = [[99, 99.0]] * trace['sweep_steps']\n"
            "    return trace\n"
            "_Player._make_trace = _behind"
        ),
        "lie outside its calls",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_sweep_is_not_run_with_the_reason(tiny, forks, texts, forged, name):
    lines, said = FORGERIES[name]
    wrong = texts["swallows"].replace("sleep(delay)", "sleep(delay / 2)").replace("    try", SOON + "    try")
    report = grade(tiny.module("m01"), forged(wrong, lines).encode(), forks=forks)
    rows = [row for row in report.checks if row.id == "test_cancelled"]
    assert {row.verdict for row in rows} == {"not run"}, [(row.what, row.actual, row.where) for row in rows]
    assert [said in row.message for row in rows] == [True] * len(BACKENDS)
    assert {row.verdict for row in report.checks if row.id == "test_delay"} == {"passed"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_call_of_a_fake_fails_in_one_run(asking, forks, backend):
    with Session(asking, examine(asking, ASKS_TWICE.encode()), forks) as session:
        traces = list(Play(session, backend=backend)(value=7, delay=1).faults("db"))
    assert [[(span.errors or [None])[0] for span in trace.all("run")] for trace in traces] == [
        [None, None],
        ["fault 1 of db"],
        [None, "fault 2 of db"],
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "_World._due_fault = lambda *_: None",
        (
            "_due = _World._due_fault\n"
            "def _late(self, who):\n"
            "    fault = _due(self, who)\n"
            "    return fault if self._calls[who] > 1 else None\n"
            "_World._due_fault = _late"
        ),
    ],
)
def test_a_fault_that_does_not_come_is_not_run(asking, forks, forged, lines):
    with Session(asking, examine(asking, forged(ASKS_TWICE, lines).encode()), forks) as session:
        play = Play(session, backend="trio")
        with pytest.raises(NotRun, match="does not begin like the undisturbed run"):
            list(play(value=7, delay=1).faults("db"))


#: What makes equal runs of an honest file differ; `_pause` takes a moment.
UNSTEADY = {
    "random numbers": "import random\nasync def _pause():\n    await anyio.sleep(random.random() / 1000)\n",
    "the clock": (
        "import time\nasync def _pause():\n"
        "    for _ in range(time.perf_counter_ns() // 100 % 7):\n        await anyio.lowlevel.checkpoint()\n"
    ),
    "addresses": (
        "_kept = []\nasync def _pause():\n    _kept.append({object() for _ in range(8)})\n"
        "    await anyio.sleep(id(next(iter(_kept[-1]))) % 1009 / 1e6)\n"
    ),
    "once in a while": "import random\nasync def _pause():\n    await anyio.sleep((random.random() < 0.3) / 1000)\n",
}
SLEEP = "    await anyio.sleep(delay)\n"
PAUSE = "    await _pause()\n"
SWALLOW = f"    try:\n    {PAUSE}    {SLEEP}    except BaseException:\n        pass\n"


@pytest.mark.parametrize("name", UNSTEADY)
def test_a_file_whose_equal_runs_differ_is_judged_by_what_can_be_judged(tiny, forks, texts, name):
    module = tiny.module("m01")
    module.hidden_checks[0].write_text(re.sub(r"near\((\d+)\)", r"near(\1, within=0.01)", texts["hidden"]))
    right = texts["right"].replace("import anyio\n", f"import anyio\nimport anyio.lowlevel\n{UNSTEADY[name]}")
    right = right.replace(SLEEP, PAUSE + SLEEP)
    report = grade(module, right.encode(), forks=forks)
    assert report.verdict == "passed", [row for row in report.checks if row.verdict != "passed"]
    report = grade(module, right.replace(PAUSE + SLEEP, SWALLOW).encode(), forks=forks)
    assert report.verdict == "failed"
    failed = [row for row in report.checks if row.verdict == "failed"]
    assert {row.id for row in failed} == {"test_cancelled"}


def test_a_file_that_fails_and_differs_each_time_is_told_so_without_any_sweep(tiny, forks, texts):
    module = tiny.module("m01")
    no_value = texts["right"].replace("return value", "return None")
    report = grade(module, no_value.encode(), forks=forks, how=How(only=frozenset({"test_value"})))
    assert {row.verdict for row in report.checks} == {"failed"}
    assert not any(SAID in (row.where or "") for row in report.checks)
    unsteady = no_value.replace(
        "import anyio\n", f"import anyio\nimport anyio.lowlevel\n{UNSTEADY['random numbers']}"
    ).replace(SLEEP, PAUSE + SLEEP)
    report = grade(module, unsteady.encode(), forks=forks, how=How(only=frozenset({"test_value"})))
    assert all(SAID in row.where for row in report.checks)


@pytest.mark.parametrize(
    "pause",
    [
        UNSTEADY["random numbers"],
        "import time\nasync def _pause():\n    await anyio.sleep(time.perf_counter_ns() % 1_000_003 / 1e9)\n",
    ],
    ids=["random numbers", "the clock"],
)
def test_a_file_that_passes_and_differs_each_time_is_told_so_and_passes(tiny, forks, texts, pause):
    module = tiny.module("m01")
    module.hidden_checks[0].write_text(re.sub(r"near\((\d+)\)", r"near(\1, within=0.01)", texts["hidden"]))
    how = How(only=frozenset({"test_value"}))  # no sweep, which would notice
    steady = grade(module, texts["right"].encode(), forks=forks, how=how)
    assert (steady.verdict, steady.notes, "notes" in steady.plain()) == ("passed", (), False)
    right = texts["right"].replace("import anyio\n", f"import anyio\n{pause}")
    report = grade(module, right.replace(SLEEP, PAUSE + SLEEP).encode(), forks=forks, how=how)
    assert (report.verdict, report.notes) == ("passed", (NOTE,))
    assert Report.from_plain(report.plain()).notes == (NOTE,)
    assert f"Note: {NOTE}".replace("\n", " ") in " ".join(text_of(*card(report)).split())


@pytest.mark.parametrize("count", [1, 2, 4])
def test_equal_runs_that_differ_by_nothing_but_their_steps_differ(count):
    def undisturbed(steps):
        places = [[place, 0.0] for place in range(steps)]
        return {"cancel": None, "spans": [], "notes": [], "sweep_at": places, "sweep_steps": steps}

    disturbed = {**undisturbed(3), "cancel": {"who": "caller", "after": 3}}
    assert equal_runs_differ(undisturbed(3), [undisturbed(count)], [disturbed])
    assert not equal_runs_differ(undisturbed(3), [undisturbed(3)], [disturbed])
