"""Slips that a line shows by itself are named where the run went through it, and nothing honest is."""

import pytest

from grader.judging.learner_code import LearnerCode
from grader.judging.run_evidence import FailingRun
from grader.judging.slips import not_called, not_raised, out_of_next


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("self.give_back", "Line 2 names `self.give_back` and does not call it: `()` is missing"),
        ("stop.set", "Line 2 names `stop.set` and does not call it: `()` is missing"),
        ("helper", "Line 2 names `helper` and does not call it: `()` is missing"),
        ("self.level", None),  # a property may do something when it is read
        ("self.unknown", None),
        ("self.kept.give_back", None),  # of another object, which may have an attribute of that name
        ("self.give_back()", None),
        ("set", None),
        ("'a text'", None),
        ("...", None),
    ],
)
@pytest.mark.parametrize("ran", [True, False])
def test_a_method_that_is_named_and_not_called(statement, text, ran):
    rest = "def give_back(self): pass\n@property\ndef level(self): return 1\ndef helper(): pass\n"
    code = LearnerCode(f"def main(self):\n    {statement}\n{rest}")
    run = FailingRun({"probes": {"observed": {"lines": [[2, 1]] if ran else []}}}, code)
    assert [clue.text for clue in not_called(run)] == ([text] if text and ran else [])


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("ValueError('limit')", "Line 2 makes a `ValueError` and does not raise it: `raise` is missing"),
        ("raise ValueError('limit')", None),
        ("error = ValueError('limit')", None),
        ("print('limit')", None),
        ("self.ValueError('limit')", None),
    ],
)
@pytest.mark.parametrize("ran", [True, False])
def test_an_exception_that_is_made_and_not_raised(statement, text, ran):
    run = FailingRun(
        {"probes": {"observed": {"lines": [[2, 1]] if ran else []}}}, LearnerCode(f"def main(self):\n    {statement}\n")
    )
    assert [clue.text for clue in not_raised(run)] == ([text] if text and ran else [])


@pytest.mark.parametrize(
    ("statement", "said", "found"),
    [
        ("x = next(source)", "coroutine raised StopIteration", True),
        ("x = next(source)", "something else", False),
        ("x = next(source, None)", "coroutine raised StopIteration", False),
        ("x = self.next(source)", "coroutine raised StopIteration", False),
    ],
)
def test_a_next_with_nothing_left(statement, said, found):
    span = {"subject": True, "line": 2, "error": {"error": "RuntimeError", "text": said}}
    run = FailingRun(
        {"spans": [span], "probes": {"observed": {"lines": [[2, 1]]}}},
        LearnerCode(f"async def f():\n    {statement}\n"),
    )
    assert [clue.line for clue in out_of_next(run)] == ([2] if found else [])
