"""Reading lessons: what is taken apart, and what is said about each way of writing one wrongly."""

import pytest

from grader.lesson.parts import Cell, Fails, LessonError, Output, Puzzle, TestFile, Text, Verify
from grader.lesson.source import read


def test_a_lesson_is_taken_apart_in_order(school):
    lesson = read(school.root / "course/m01_tiny/lesson.md", school.root)
    assert lesson.where == "course/m01_tiny/lesson.md"
    assert lesson.slug == "m01_tiny"
    assert [type(part) for part in lesson.parts[:6]] == [Text, Text, Text, Cell, Text, Cell]
    assert [cell.id for cell in lesson.cells] == ["setup", "broken", "start", "wait", "end", "order"]
    lines = lesson.path.read_text().splitlines()
    for part in lesson.parts:
        if not isinstance(part, Puzzle):
            assert lines[part.line - 1] == part.text.splitlines()[0], part
    assert {type(part) for part in lesson.parts} == {Text, Cell, Output, Verify, Puzzle, TestFile, Fails}


def test_headings_have_level_and_title(school):
    lesson = read(school.root / "course/m01_tiny/lesson.md")
    assert [(part.level, part.title) for part in lesson.headings][:4] == [
        (1, "Tiny"),
        (2, "Warm-up"),
        (2, "The broken program"),
        (2, "The lesson"),
    ]


def test_output_may_differ_between_backends(school):
    lesson = read(school.root / "course/m01_tiny/lesson.md")
    assert lesson.output("broken", "asyncio").text == "on asyncio\n"
    assert lesson.output("broken", "trio").text == "on trio\n"
    assert lesson.output("start", "trio").text == "1\n"
    assert lesson.output("wait", "trio") is None


def test_a_parsons_problem_has_lines_and_wrong_lines(school):
    puzzle = read(school.root / "course/m01_tiny/lesson.md").puzzles["order"]
    assert len(puzzle.lines) == 3
    assert puzzle.lines[2] == "        group.start_soon(note, place)"
    (wrong,) = puzzle.distractors
    assert (wrong.place, wrong.text.strip()) == (3, "await group.start_soon(note, place)")
    assert wrong.reason == "it waits for each job before the next one starts"


def test_other_fences_stay_as_they_are(parsed):
    text = "# A\n\n```python\nprint(1)\n```\n\n```console\n$ ls {#x}\n```\n\n- ```python\n  a\n  ```"
    (part,) = parsed(text).parts
    assert part.text == text


PARSONS = "```parsons {#o}\na\nb\n%s```\n```verify {#o}\n# <lines>\nassert a\n```\n"
WRONG = [
    ("```python {#a}\nx = 1\n```\n```python {#a}\n```\n", 4, "the id 'a' is used twice"),
    ("```python {#a}\nx = \n```\n", 2, "'a': Python cannot read this"),
    ("```python {#a\nx\n```\n", 1, "cannot read 'python {#a'"),
    ("```python {}\nx\n```\n", 1, "python needs {#name} or {file=…} or {fails=…}"),
    ("```python {#a fails=X}\nx\n```\n", 1, "python needs {#name}"),
    ("```python {#a slow}\nx\n```\n", 1, "unknown attribute 'slow' of python"),
    ("```python {#a backend=trio}\nx\n```\n", 1, "unknown attribute 'backend' of python"),
    ("```python {#a #b}\nx\n```\n", 1, "'#b': give one value to '#'"),
    ("```python {#A_}\nx\n```\n", 1, "'A_' is not an id"),
    ("```console {#a}\nx\n```\n", 1, "'console' takes no attributes"),
    ("```python {file=pattern.py}\nx\n```\n", 1, "name it such as test_pattern.py"),
    ("```output\nx\n```\n", 1, "cannot read 'output'"),
    ("```output {#a}\nx\n```\n", 1, "output 'a' does not follow the cell of that id"),
    ("```python {#b}\nx\n```\n\n```verify {#a}\nassert x\n```\n", 5, "verify 'a' does not follow"),
    ("```python {#a}\nx\n```\n```python {#b}\nx\n```\n```output {#a}\n```\n", 7, "output 'a' does not follow"),
    ("```python {#a}\nx\n```\n```output {#a}\n1\n```\n```output {#a}\n2\n```\n", 7, "a second output block"),
    ("```python {#a}\nx\n```\n```output {#a backend=trio}\n1\n```\n", 4, "say once for each backend"),
    ("```python {#a}\nx\n```\n```output {#a backend=curio}\n1\n```\n", 4, "write asyncio or trio"),
    ("```python {#a}\nx\n```\n```verify {#a}\nx = 1\n```\n", 4, "verify 'a' asserts nothing"),
    ("```python {#a}\nx\n```\n```verify {#a}\nassert\n```\n", 5, "Python cannot read this"),
    ("```python {#a}\nx\n```\n" + 2 * "```verify {#a}\nassert x\n```\n", 7, "a second verify block"),
    ("text\n\n```python {#a}\nx = 1\n", 3, "the block is not closed"),
    ("- ```python {#a}\n  x\n  ```\n", 1, "is in a list or a quotation"),
    ("<details><summary>A</summary>\n\n```python {#a}\nx\n```\n\n</details>\n", 3, "move it out of the fold"),
    ("```parsons {#o}\na\nb\n```\n", 1, "the Parsons problem 'o' has no verify block"),
    ("```parsons {#o}\na\nb\n```\n```verify {#o}\nassert a\n```\n", 5, "write one line `# <lines>`"),
    ("```parsons {#o}\na\nb\n```\n```output {#o}\na\n```\n", 5, "a Parsons problem has no output block"),
    ("```parsons {#o}\na\n```\n", 2, "has 2 to 26 lines"),
    (PARSONS % "--- instead of 3: no\nc\n", 5, "there is no line 3: the right lines are 1 to 2"),
    (PARSONS % "--- instead of 1: no\n", 4, "the wrong line is missing"),
    (PARSONS % "--- instead of 1: no\n--- also 2 1\n", 4, "the wrong line is missing"),
    (PARSONS % "--- instead of 1: no\nb\n", 5, "the wrong line is one of the right ones"),
    (PARSONS % "--- instead of 1: no\nc\nd\n", 6, "a line too many"),
    (PARSONS % "--- instead of 1 no\nc\n", 4, "write `--- instead of 3: why it is wrong`"),
    (PARSONS % "--- also 1 1\n", 2, "also 1 1: name each line once, 1 to 2"),
]


@pytest.mark.parametrize(("text", "line", "said"), WRONG, ids=[f"{n}: {said}" for n, (_, _, said) in enumerate(WRONG)])
def test_a_lesson_that_breaks_the_format_is_one_line_with_file_and_line(parsed, text, line, said):
    with pytest.raises(LessonError) as caught:
        parsed(text)
    assert str(caught.value).startswith(f"lesson.md:{line}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_lines_of_a_problem_may_be_all_that_stands_in_a_block(parsed):
    proof = "```verify {#o}\ntry:\n    f()\nfinally:\n    # <lines>\nassert x\n%s```\n"
    lines = "```parsons {#o}\na\nb\n```\n"
    assert parsed(lines + proof % "").verify("o")
    for wrong, line in (("y = \n", 11), ("y = 1\nz = (\n", 12)):
        with pytest.raises(LessonError, match=f"^lesson.md:{line}: 'o': Python cannot read this"):
            parsed(lines + proof % wrong)


def test_a_lesson_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(LessonError, match="cannot be read \\(no such file or directory\\)"):
        read(tmp_path / "lesson.md")
    (tmp_path / "lesson.md").write_bytes(b"\xff")
    with pytest.raises(LessonError, match="it is not UTF-8"):
        read(tmp_path / "lesson.md")
