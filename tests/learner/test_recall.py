"""Predictions are kept, those that did not come true are asked again, and so are the questions of finished modules."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from grader.cli import main
from grader.course import Course
from grader.learner import progress, recall
from grader.learner.progress import reach, read
from grader.learner.recall import answer, due, due_line, note_prediction
from grader.notebook import predict, predictions

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
LESSON = """\
# Tiny

**Predict:** how long does it take?

```python {#first}
print(1)
```

<details><summary>Answer</summary>

One second.

</details>

More. **Predict:** and this?

```python {#second}
print(2)
```

<details><summary>Answer</summary>

Two.

</details>
"""
HINTS = "# Hints\n\n## Hint 1\n\na\n\n## Hint 2\n\nb\n\n## Hint 3\n\nc\n\n## Question\n\nWhy?\n\n<details><summary>Answer</summary>\n\nBecause.\n\n</details>\n"


def after(days):
    return START + timedelta(days=days, minutes=1)


@pytest.fixture
def course(tiny, monkeypatch):
    folder = tiny.root / "course/m01_tiny"
    (folder / "lesson.md").write_text(LESSON)
    (folder / "hints.md").write_text(HINTS)
    monkeypatch.chdir(folder)
    return Course(tiny.root)


def test_a_prediction_is_kept_beside_the_rest(course):
    reach(course.root, "m01_tiny", "started", now=START)
    assert note_prediction(course.root, "m01_tiny", "first", "one second", now=START) == ""
    assert note_prediction(course.root, "m01_tiny", "first", "", came_true=True, now=START) == ""
    reach(course.root, "m01_tiny", "core", now=START)
    known = read(course.root)
    assert (known.recalls["m01_tiny/first"].said, known.recalls["m01_tiny/first"].came_true) == ("one second", True)
    assert known.of("m01_tiny").stage == "core"


def test_one_that_did_not_come_true_is_asked_after_1_3_7_and_21_days(course):
    note_prediction(course.root, "m01_tiny", "second", "three", came_true=False, now=START)
    note_prediction(course.root, "m01_tiny", "first", "one", came_true=True, now=START)
    assert due(course, now=after(0)) == []
    day = 0
    for days in recall.DAYS:
        assert due(course, now=after(day + days - 1)) == []
        day += days
        (asked,) = due(course, now=after(day))
        assert (asked.question, asked.answer, asked.said) == ("and this?", "Two.", "three")
        answer(course.root, asked.key, known=True, now=after(day))
    assert due(course, now=after(1000)) == []


def test_one_that_is_not_answered_begins_again(course):
    note_prediction(course.root, "m01_tiny", "second", "three", came_true=False, now=START)
    answer(course.root, "m01_tiny/second", known=True, now=START)
    answer(course.root, "m01_tiny/second", known=False, now=START)
    assert [each.key for each in due(course, now=after(1))] == ["m01_tiny/second"]


def test_a_finished_module_asks_its_question_the_day_after(course):
    reach(course.root, "m01_tiny", "core", now=START)
    assert due(course, now=after(0)) == []
    (asked,) = due(course, now=after(1))
    assert (asked.key, asked.question, asked.answer) == ("m01_tiny/question", "Why?", "Because.")
    answer(course.root, asked.key, known=True, now=after(1))
    assert due(course, now=after(3)) == []
    assert len(due(course, now=after(4))) == 1


@pytest.mark.parametrize("entry", ["text", {"said": 1}, {"came_true": "yes"}, {"step": -1}, {"due": None}])
def test_what_does_not_fit_is_put_aside(course, entry):
    plain = {"format": 1, "modules": {}, "recalls": {"m01_tiny/first": entry}}
    (course.root / progress.NAME).write_text(json.dumps(plain))
    assert "is kept as" in note_prediction(course.root, "m01_tiny", "first", "one")
    assert read(course.root).recalls["m01_tiny/first"].said == "one"


def test_a_cell_notes_the_prediction_then_the_outcome(course, capsys):
    predict("first", "")
    assert 'write what you expect: predict("first", "…")' in capsys.readouterr().out
    predict("first", "one second")
    assert "Noted. Run the next cell" in capsys.readouterr().out
    predict("first", "one second", True)
    predict("second", "three", False)
    assert "`grader review` asks it again" in capsys.readouterr().out
    predictions()
    assert "2 predictions: 2 made, 1 came true, 1 did not." in capsys.readouterr().out


def test_a_prediction_that_the_lesson_does_not_ask_for(course, capsys):
    predict("third", "x")
    assert "no prediction 'third' in lesson.md" in capsys.readouterr().out
    assert read(course.root).recalls == {}


def test_review_asks_in_a_terminal(course, capsys, monkeypatch):
    note_prediction(course.root, "m01_tiny", "second", "three", came_true=False, now=START)
    assert due_line(course) == "1 question to review: grader review"
    assert main(["--root", str(course.root), "review"]) == 0
    assert "1 due: run `grader review` in a terminal." in capsys.readouterr().out
    given = iter(["two", True])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(given))
    monkeypatch.setattr("click.confirm", lambda *_, **__: next(given))
    assert main(["--root", str(course.root), "review"]) == 0
    said = capsys.readouterr().out
    assert all(words in said for words in ("and this?", "Two.", "The first time you said: three", "That is all"))
    assert due_line(course) == ""
    assert main(["--root", str(course.root), "review"]) == 0
    assert "Nothing is due" in capsys.readouterr().out
