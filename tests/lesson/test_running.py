"""Running lessons: one that holds, and each way in which one does not."""

import re

import pytest

from grader.lesson import cells
from grader.lesson.cells import LessonPlayer
from grader.lesson.execution import pages


@pytest.fixture
def played(changed):
    """Change the lesson and run it in this process: what is said on both backends, without the file's name."""

    def play(old, new):
        lesson, said = changed(old, new), []
        for backend in ("asyncio", "trio"):
            LessonPlayer(lesson, backend, said.append, solved=False).play()
        return [f"{each['line']}: {each['said']}" for each in said if "said" in each]

    return play


def test_a_lesson_that_holds(found):
    assert found() == []


def test_pages_with_cells_are_found(school):
    assert [path.name for path in pages(school)] == ["lesson.md", "start_here.md"]


NUMBER = "```python {#wait}\nnumber += 1\n"
WRONG = [
    ("1\n```\n```verify {#start}", "2\n```\n```verify {#start}", "cell `start` on {} printed in line 1 '1', the lesson says '2'"),
    ("print(1)", "print(1); print(2)", "cell `start` on {} printed more than the lesson says: '2'"),
    ("```output {#start}\n1\n", "```output {#start}\n1\n2\n", "cell `start` on {} printed less than the lesson says: '2' is missing"),
    ("assert number == 2", "assert number == 4", "cell `wait` on {}: its verify block does not hold: AssertionError: assert number == 4 (here 2 and 4)"),
    (NUMBER, "```python {#wait}\nraise SystemExit(3)\n", "cell `wait` on {} raised SystemExit: 3"),
    (NUMBER, "```python {#wait}\nx = absent\n", "cell `wait` on {} raised NameError: name 'absent' is not defined"),
    ("with 3:", "with open('x'):", "the block on {} must raise TypeError, but it raised FileNotFoundError"),
    ("with 3:", "if 3:", "the block on {} must raise TypeError, but nothing was raised"),
    ("        await group.start_soon(note, place)", "        group.start_soon( note, place )", "Parsons `order` on {}: the wrong line must fail, and passes: group.start_soon( note, place )"),
    ("        await group.start_soon(note, place)", "    awaits group", "Parsons `order` on {}: the wrong line is not Python in its place: it raised"),
    ('== ["begin"] * 3', "== []", "Parsons `order` on {}: the right order must pass, but it raised AssertionError"),
    ("--- instead of 3", "--- also 2 1 3\n--- instead of 3", "Parsons `order` on {}: also 2 1 3 must pass, but it raised IndentationError"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[f"{n}: {said}" for n, (_, _, said) in enumerate(WRONG)])
def test_what_does_not_hold_is_said_for_each_backend_with_its_line(played, old, new, said):
    lines = played(old, new)
    for backend in ("asyncio", "trio"):
        assert any(said.format(backend) in line for line in lines), lines


def test_the_line_is_the_one_in_the_lesson(played, school):
    first, *_ = played("assert number == 2", "\nassert (\n    number == 4\n)")
    line = int(first.split(":")[0])
    text = (school.root / "course/m01_tiny/lesson.md").read_text().splitlines()
    assert "number == 4" in "".join(text[line - 1 : line + 1])


def test_what_differs_on_one_backend_is_found_there_alone(played):
    (said,) = played("on trio\n", "on asyncio\n")
    assert "cell `broken` on trio printed in line 1 'on trio', the lesson says 'on asyncio'" in said


def test_a_later_proof_can_use_a_name_of_a_proof_and_a_cell_cannot(played):
    assert played("assert number == 1", "one = number\nassert one == 1") == []
    assert played("assert number == 2", "assert number == one + 1") == []
    said = played("```python {#wait}\nnumber += 1\n", "```python {#wait}\nnumber += one\n")
    assert [line for line in said if "cell `wait`" in line and "NameError: name 'one' is not defined" in line] == said
    assert len(said) == 2


def test_a_test_file_that_fails_is_found(found):
    (said,) = found("assert True", "assert 1 == 2")
    assert "test_tiny.py must pass in pytest, but: FAILED test_tiny.py::test_it[" in said


def test_a_test_file_imports_the_learners_file(found):
    assert found("    assert True\n", "    from tiny import later\n    assert await later(7, delay=0) == 7\n") == []


@pytest.mark.slow
def test_a_lesson_that_ends_its_interpreter_is_found_where_it_did(found):
    lines = found(NUMBER, "```python {#wait}\nimport os; os._exit(3)\n")
    assert len(lines) == 2
    assert "the lesson broke off here on asyncio" in lines[0]


def test_a_lesson_that_writes_does_not_write_into_the_course(found, school):
    before = sorted(school.root.rglob("*"))
    assert found(NUMBER, '```python {#wait}\nopen("scratch.txt", "w").close()\nnumber += 1\n') == []
    assert sorted(school.root.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize("solved", [False, True])
def test_the_learners_own_file_is_the_stub_and_then_the_reference(found, solved):
    ask = '```python {#wait}\nfrom grader.notebook.cards import mine\nnumber += 1; own = mine("m01")\n'
    proof = "assert own is not None" if solved else "assert own is None"
    lines = found(NUMBER + "```\n```verify {#wait}\n", f"{ask}```\n```verify {{#wait}}\n{proof}\n")
    # The proof holds in one of the two states only, so it is found in the other.
    assert sorted(re.findall(r" on (asyncio|trio): its verify", " ".join(lines))) == ["asyncio", "trio"]


@pytest.mark.slow
def test_in_the_reference_state_output_about_the_learners_file_is_not_compared(found):
    ask = '```python {#wait}\nfrom grader.notebook.cards import mine\nnumber += 1; own = mine("m01")\n'
    said = "Your tiny.py is not started. When it passes, run this cell again: it runs your code."
    assert found(NUMBER, f"{ask}```\n```output {{#wait}}\n{said}\n") == []


def test_a_program_that_does_not_end_has_failed(monkeypatch, changed, school):
    monkeypatch.setattr(cells, "PATIENCE", 0.2)
    lesson = changed("await group.start_soon(note, place)", "import time; time.sleep(60)")
    said = []
    player = LessonPlayer(lesson, "trio", said.append, solved=False)
    assert "did not end within" in player.apart("import time; time.sleep(60)")
    assert player.apart("x = 1") == ""
    assert player.apart("import os; os._exit(1)") == "the interpreter died"
    assert said == []
