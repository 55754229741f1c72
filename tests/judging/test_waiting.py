"""Who is to blame for an answer that does not come, second by second; and what a run without a trace says."""

from types import SimpleNamespace

import pytest

from grader.checks.rule import NotRun
from grader.judging import answers
from grader.judging.answers import (
    FORGED,
    STANDS_STILL,
    Hung,
    Late,
    TimeLimits,
    Waiting,
    ended_trace,
    parts_of,
    plan_complaint,
    refuse_forged,
)
from grader.sandbox import LinkClosed

LIMITS = TimeLimits(total=60, silence=20, cpu=3)


@pytest.fixture
def wait(monkeypatch, script):
    """Let time pass: `wait(*looks)` looks at a child at some times, with what it has used and whether it stands still."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(answers, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def look(*looks, begin=0.0, file="tiny.py", **known):
        clock.now, line = 0.0, script([])
        line.used = begin
        waiting = Waiting(line, LIMITS, file, **known)
        for now, used, still in looks:
            clock.now, line.used, line.still = now, begin + used, still
            waiting.look()

    return look


def test_a_child_may_use_its_processor_time(wait):
    wait((1, 1, ""), (19, 3, ""))
    wait((1, 1, ""), (19, 3, ""), begin=40)
    with pytest.raises(Hung, match="used 3 s of processor time without passing a checkpoint"):
        wait((1, 3.25, ""))


def test_a_child_that_neither_waits_nor_computes_is_late(wait):
    wait((20, 0, ""))
    with pytest.raises(Late, match="no answer for 20 s, and no processor time used"):
        wait((20.25, 0, ""))


def test_a_child_that_stands_still_is_hung_with_its_line(wait):
    wait((STANDS_STILL, 0, "waits"))
    with pytest.raises(Hung, match="waits outside the event loop, line 7") as caught:
        wait((1, 0, "waits"), (STANDS_STILL + 0.5, 0.05, "waits"))
    assert caught.value.line == 7
    with pytest.raises(Hung, match=r"is stopped outside the event loop$") as caught:
        wait((STANDS_STILL + 0.5, 0, "is stopped"), file="other.py")
    assert caught.value.line is None


def test_a_file_known_to_wait_gets_less_patience(wait):
    wait((3, 0, "waits"), known=True)
    with pytest.raises(Hung, match="waits"):
        wait((3.5, 0, "waits"), known=True)
    wait((3.5, 0, "waits"))


def test_a_child_that_moves_in_between_does_not_stand_still(wait):
    wait((3, 0, "waits"), (3.5, 0, ""), (7, 0, "waits"))
    wait((3, 0, "waits"), (3.5, 0.1, "waits"), (7, 0.15, "waits"))
    with pytest.raises(Hung):
        wait((3, 0, "waits"), (3.5, 0, ""), (8, 0, "waits"))
    with pytest.raises(Hung):
        wait((2, 0.05, "waits"), (4.5, 0.05, "waits"))


@pytest.mark.parametrize(("used", "spent"), [(48, 60), (6, 60), (40, 300)])
def test_a_limit_may_be_reached(used, spent):
    LIMITS.look(used=used, spent=spent)


def test_only_what_a_child_wrote_is_a_forgery():
    refuse_forged(LinkClosed("exited with 3"))
    with pytest.raises(NotRun, match=f"the worker {FORGED}"):
        refuse_forged(LinkClosed(FORGED))


def test_a_run_without_a_trace_has_only_its_end():
    runs = [{"seed": seed, "order": "pos", "cancel": None, "fault": None} for seed in (3, 5)]
    message = {"backend": "trio", "runs": runs}
    assert ended_trace(message, "exit", "it ended") == {
        "format": 1,
        "backend": "trio",
        **runs[0],
        "spans": [],
        "notes": [],
        "steps": 0,
        "time": 0.0,
        "end": {"kind": "exit", "text": "it ended", "waiting": []},
        "tasks": [],
        "probes": {"unawaited": [], "blocking": []},
    }
    assert ended_trace(message, "stuck", "", 7, number=1)["seed"] == 5
    assert ended_trace(message, "stuck", "", 7, number=1)["end"]["waiting"] == [{"task": "", "line": 7}]
    assert ended_trace(message, "exit", "", number=2)["seed"] == 5  # it died behind the last one


# -- plans ----------------------------------------------------------------------------------------------------------
SCENE = '''\
"""A scene."""
import anyio


async def other(*, kept): ...


async def scene(subject, world, *, value, delay=1, jobs=None): ...
'''


def test_what_a_plan_may_hold_and_must():
    assert parts_of(SCENE) == ({"value", "delay", "jobs"}, {"value"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def scene(subject, world, *, value): ...", "has no function `async def scene"),
        ("async def other(subject, world, *, value): ...", "has no function `async def scene"),
        ("", "has no function `async def scene"),
        ("\nasync def scene(:", "scene.py, line 2: "),
    ],
)
def test_a_scene_that_cannot_be_read_is_not_run(text, said):
    with pytest.raises(NotRun, match=said):
        parts_of(text)


def test_what_is_wrong_with_a_plan():
    may, must = parts_of(SCENE)
    assert plan_complaint(["value", "delay"], may, must) == ""
    assert plan_complaint(["value", "dealy", "a"], may, must) == "it has no part a, dealy"
    assert plan_complaint(["delay"], may, must) == "value is missing"
