"""The first sentence names the true cause: a hundred natural slips, one of each kind in every run of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.rule import CheckFailed
from grader.checks.trace import BLOCKING
from grader.checks.words import at_most
from grader.course import Course
from grader.judging.clues import clues
from grader.judging.explaining import Failure, concept, deadlock, find_cause, in_order
from grader.judging.judge import How, grade
from grader.judging.learner_code import LearnerCode
from grader.judging.report import Cause, Report, Row, Verdict
from grader.judging.run_evidence import FailingRun
from grader.judging.seen_words import seen_words
from grader.judging.smallest import Played
from grader.sandbox import ForkServer
from tests.judging.attempts import ATTEMPTS, Attempt

QUICK = frozenset(
    {
        *(
            "m01 no_await",
            "m01 no_return",
            "m01 name_error",
            "m01 asyncio_wait_for",
            "m01 tuple",
            "m01 generator",
        ),
        *(
            "m01 one_after_another",
            "m02 wrong_attribute",
            "m02 monotonic",
            "m02 no_await_or_fail",
            "m02 dict",
        ),
        *("m03 asyncio_semaphore", "m03 time_sleep", "m04 no_cooldown", "m04 no_state_return", "m05 no_yield"),
        *("m05 not_decorated", "m06 live_async", "m06 no_await_open", "m08 called_start_soon", "m10 sync_aexit"),
    }
)
UNSEEN = frozenset({"m05 no_conn"})
"""Slips that no public check sees: hidden ones do."""


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServer]:
    """One fork server for all."""
    with ForkServer(walls=False) as server:
        yield server


def name(attempt: Attempt) -> str:
    return f"{attempt.module} {attempt.name}"


def params() -> Iterator[object]:
    for attempt in ATTEMPTS:
        if name(attempt) not in UNSEEN:
            yield pytest.param(attempt, id=name(attempt), marks=() if name(attempt) in QUICK else pytest.mark.slow)


@pytest.mark.parametrize("attempt", list(params()))
def test_the_headline_names_the_cause(attempt: Attempt, checkout: Path, forks: ForkServer) -> None:
    module = Course(checkout).module(attempt.module)
    text = attempt.text(module.solution.read_text(encoding="utf-8"))
    report = grade(module, text.encode(), forks=forks, how=How("public"))
    cause = report.cause
    assert cause is not None
    assert cause.kind == attempt.kind
    assert re.search(attempt.words, f"{cause.text}: {cause.said or ''}", re.IGNORECASE)
    assert cause.line is None or cause.code in text
    assert Report.from_plain(report.plain()) == report


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cause_is_found_on_either_backend(backend: str, checkout: Path, forks: ForkServer) -> None:
    attempt = next(each for each in ATTEMPTS if name(each) == "m02 wrong_attribute")
    module = Course(checkout).module("m02")
    text = attempt.text(module.solution.read_text(encoding="utf-8"))
    report = grade(module, text.encode(), forks=forks, how=How("public", (backend,)))
    assert report.cause is not None
    assert (report.cause.kind, report.cause.backend, report.cause.line) == ("exception", backend, 68)


@pytest.mark.parametrize("short", ["m01", "m05"])
def test_a_right_file_has_no_cause(short: str, checkout: Path, forks: ForkServer) -> None:
    module = Course(checkout).module(short)
    report = grade(module, module.solution.read_bytes(), forks=forks, how=How("public"))
    assert report.verdict == "passed"
    assert report.cause is None


def test_a_file_that_fails_as_a_whole_has_its_fault_as_cause(checkout: Path, forks: ForkServer) -> None:
    module = Course(checkout).module("m01")
    report = grade(module, b"async def gather_within(:\n", forks=forks, how=How("public"))
    assert report.cause is not None
    assert (report.cause.kind, report.cause.line) == ("file: syntax", 1)
    assert report.cause.text == report.reason


def test_no_text_of_an_exception_is_in_the_sentence(checkout: Path, forks: ForkServer) -> None:
    """What running code says may hold anything that it has seen: it is apart, in `said`."""
    module = Course(checkout).module("m01")
    text = module.solution.read_text(encoding="utf-8").replace("= await job()", "= await job() + {}['sec' + 'ret']")
    cause = grade(module, text.encode(), forks=forks, how=How("public")).cause
    assert isinstance(cause, Cause)
    assert "secret" not in cause.text
    assert "secret" in (cause.said or "")


def test_what_fails_on_both_backends_comes_before_what_fails_on_one() -> None:
    def row(id_: str, backend: str, verdict: Verdict) -> Row:
        return Row(id_, "m01.R1", "result", backend, verdict, f"{id_}.")

    rows = [row("a", "asyncio", "passed"), row("a", "trio", "failed")]
    rows += [row("b", backend, "failed") for backend in ("asyncio", "trio")]
    assert [each.id for each in in_order(rows)] == ["b", "b", "a"]
    assert [each.id for each in in_order(rows[:2])] == ["a"]


def test_a_wide_check_comes_after_a_narrow_one_of_its_part() -> None:
    rows = [Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", wide=id_ == "a") for id_ in ("a", "b")]
    rows.append(replace(rows[1], id="c", core=False))
    assert [each.id for each in in_order(rows)] == ["b", "a", "c"]
    assert "wide" not in rows[0].plain()


def test_a_check_of_the_end_comes_before_one_of_what_a_call_gives_that_never_ended() -> None:
    rows = [Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", what="f") for id_ in "abc"]
    never = replace(rows[0], actual="never ended, where it should return")
    assert [each.id for each in in_order([never, rows[1], replace(rows[2], wide=True)])] == ["b", "a", "c"]
    assert [each.id for each in in_order([replace(never, part="It ends."), rows[1]])] == ["a", "b"]


def test_a_call_that_blocks_the_loop_comes_first() -> None:
    rows = [Row("a", "m01.R1", "result", "trio", "failed", "a.")]
    rows.append(Row("b", "m01.G4", "leak", "trio", "failed", "b.", what=BLOCKING, actual="open at line 3"))
    assert [each.id for each in in_order(rows)] == ["b", "a"]


def test_too_many_wake_ups_come_before_what_they_make_late() -> None:
    rows = [Row("a", "m01.R1", "result", "trio", "failed", "a.", what="the call ended at")]
    rows.append(Row("b", "m01.G6", "result", "trio", "failed", "b.", what="wake-ups of all tasks", actual="900"))
    assert [each.id for each in in_order(rows)] == ["b", "a"]


@pytest.mark.parametrize(("times", "found"), [(100, [("spinning", 2)]), (3, [])])
def test_a_loop_that_polls_is_named_by_its_line(times: int, found: list[tuple[str, int]]) -> None:
    code = LearnerCode(
        "async def f():\n    while not done:\n        while room():\n            start()\n        await sleep(1)\n"
    )
    data = {"backend": "trio", "probes": {"observed": {"lines": [[2, times], [3, times + 1], [5, times - 1]]}}}
    run = FailingRun(data, code, 220, at_most(40), "wake-ups when all takes longer: 220")
    assert [(clue.kind, clue.line) for clue in clues(run)] == found


@pytest.mark.parametrize(
    ("lines", "wide", "part", "said"),
    [
        ([], False, None, None),
        ([7], False, None, "A. Instead there is a deadlock: the tasks wait in line 7"),
        ([7, 9], True, None, "A. Instead there is a deadlock: the tasks wait in lines 7 and 9"),
        ([7], False, "It is refused.", "It is refused. Instead there is a deadlock: the tasks wait in line 7"),
    ],
)
def test_a_deadlock_is_told_by_its_lines_and_after_what_should_be_there(
    lines: list[int], wide: bool, part: str | None, said: str | None
) -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "A.", what="deadlock", part=part, wide=wide)
    end = {"kind": "deadlock", "text": "", "waiting": [{"line": line} for line in lines]}
    failure = Failure(row, CheckFailed("deadlock", "never ended", None, {"end": end}))
    cause = deadlock(row, {failure.key: failure}, LearnerCode("x = 1"))
    assert (cause and cause.text) == said


def test_an_exception_that_only_wide_checks_meet_comes_after_their_sentence() -> None:
    observed = {
        "raised": [{"line": 1, "error": "KeyError", "is": ["KeyError"], "text": "0", "token": None, "scene": False}]
    }
    data = {"backend": "trio", "end": {"kind": "done"}, "spans": [], "probes": {"observed": observed}}
    raises = "Line 1 raises KeyError, as `kept` has no key `0`"
    for wide, said in ((True, f"Two calls do not share it. {raises}"), (False, raises)):
        row = Row("a", "m01.R1", "result", "trio", "failed", "Two calls do not share it.", what="the list", wide=wide)
        failure = Failure(row, CheckFailed("the list", [], [1], data))
        cause = find_cause([row], [failure], LearnerCode("x = kept[0]"), lambda *_: Played(None, None))
        assert cause is not None
        assert cause.text == said


@pytest.mark.parametrize(("what", "kind"), [("deadlock", "deadlock"), ("who got a connection", "concept")])
def test_a_deadlock_that_a_check_accepts_is_not_the_cause(what: str, kind: str) -> None:
    end = {"kind": "deadlock", "waiting": [{"task": "a", "line": 1}], "text": ""}
    failing = Row("a", "m01.R1", "result", "trio", "failed", "Two pools share nothing.", what=what)
    failure = Failure(failing, CheckFailed(what, "a", None, {"end": end}))
    cause = find_cause([failing], [failure], LearnerCode("await x"), lambda *_: Played(None, None))
    assert cause is not None
    assert cause.kind == kind
    assert cause.text.startswith("Two pools")
    assert ("Instead there is a deadlock" in cause.text) is (kind == "deadlock")


def test_what_never_happened_is_said_before_the_sentence_that_takes_it_for_granted() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "A `rollback` is not interrupted.", what="rollback")
    code = LearnerCode("x = 1")
    said = concept([replace(row, actual="never happened")], code).text
    assert said == "`rollback` never happened, so this cannot hold: A `rollback` is not interrupted."
    assert concept([replace(row, actual="was cancelled at line 3")], code).text == row.message
    assert concept([replace(row, actual="never happened", part="It is tried.")], code).text == "It is tried."


def test_that_a_call_did_not_return_is_said_before_a_sentence_about_what_it_returns() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "The list is in order.", what="`f`")
    said = concept(
        [replace(row, actual="raised KeyError at line 3, where it should return")], LearnerCode("x = 1")
    ).text
    assert said == "`f` raised KeyError at line 3, so this cannot hold: The list is in order."


def test_a_call_that_never_ended_in_a_deadlock_is_told_by_the_lines() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "A.", what="f", actual="never ended, where it should return")
    end = {"kind": "deadlock", "text": "", "waiting": [{"line": 7}]}
    failure = Failure(row, CheckFailed("f", "never ended", None, {"end": end}))
    cause = deadlock(row, {failure.key: failure}, LearnerCode("x = 1"))
    assert cause is not None
    assert cause.text == "A. Instead there is a deadlock: the tasks wait in line 7"


def raised(error: str, text: str = "", line: int = 1) -> dict[str, object]:
    """A run in which the file raised something, as a closer look sees it."""
    seen = [{"line": line, "error": error, "is": [error], "text": text, "token": None, "scene": False}]
    return {"backend": "trio", "end": {"kind": "done"}, "spans": [], "probes": {"observed": {"raised": seen}}}


def unwritten(line: int = 1) -> dict[str, object]:
    """A run in which a function of the file is not written yet."""
    span = {"subject": True, "line": line, "what": "f", "how": "raised", "error": {"error": "NotImplementedError"}}
    return {"backend": "trio", "end": {"kind": "done"}, "spans": [span], "probes": {}}


def cause_of_rows(*given: tuple[Row, dict[str, object]], code: str = "x = kept[0]\n") -> Cause:
    """The cause where these rows failed in these runs."""
    failures = [Failure(row, CheckFailed("the list", [], [1], data)) for row, data in given]
    cause = find_cause([row for row, _ in given], failures, LearnerCode(code), lambda *_: Played(None, None))
    assert cause is not None
    return cause


DONE: dict[str, object] = {"backend": "trio", "end": {"kind": "done"}, "spans": [], "probes": {}}


def test_what_is_not_written_is_not_the_cause_while_something_written_fails() -> None:
    first, second = (Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", what="the list") for id_ in "ab")
    assert cause_of_rows((first, unwritten()), (second, DONE)).text == "b."
    assert cause_of_rows((first, DONE), (replace(second, core=False), unwritten())).text == "a."
    assert cause_of_rows((replace(first, core=False), unwritten()), (second, raised("KeyError"))).kind == "exception"
    assert cause_of_rows((first, unwritten()), (second, unwritten())).kind == "not written"


def test_an_exception_of_one_later_check_alone_is_not_the_cause_of_the_first() -> None:
    rows = [Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", what="the list") for id_ in "abc"]
    assert cause_of_rows((rows[0], DONE), (rows[1], raised("KeyError")), (rows[2], DONE)).text == "a."
    most = cause_of_rows((rows[0], DONE), (rows[1], raised("KeyError")), (rows[2], raised("KeyError")))
    assert most.kind == "exception"
    assert cause_of_rows((rows[0], raised("KeyError")), (rows[1], DONE), (rows[2], DONE)).kind == "exception"


def test_a_clock_on_the_wall_counts_wherever_it_is_seen() -> None:
    rows = [Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", what="the list") for id_ in "abc"]
    seen = {**DONE, "probes": {"observed": {"lines": [[2, 1]]}}}
    cause = cause_of_rows((rows[0], DONE), (rows[1], seen), (rows[2], DONE), code="import time\nx = time.monotonic()\n")
    assert (cause.kind, cause.line) == ("wall clock", 2)


def test_an_exception_where_another_one_is_wanted_comes_after_the_sentence() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "Unknown names are refused.", what="raised by `f`")
    wanted = replace(row, expected="ValueError", actual="KeyError")
    assert (
        cause_of_rows((wanted, raised("KeyError"))).text
        == "Unknown names are refused. Line 1 raises KeyError, as `kept` has no key `0`"
    )
    other = replace(row, expected="ValueError", actual="nothing")
    assert cause_of_rows((other, raised("KeyError"))).text == "Line 1 raises KeyError, as `kept` has no key `0`"


def test_a_loop_of_asyncio_that_is_not_there_is_the_other_backend_although_more_fails() -> None:
    code = "import asyncio\nslots = asyncio.Semaphore(2)\nasync def f():\n    async with slots:\n        pass\n"
    row = Row("a", "m01.R1", "result", "trio", "failed", "a.", what="the list")
    elsewhere = replace(row, id="b", backend="asyncio")
    seen = raised("AttributeError", "'NoneType' object has no attribute 'create_future'", 4)
    cause = cause_of_rows((row, seen), (elsewhere, {**DONE, "backend": "asyncio"}), code=code)
    assert (cause.kind, cause.line) == ("one backend", 2)


@pytest.mark.parametrize(("times", "kinds"), [(3, ["late name"]), (1, [])])
def test_a_task_that_reads_what_the_loop_changes_is_named(times: int, kinds: list[str]) -> None:
    text = "for job in jobs:\n    async def one():\n        await job()\n    group.start_soon(one)\n"
    data = {"backend": "trio", "probes": {"observed": {"lines": [[4, times], [3, 3]]}}}
    found = clues(FailingRun(data, LearnerCode(text), [1], [2], "the list: 1"))
    assert [clue.kind for clue in found] == kinds
    assert all("`one` reads `job`" in clue.text for clue in found)


@pytest.mark.parametrize(("lines", "kinds"), [([[2, 1]], ["wrong time"]), ([[1, 1]], [])])
def test_seconds_where_a_point_in_time_is_wanted_are_named(lines: list[list[int]], kinds: list[str]) -> None:
    code = LearnerCode("async def f(timeout):\n    with CancelScope(deadline=timeout):\n        pass\n")
    data = {"backend": "trio", "probes": {"observed": {"lines": lines}}}
    assert [clue.kind for clue in clues(FailingRun(data, code, [1], [2], "the list: 1"))] == kinds


@pytest.mark.parametrize(("passed", "kind"), [(["b"], "one backend"), ([], "concept")])
def test_a_cancellation_of_one_backend_is_named_where_a_check_fails_on_the_other_alone(
    passed: list[str], kind: str
) -> None:
    rows = [Row(id_, "m01.R1", "result", "trio", "failed", f"{id_}.", what="the list") for id_ in "ab"]
    rows += [replace(row, backend="asyncio", verdict="passed" if row.id in passed else "failed") for row in rows]
    rows += [replace(row, id="c", verdict="passed") for row in rows[::2]]
    code = LearnerCode("import asyncio\ntry:\n    f()\nexcept asyncio.CancelledError:\n    raise\n")
    cause = find_cause(rows, [], code, lambda *_: Played(None, None))
    assert cause is not None
    assert (cause.kind, cause.line) == (kind, 4 if passed else None)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "    def state(self) -> State:\n        pass\n",
            "`state` is read, not called: `@property` is missing above it",
        ),
        ("    def state(self):\n        pass\n", "State after two failures: a `method`, where a State is wanted"),
    ],
)
def test_a_method_where_its_value_is_wanted_should_be_a_property(code: str, said: str) -> None:
    seen = "state after two failures: method, which is not a State"
    (clue,) = clues(FailingRun(DONE, LearnerCode(f"class Breaker:\n{code}"), "x", None, seen))
    assert (clue.kind, clue.text) == ("wrong kind", said)


@pytest.mark.parametrize(
    ("above", "seen", "found"),
    [("", "a method, a method", 1), ("@property", "a method", 0), ("", "1, 2, 31", 0)],
)
def test_a_method_that_a_check_reads_lacks_property(above: str, seen: str, found: int) -> None:
    code = LearnerCode(
        f"class Bucket:\n    {above or 'x = 1'}\n    def available(self):\n        return self._tokens\n"
    )
    run = FailingRun({"backend": "trio"}, code, ["x"], ["y"], f"`available` after a grant: {seen}")
    assert [clue.line for clue in clues(run) if "@property" in clue.text] == [3] * found


@pytest.mark.parametrize(
    ("pause", "said"),
    [
        ("missing / rate", "does not end: however often it sleeps"),
        ("0.01", "looks again and again"),
        ("rest", "looks again"),
    ],
)
def test_a_loop_that_sleeps_in_vain_says_so(pause: str, said: str) -> None:
    code = LearnerCode(f"async def f():\n    while missing > 0:\n        await sleep({pause})\n")
    data = {"backend": "trio", "end": {"kind": "runaway"}, "probes": {"observed": {"lines": [[2, 99], [3, 98]]}}}
    (clue,) = clues(FailingRun(data, code))
    assert (clue.kind, clue.line) == ("spinning", 2)
    assert f"line 2 {said}" in clue.text


@pytest.mark.parametrize(("value", "kinds"), [("True", ["swallowed"]), ("False", []), ("kind is None", [])])
def test_an_exit_that_swallows_everything_is_named(value: str, kinds: list[str]) -> None:
    code = LearnerCode(f"class Lock:\n    async def __aexit__(self, kind, error, tb):\n        return {value}\n")
    data = {"backend": "trio", "probes": {"observed": {"lines": [[3, 1]]}}}
    assert [
        clue.kind for clue in clues(FailingRun(data, code, "returned", "cancelled", "the block: returned"))
    ] == kinds


@pytest.mark.parametrize(
    ("handler", "path", "raised", "line"),
    [
        ("except BaseException:", [3, 4], [], 4),
        ("except (TimeoutError, anyio.get_cancelled_exc_class()):", [3, 4], [], 4),
        ("except:", [3, 4], [], 4),
        ("except BaseException:", [3, 4], [3], None),  # an exception of the plan
        ("except BaseException:", [9, 4], [], None),  # from a function of the file, or a group
        ("except Exception:", [3, 4], [], None),
    ],
)
def test_a_handler_that_catches_a_cancellation_is_named(
    handler: str, path: list[int], raised: list[int], line: int | None
) -> None:
    code = LearnerCode(f"async def f():\n    try:\n        await job()\n    {handler}\n        pass\n")
    seen = [{"line": each, "error": "E", "is": ["E"], "text": "", "token": "E", "scene": True} for each in raised]
    data = {"backend": "trio", "probes": {"observed": {"path": [["a#1", each] for each in path], "raised": seen}}}
    found = [clue.line for clue in clues(FailingRun(data, code, "returned", "cancelled", "the call: returned"))]
    assert found == ([] if line is None else [line])


def test_a_handler_that_raises_again_is_not_named() -> None:
    code = LearnerCode("async def f():\n    try:\n        await job()\n    except BaseException:\n        raise\n")
    data = {"backend": "trio", "probes": {"observed": {"path": [["a#1", 3], ["a#1", 4]]}}}
    assert clues(FailingRun(data, code, "returned", "cancelled", "the call: returned")) == []


@pytest.mark.parametrize(("lines", "kinds"), [([[3, 1]], ["signal handler"]), ([], [])])
def test_a_plain_signal_handler_is_named(lines: list[list[int]], kinds: list[str]) -> None:
    code = LearnerCode("import signal\nasync def serve():\n    signal.signal(signal.SIGTERM, stop)\n")
    data = {"backend": "trio", "probes": {"observed": {"lines": lines}}}
    assert [clue.kind for clue in clues(FailingRun(data, code, "never", "4 s", "asked: never"))] == kinds


@pytest.mark.parametrize(
    ("what", "seen", "wanted", "said"),
    [
        ("how the call ended", "raised", "returned", "Here the call ended in another way: raised instead of returned"),
        ("what a gets", "E", "F", "Here what a gets is E instead of F"),
        ("who got a connection", "nothing", "b at 5 s", "Here nobody got a connection, instead of b at 5 s"),
        ("who got it", "c at 2 s", "b at 5 s", "Here those who got it: c at 2 s instead of b at 5 s"),
        ("what leaves the block", "nothing", "E", "Here nothing leaves the block, instead of E"),
        ("b was refused at", "9.5 s", "2 s", "Here b was refused at 9.5 s instead of 2 s"),
        ("a was granted", "3 s after the call", "2 s after the call", "Here a was granted 3 instead of 2 s after the call"),
        ("requests", "4", "at most 2", "Here requests: 4 instead of at most 2"),
        ("`stats`", "idle: 1, leased: 2", "idle: 0, leased: 2", "Here `stats`: idle: 1, leased: 2 instead of idle: 0, leased: 2"),
        ("the list", "never happened", "1", ""),
        ("the list", "x" * 200, "1", ""),
        ("a", "it returned", None, ""),
        ("acquire(5) should return", "it raised E at line 3", None, "Here acquire(5) should return, but it raised E at line 3"),
        ("a was started", "3 s", "1 s", "Here a was started 3 s instead of 1 s"),
        ("a was asked to stop", "never: its run was cancelled", "1 s", ""),
    ],
)  # fmt: skip
def test_what_was_seen_comes_after_the_sentence(what: str, seen: str, wanted: str | None, said: str) -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "It waits.", what=what, actual=seen, expected=wanted)
    assert seen_words(row) == said
    assert concept([row], LearnerCode("x = 1")).text.startswith("It waits." if seen != "never happened" else "The list")


@pytest.mark.parametrize(("scene", "kind", "found"), [(True, "list", 1), (True, "Made", 0), (False, "list", 0)])
def test_what_a_body_cannot_go_through_is_named(scene: bool, kind: str, found: int) -> None:
    code = LearnerCode("@asynccontextmanager\nasync def fan_out():\n    yield []\n")
    text = f"'async for' requires an object with __aiter__ method, got {kind}"
    seen = {"line": 3, "error": "TypeError", "is": ["TypeError"], "text": text, "token": None, "scene": scene}
    data = {"backend": "trio", "probes": {"observed": {"raised": [seen]}}}
    told = [clue for clue in clues(FailingRun(data, code, [], [1], "pairs: none")) if clue.kind == "wrong kind"]
    assert [clue.line for clue in told] == [3] * found


@pytest.mark.parametrize(("kind", "said"), [("str", "a list of `str`"), ("Secret", "a list of something else")])
def test_a_list_of_the_wrong_things_says_of_what(kind: str, said: str) -> None:
    seen = f"what `live()` gives: [{{'not a Leak': '{kind}'}}], which is not a list of `Leak`s"
    (clue,) = clues(FailingRun(DONE, LearnerCode("x = 1"), "x", None, seen))
    assert clue.text == f"What `live()` gives: {said}, where a list of `Leak`s is wanted"


def test_a_loop_that_stands_still_says_what_stays_true() -> None:
    end = {"kind": "stuck", "text": "line 3 does not come to an end", "waiting": [{"line": 3}]}
    for test, said in (("queue", ", because `queue` stays true"), ("True", "")):
        code = LearnerCode(f"def f():\n    while {test}:\n        g()\n")
        (clue,) = clues(FailingRun({"backend": "trio", "end": end}, code))
        assert clue.text == f"The loop in line 2 goes round and round without waiting{said}: nothing else can run"


def test_a_key_that_some_plans_only_miss_comes_after_the_sentence_of_their_check() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "What is cut off is reported.", what="the report")
    passing = replace(row, id="b", verdict="passed")
    failure = Failure(row, CheckFailed("the report", [], [1], raised("KeyError", "'c'")))
    for rows, said in (
        ([row], ""),
        ([row, passing], "What is cut off is reported. "),
        ([row, replace(passing, backend="asyncio")], ""),
    ):
        cause = find_cause(rows, [failure], LearnerCode("x = 1"), lambda *_: Played(None, None))
        assert cause is not None
        assert cause.text == f"{said}Line 1 raises KeyError"
    failure = Failure(row, CheckFailed("the report", [], [1], raised("NameError", "name 'a' is not defined")))
    cause = find_cause([row, passing], [failure], LearnerCode("x = 1"), lambda *_: Played(None, None))
    assert cause is not None
    assert cause.text == "Line 1 raises NameError"


def test_a_signal_that_nobody_caught_came_at_the_moment_of_which_the_check_speaks() -> None:
    row = Row("a", "m01.R1", "result", "trio", "failed", "A signal during a cleanup is caught.", what="the call")
    for text, said in (
        ("nobody caught SIGTERM", "A signal during a cleanup is caught. N"),
        ("the interpreter was left", "T"),
    ):
        end = {"kind": "exit", "text": text, "waiting": []}
        assert cause_of_rows((row, {**DONE, "end": end})).text.startswith(said)


def test_a_loop_that_never_waits_names_what_it_runs_again_and_again() -> None:
    end = {"kind": "stuck", "text": "line 3 does not come to an end", "waiting": [{"line": 3}]}
    code = LearnerCode("def f():\n    while queue:\n        g()\n")
    span = {"subject": False, "what": "run", "who": "a", "how": "raised", "error": None}
    other = {**span, "what": "work", "how": "returned"}
    for spans, said in (
        ([span] * 30, ", and runs `a` again and again, which raises each time"),
        ([{**span, "who": "b"}, *[other] * 30], ", and calls `work` of `a` again and again"),
        ([span] * 10, ""),
        ([span, other] * 30, ""),
    ):
        (clue,) = clues(FailingRun({"backend": "trio", "end": end, "spans": spans}, code))
        start = "The loop in line 2 goes round and round without waiting, because `queue` stays true"
        assert clue.text == f"{start}{said}: nothing else can run"
