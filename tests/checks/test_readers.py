"""The words with which a check reads what a learner's function gave: what is not as it must be fails the subject."""

from collections.abc import Iterator
from typing import Any

import pytest

from grader import CheckFailed, Play, about, near, one_of
from grader.checks.phrases import breaking_off, pair, unit_of, without_none
from grader.checks.trace import Trace
from grader.checks.values import Error
from tests import records


def span(number: int, what: str, **changes: Any) -> dict[str, Any]:
    return records.span(number, None, what, subject=what == "main", **changes)


def trace(*spans: dict[str, Any]) -> Trace:
    return Trace(records.record(*spans))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1], list),
        ({"tuple": [1]}, tuple),
        ({"dict": [["a", 1]]}, dict),
        ("a", str),
        (1.5, float),
        (7, int),
        (True, bool),
    ],
)
def test_what_it_returned_as_what_it_must_be(value: Any, kind: type) -> None:
    assert type(trace(span(0, "main", value=value)).call.value_as(kind)) is kind


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        (None, list, "returned None, which is not a list"),
        ({"tuple": [1]}, list, "returned (1,), which is not a list"),
        ("1.5", float, "returned '1.5', which is not a number"),
        (True, int, "returned True, which is not a whole number"),
        ({"type": "coroutine"}, dict, "returned an object of coroutine, which is not a dictionary"),
    ],
)
def test_something_else_fails_the_subject(value: Any, kind: type, seen: str) -> None:
    with pytest.raises(CheckFailed) as failed:
        trace(span(0, "main", value=value)).call.value_as(kind)
    assert (failed.value.what, failed.value.seen) == ("main", seen)


def test_a_part_of_what_it_returned() -> None:
    report = {"data": "Report", "fields": {"done": ["a"]}}
    assert trace(span(0, "main", value=report)).call.part("done") == ["a"]
    for value, name in ((report, "failed"), (None, "done"), ({"dict": [["done", []]]}, "done")):
        with pytest.raises(CheckFailed, match=f"which has no `{name}`"):
            trace(span(0, "main", value=value)).call.part(name)


def test_when_the_spans_of_a_kind_ended() -> None:
    t = trace(span(0, "main"), span(1, "run", end=1.0), span(2, "run"))
    assert t.ends("run") == [1.0, 2.0]
    assert [each.id for each in t.some("run")] == [1, 2]


def test_nothing_of_a_kind_fails_the_subject() -> None:
    t = trace(span(0, "main"))
    for read in (t.some, t.ends):
        with pytest.raises(CheckFailed, match="run: never happened"):
            read("run")


def test_what_never_ended_fails_the_subject() -> None:
    with pytest.raises(CheckFailed, match="never ended"):
        trace(span(0, "main"), span(1, "run", how="open", end=None)).ends("run")


@pytest.mark.parametrize(
    ("how", "error", "passes"),
    [
        ("cancelled", None, True),
        ("raised", {"error": "ExceptionGroup", "leaves": [{"error": "Cancelled"}, {"error": "CancelledError"}]}, True),
        ("raised", {"error": "ExceptionGroup", "leaves": [{"error": "Cancelled"}, {"error": "ValueError"}]}, False),
        ("raised", {"error": "ValueError"}, False),
        ("returned", None, False),
    ],
)
def test_a_call_that_ended_by_the_cancellation(how: str, error: Any, passes: bool) -> None:
    t = trace({**span(0, "main", how=how), "error": error})
    assert t.call.is_cancelled is passes
    if passes:
        t.expect_cancelled()
        return
    for read in (t.expect_cancelled, lambda: t.expect_cancelled(t.call)):
        with pytest.raises(CheckFailed, match="cancelled from outside: main "):
            read()


def test_jobs_that_must_begin() -> None:
    t = trace(span(0, "main"), {**span(1, "run"), "who": "a"}, {**span(2, "call"), "who": "b"})
    t.expect_begun("a")
    t.expect_begun("b", what="call")
    with pytest.raises(CheckFailed, match="b and c: never started"):
        t.expect_begun("a", "b", "c")


def test_jobs_that_must_have_ended_when_the_call_does() -> None:
    job = {**span(1, "run"), "who": "a", "order": [1, 2]}
    call = {**span(0, "main"), "order": [0, 3]}
    trace(call, job).expect_all_ended()
    trace(call, {**job, "order": [1, 9]}).expect_all_ended("work")
    for late in ([1, 9], [1, None]):
        with pytest.raises(CheckFailed, match="when main ended: a had not ended"):
            trace(call, {**job, "order": late}).expect_all_ended()
    with pytest.raises(CheckFailed, match="a had not ended"):
        trace({**call, "order": [0, None]}, job).expect_all_ended()


@pytest.mark.parametrize(("value", "passes"), [(5, True), (5.04, True), (4.97, True), (5.1, False), ("5", False)])
def test_about_a_time(value: Any, passes: bool) -> None:
    assert (about(5) == value) is passes


class OnEach:
    """Answers with a run of each backend.

    Args:
        values: backend → what the call returned, or a way for the run to break off.
    """

    def __init__(self, **values: Any) -> None:
        self.values = values

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        value = self.values[request["backend"]]
        end = {"kind": value if value == "deadlock" else "done", "text": "all wait", "waiting": []}
        yield {**trace(span(0, "main", value=value)).data, "backend": request["backend"], "end": end}


@pytest.mark.parametrize(
    ("asyncio", "trio", "failed_on"),
    [
        (7, 7, None),
        (7, 8, "trio"),
        (8, 7, "asyncio"),
        (8, 8, None),
        (7, "deadlock", "trio"),
        ("deadlock", 7, "asyncio"),
    ],
)
def test_what_works_on_one_backend_must_work_on_the_other(asyncio: Any, trio: Any, failed_on: str | None) -> None:
    for backend in ("asyncio", "trio"):
        play = Play(OnEach(asyncio=asyncio, trio=trio), backend=backend)

        def portable(play: Play = play) -> Trace:
            return play.expect_portable("the value", lambda on: on(), lambda t: t.call.value, 7)

        if backend == failed_on:
            with pytest.raises(CheckFailed):
                portable()
        elif "deadlock" not in (asyncio, trio):
            assert portable().backend == backend
        else:
            portable()
        assert play.runs


def test_a_run_that_broke_off_says_so_each_time_it_is_read() -> None:
    trial = Play(OnEach(trio="deadlock"), backend="trio")()
    for _ in range(2):
        with pytest.raises(CheckFailed, match="deadlock: all wait"):
            trial.calls()


@pytest.mark.parametrize(
    ("seen", "wanted", "said"),
    [
        (["y", "o"], [], ("y, o", "none")),
        ([["a"], []], [["a"], ["b"]], ("[a], []", "[a], [b]")),
        ([], one_of(["commit"], ["rollback"]), ("none", "commit or rollback")),
        (("a",), ["a"], ("(a,)", "[a]")),
        ({"A": 70}, one_of({"A": 100, "B": 40}, {"A": 70, "B": 70}), ("A: 70", "A: 100, B: 40 or A: 70, B: 70")),
        ([3.0000000001], [near(2)], ("3 s", "2 s")),
    ],
)
def test_what_was_seen_and_wanted_as_a_person_writes_it(seen: Any, wanted: Any, said: tuple[str, str]) -> None:
    assert pair(seen, wanted, "s" if wanted == [2] else "") == said


@pytest.mark.parametrize(
    ("what", "seen", "wanted", "said"),
    [
        ("b was cancelled at", None, near(2), ("never", "2 s")),
        ("jobs start at", [0.0, None], [near(0), near(1.5)], ("0 s, never", "0 s, 1.5 s")),
        (
            "who was served, and when",
            {"a": 5.0, "b": None},
            {"a": near(5), "b": near(6)},
            ("a at 5 s, b never", "a at 5 s, b at 6 s"),
        ),
        ("when the call ended", None, near(113), ("never", "113 s")),
        ("the call took", 3.0, near(13), ("3 s", "13 s")),
        ("the list", [None, 1], [1, 2], ("None, 1", "1, 2")),
    ],
)
def test_what_happens_at_a_moment_is_a_time(what: str, seen: Any, wanted: Any, said: tuple[str, str]) -> None:
    assert pair(seen, wanted, unit_of(what)) == said


@pytest.mark.parametrize(
    ("what", "seen", "said"),
    [
        ("what leaves the block", None, "nothing"),
        ("raised by each `untrack`", [None, "E"], "nothing, E"),
        ("the list", [None, 1], "None, 1"),
        ("the call, in which a job raised after 2 s, took", None, "never"),
    ],
)
def test_what_was_raised_is_nothing_if_no_exception_was(what: str, seen: Any, said: str) -> None:
    wanted = ["E"] if isinstance(seen, list) else "E"
    assert pair(without_none(what, seen), wanted, unit_of(what))[0] == said


def test_a_long_unit_is_said_once() -> None:
    assert pair([0.0, 2.5], [near(0), near(2)], "s after the call") == (
        "0, 2.5 s after the call",
        "0, 2 s after the call",
    )


def test_a_comparison_can_name_the_part_of_the_sentence_that_it_is_about() -> None:
    with pytest.raises(CheckFailed) as failed:
        trace(span(0, "main")).expect("names", ["a"], [], part="Nothing is listed.")
    assert failed.value.part == "Nothing is listed."


def test_a_group_names_what_is_in_it_once() -> None:
    leaves = [{"error": "ValueError"}, {"error": "Fault", "token": "E"}, {"error": "ValueError"}]
    assert repr(Error({"error": "ExceptionGroup", "leaves": leaves})) == "ExceptionGroup of ValueError (2 times), E"


def test_the_line_in_which_a_run_broke_off_is_named_once() -> None:
    end = {"kind": "stuck", "text": "line 39 used 0.5 s", "waiting": [{"line": 39, "code": "while True:"}, {"line": 7}]}
    assert breaking_off(end) == ("the event loop stands still", "line 39 used 0.5 s (line 7)")


def test_a_trace_names_the_part_that_its_plan_is_about() -> None:
    named = Trace(records.record(span(0, "main", how="raised")), "Nothing is lost.")
    for part, expect in (
        ("Nothing is lost.", lambda: named.call.value),
        ("Nothing is lost.", lambda: named.expect("the list", 1, 2)),
        ("Nothing is lost.", lambda: named.expect_that("the list", False, "nothing")),
        ("None is late.", lambda: named.expect("the list", 1, 2, part="None is late.")),
    ):
        with pytest.raises(CheckFailed) as failed:
            expect()
        assert failed.value.part == part
