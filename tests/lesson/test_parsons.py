"""Parsons problems as a learner meets them."""

import re

import pytest

from grader.lesson.parts import Distractor, Puzzle
from grader.lesson.puzzles import judge_answer, lines_by_letter
from grader.lesson.source import read
from grader.notebook.parsons import parsons

PUZZLE = Puzzle(
    "order",
    1,
    ("one", "two", "three"),
    (Distractor("tow", 9, 2, "it is misspelt"),),
    also=((1, 3, 2),),
)


@pytest.fixture
def letters():
    return {line: letter for letter, line in lines_by_letter(PUZZLE, "m01").items()}


def word(letters, *lines):
    return " ".join(letters[line] for line in lines)


def test_the_shuffle_is_fixed_and_no_answer_by_itself():
    assert lines_by_letter(PUZZLE, "m01") == lines_by_letter(PUZZLE, "m01")
    for number in range(50):
        known = list(lines_by_letter(PUZZLE, f"m{number}").values())
        assert sorted(known) == sorted(["one", "two", "three", "tow"])
        assert known[:3] not in PUZZLE.orders


def test_every_right_order_is_right(letters):
    for order in (("one", "two", "three"), ("one", "three", "two")):
        answer = judge_answer(PUZZLE, "m01", word(letters, *order))
        assert (answer.right, answer.text) == (True, "Right: all 3 lines are in place.")


def test_letters_may_be_written_in_any_way(letters):
    answer = word(letters, "one", "two", "three")
    for written in (answer.lower(), answer.replace(" ", ""), answer.replace(" ", ", ")):
        assert judge_answer(PUZZLE, "m01", written).right


SAID = [
    (("one",), "1 of 3 lines are right so far."),
    (("one", "three"), "2 of 3 lines are right so far."),
    (("two",), "The first line is not right yet. Line {two} does not come here."),
    (("one", "tow", "three"), "1 of 3 lines are right so far. Line {tow} belongs nowhere: it is misspelt."),
    (("one", "two", "three", "tow"), "All 3 lines are in place, but line {tow} is too many."),
    (("one", "one"), "Line {one} is in it twice: each line is used once at most."),
]


@pytest.mark.parametrize(("lines", "said"), SAID)
def test_what_is_said_about_an_answer(letters, lines, said):
    answer = judge_answer(PUZZLE, "m01", word(letters, *lines))
    assert answer.text == said.format(**letters)
    assert not answer.right


def test_a_strange_letter(letters):
    assert judge_answer(PUZZLE, "m01", "Z").text == "There is no line Z: the letters are A to D."


def test_equal_lines_may_change_places():
    twice = Puzzle("order", 1, ("with a:", "    step()", "    step()", "end"))
    known = lines_by_letter(twice, "m01")
    first, *steps, last = [letter for line in twice.lines for letter, text in known.items() if text == line]
    steps = sorted(set(steps))
    assert judge_answer(twice, "m01", first + steps[0] + steps[1] + last).right
    assert judge_answer(twice, "m01", first + steps[1] + steps[0] + last).right


def test_in_a_notebook(school, monkeypatch, capsys):
    monkeypatch.chdir(school.root / "course/m01_tiny")
    parsons("order", "")
    shown = capsys.readouterr().out
    assert "1 of them is wrong and not needed" in shown
    assert len(re.findall(r"^  [A-D]  ", shown, re.MULTILINE)) == 4
    assert 'Type the letters: parsons("order", "B A …")' in shown
    known = lines_by_letter(read(school.root / "course/m01_tiny/lesson.md").puzzles["order"], "m01_tiny")
    by_line = {line: letter for letter, line in known.items()}
    group = by_line["async with anyio.create_task_group() as group:"]
    parsons("order", group + by_line["    for place in range(3):"])
    assert capsys.readouterr().out.startswith("2 of 3 lines are right so far.\n\n  async with anyio")


def test_the_lesson_may_be_named(school, capsys):
    parsons("order", "", lesson=school.root / "course/m01_tiny/lesson.md")
    assert "Put these lines in order" in capsys.readouterr().out


def test_a_problem_that_is_not_there_is_one_line(school, monkeypatch, capsys):
    monkeypatch.chdir(school.root)
    parsons("order", "")
    said = capsys.readouterr().out
    assert said.startswith("no problem 'order' in lesson.md in ")
    assert said.count("\n") == 1
