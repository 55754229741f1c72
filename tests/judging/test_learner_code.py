"""What reading a file tells about a line: only what is so."""

import textwrap

import pytest

from grader.judging.learner_code import LearnerCode, none_line, returns_a_value, unused_value


def code(text):
    return LearnerCode(textwrap.dedent(text).lstrip())


@pytest.mark.parametrize(
    ("line", "made", "said"),
    [
        ("job()", "", ("job()", "statement")),
        ("x = job()", "", ("job()", "value")),
        ("return self.make(job())", "job", ("job()", "part")),
        ("return Outcome(value=job.run(end))", "work", ("job.run()", "part")),
        ("group.start_soon(run(1))", "run", ("run()", "part")),
        ("await job()", "", None),
        ("await other(x)", "", None),
    ],
)
def test_the_call_without_await(line, made, said):
    found = code(f"async def f():\n    {line}\n").call_without_await(2, made)
    assert (None if found is None else (found.name, found.form)) == said


def test_a_coroutine_that_is_awaited_later_is_not_missing_its_await():
    text = "async def f():\n    coming = job()\n    async with slot:\n        await coming\n"
    assert code(text).call_without_await(2) is None


@pytest.mark.parametrize(
    "way", ["for each in kept:\n        await each", "start(one, kept)\nasync def one(each):\n    await each"]
)
def test_coroutines_in_a_list_that_are_awaited_one_by_one_are_not_missing_their_await(way):
    text = f"async def f():\n    kept = [job(x) for x in xs]\n    {way}\n"
    assert code(text).call_without_await(2) is None
    assert code("async def f():\n    return [job(x) for x in xs]\n").call_without_await(2) is not None
    assert code("async def f():\n    kept = [job(x) for x in xs]\n    return kept\n").call_without_await(2) is not None


def test_clocks_that_are_only_printed_do_not_count():
    text = "import time\nfrom time import monotonic as now\nprint(time.time())\nlog.info('%s', now())\nstart = now()\n"
    assert code(text).clocks == [(5, "time.monotonic")]


def test_the_other_backend_is_known_by_any_name():
    text = "import asyncio as aio\nfrom asyncio import wait_for as limit, TimeoutError\naio.sleep(1)\nlimit(x, 2)\nexcept_ = TimeoutError\n"
    assert code(text).uses_of("asyncio") == [(3, "asyncio.sleep"), (4, "asyncio.wait_for")]
    assert code(text).uses_of("trio") == []


def test_what_is_caught_by_name_is_expected():
    text = "try:\n    pass\nexcept (KeyError, anyio.EndOfStream):\n    pass\nexcept Exception:\n    pass\nwith suppress(ValueError):\n    pass\n"
    assert code(text).handled == {"KeyError", "EndOfStream", "ValueError"}


def test_a_function_that_returns_nothing():
    source = code(
        "def f():\n    x + 1\n\ndef g():\n    return None\n\ndef h():\n    if x:\n        return 1\n    y == 2\n\ndef k():\n    go()\n"
    )
    f, g, h, k = source.functions
    assert [returns_a_value(each) for each in (f, g, h, k)] == [False, False, True, False]
    assert [unused_value(each) for each in (f, g, h, k)] == [2, None, 10, None]
    assert [none_line(each) for each in (f, g)] == [None, 5]


def test_a_file_that_cannot_be_read_has_no_lines_to_blame():
    broken = LearnerCode("def f(:\n")
    assert (broken.functions, broken.clocks, broken.call_without_await(1)) == ([], [], None)
    assert broken.line(7) == ""


@pytest.mark.parametrize(
    ("text", "kind", "by_hand"),
    [
        ("raise ValueError(limit)", "ValueError", True),
        ("raise ExceptionGroup('bad', failed)", "TypeError", False),
        ("raise StartError(f'{name}')", "StartError", True),
        ("raise StartError(f'{name}')\nclass StartError(Exception): pass", "NameError", False),
        ("raise StartError(f'{name}')\nclass StartError(Exception): pass", "StartError", True),
        ("raise StartError(f'{name}')", "NameError", True),
        ("raise error", "KeyError", True),
        ("raise", "KeyError", True),
        ("x = kept[0]", "KeyError", False),
    ],
)
def test_a_raise_of_another_class_did_not_raise_the_exception(text, kind, by_hand):
    assert code(text).raises_at(1, kind) is by_hand


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("async def one():\n        await job()\n    group.start_soon(one)", [(4, "job")]),
        ("group.start_soon(lambda: run(job))", [(2, "job")]),
        ("async def one(job=job):\n        await job()\n    group.start_soon(one)", []),
        ("async def one(job):\n        await job()\n    group.start_soon(one, job)", []),
        ("async def one():\n        await job()\n    group.start_soon(one)\n    await sleep(1)", []),
        ("group.start_soon(run, job)", []),
    ],
)
def test_names_that_tasks_read_when_the_loop_is_over(body, found):
    assert [(line, name) for line, name, _ in code(f"for job in jobs:\n    {body}\n").late_names] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CancelScope(deadline=timeout)", [(2, "timeout", True)]),
        ("group.cancel_scope.deadline = self._timeout", [(2, "self._timeout", True)]),
        ("anyio.fail_at(finish_timeout)", [(2, "finish_timeout", True)]),
        ("anyio.move_on_after(deadline)", [(2, "deadline", False)]),
        ("sleep(job.deadline)", [(2, "job.deadline", False)]),
        ("CancelScope(deadline=deadline)", []),
        ("move_on_after(timeout)", []),
        ("CancelScope(deadline=current_time() + timeout)", []),
        ("CancelScope(shield=True)", []),
        ("self.deadline = timeout", []),
        ("timeout = current_time() + timeout; CancelScope(deadline=timeout)", []),
        ("deadline -= current_time(); move_on_after(deadline)", []),
        ("move_on_after(deadline); f(deadline - now)", []),
        ("move_on_after(deadline); start_soon(f, left)", []),
        ("move_on_after(deadline); f(self._deadline)", [(2, "deadline", False)]),
        ("end = min(deadline, current_time() + 5); move_on_after(end)", []),
        ("end = min(deadline, current_effective_deadline()); sleep(end)", [(2, "end", False)]),
        ("left = deadline - current_time(); fail_at(left)", [(2, "left", True)]),
        ("left = deadline - current_time(); fail_after(left)", []),
        ("left = deadline - margin; fail_after(left)", [(2, "left", False)]),
        ("left = deadline - now; fail_after(left)", []),
        ("fail_at(min(deadline, math.inf))", []),
        ("deadline = math.inf; fail_after(deadline)", [(2, "deadline", False)]),
        ("for end in [deadline]:\n        fail_after(end)", []),
    ],
)
def test_seconds_and_points_in_time_that_are_passed_for_each_other(text, found):
    assert code(f"async def f(deadline):\n    {text}\n").mixed_times == found
