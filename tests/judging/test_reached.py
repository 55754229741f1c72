"""What a file reaches for at run time is flagged, whatever its text says."""

from grader.judging import judge
from grader.judging.judge import How, grade
from grader.judging.reached import KINDS, Reached
from grader.worker.watch import reach


def test_the_kinds_are_those_that_the_worker_tells():
    assert {each for each in KINDS if "." in each} == reach.EVENTS - {"object.__getattr__"}
    assert {each for each in KINDS if "." not in each} == reach.ATTRIBUTES


def test_messages_are_taken_and_others_are_left():
    reached = Reached()
    assert not reached.take({"trace": {}})
    assert all(
        reached.take({"reach": said})
        for said in (["tb_frame", 3], ["gi_frame", 3], ["gc.get_objects", None], ["tb_frame", 9])
    )
    for said in (["tb_frame", -1], ["tb_frame", 10**6], ["<b>", 2], ["tb_frame", "2"], 5, [], None):
        assert reached.take({"reach": said})
    flags = list(reached.flags(["line 9: uses `tb_frame`"]))
    assert [flag.partition(":")[0] for flag in flags] == ["while it runs", "line 3"]
    assert "`gc.get_objects` is reached at run time: objects that nobody" in flags[0]
    assert "`gi_frame`" in flags[1]  # of several on a line the first by name, in whatever order they came


def test_a_line_is_one_of_a_file():
    reached = Reached()
    for line in (0, 1, 20_000, 20_001):
        assert reached.take({"reach": ["tb_frame", line]})
    assert [flag.partition(":")[0] for flag in reached.flags([])] == ["line 1", "line 20000"]


RIGHT = """\
import anyio
from dataclasses import dataclass


@dataclass
class Given:
    number: int = 0


async def later(ask, *, delay):
    value = await ask()
    await anyio.sleep(delay - 1)
    return value
"""
LOOKS = """

_later = later
async def later(ask, *, delay):
    value = await _later(ask, delay=delay)
    getattr(later, "__co" + "de__")
    return value
"""


def test_a_flag_has_the_line_and_is_for_the_instructor(asking, forks, monkeypatch):
    monkeypatch.setattr(judge, "flags_by_reading", lambda _: [])
    report = grade(asking, f"{RIGHT}{LOOKS}".encode(), forks=forks)
    line = f"{RIGHT}{LOOKS}".splitlines().index('    getattr(later, "__co" + "de__")') + 1
    assert report.flags == (f"line {line}: `__code__` is reached at run time: compiled code",)
    assert report.verdict == "passed"
    assert not grade(asking, f"{RIGHT}{LOOKS}".encode(), how=How(kind="public"), forks=forks).flags


def test_one_line_is_flagged_once(asking, forks):
    report = grade(asking, f"{RIGHT}{LOOKS}".encode(), forks=forks)
    assert len(report.flags) == 1
    assert "made up at run time" in report.flags[0]
