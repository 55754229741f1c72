"""`hint`, `solution` and `reset` in a cell do what the terminal's commands do."""

import pytest

from grader.course import CourseError
from grader.learner import stub_reset
from grader.learner.progress import read
from grader.notebook import hint, reset, solution

HINTS = """# Hints

## Hint 1

General.

### no-wait

You need not wait?

## Hint 2

Two.

## Hint 3

Three.

## Question

Why?

<details><summary>Answer</summary>Because.</details>
"""


@pytest.fixture
def module(tiny, monkeypatch):
    found = tiny.module("m01")
    found.toml.with_name("hints.md").write_text(HINTS, encoding="utf-8")
    monkeypatch.chdir(found.root)
    return found


def test_the_first_hint_begins_with_the_belief_and_each_is_counted(module, texts):
    module.stub.write_text(texts["right"].replace("return value", "return [value]"), encoding="utf-8")
    assert str(hint("m01")) == "**Hint 1 of 3**\n\nYou need not wait?\n\nGeneral."
    assert str(hint("m01")) == "**Hint 2 of 3**\n\nTwo."
    assert str(hint("m01", again=True)) == "**Hint 2 of 3**\n\nTwo."
    assert read(module.root).of(module.slug).hints == 2
    hint("m01")
    assert "All 3 hints are open" in str(hint("m01"))


def test_again_before_any_hint(module):
    with pytest.raises(CourseError, match="no hint of m01_tiny is open yet"):
        hint("m01", again=True)


def test_a_solution_opens_after_a_pass(module, texts):
    module.stub.write_text(texts["right"], encoding="utf-8")
    assert f"```python\n{module.solution.read_text(encoding='utf-8').rstrip()}\n```" in str(solution("m01"))


def test_a_solution_opens_after_three_hints_and_an_answer(module, texts):
    module.stub.write_text(texts["no_value"], encoding="utf-8")
    assert "not open yet" in str(solution("m01"))
    for _ in range(3):
        hint("m01")
    assert str(solution("m01")).startswith("Why?")
    assert "```python" in str(solution("m01", answer="because"))
    assert "seen" in read(module.root).of(module.slug).when


def test_reset_puts_the_stub_back(module, texts, monkeypatch):
    # The tiny course has no untouched copy of its stub.
    monkeypatch.setattr(stub_reset, "untouched_stub", lambda _: texts["stub"].encode())
    module.stub.write_text(texts["right"], encoding="utf-8")
    assert "is the stub again; yours is kept as" in str(reset("m01"))
    assert module.stub.read_text(encoding="utf-8") == texts["stub"]
