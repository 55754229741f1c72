"""The shape of a lesson: a right one has no findings, each way of getting it wrong has its own."""

import pytest

from grader import cli
from grader.authoring.proof import prove
from grader.lesson.notebook_file import text_of
from grader.lesson.shape import SECTIONS, shape_faults
from grader.lesson.source import read


@pytest.fixture
def wrong(school, changed):
    """What is said about the shape of the lesson after a change; its notebook is built."""

    def change(old="", new=""):
        lesson = changed(old, new)
        lesson.notebook.write_text(text_of(lesson), encoding="utf-8")
        return [wrong.text for wrong in shape_faults(lesson, school.module("m01"))]

    return change


def test_a_lesson_in_shape(wrong):
    assert wrong() == []


ON_TRIO = "```output {#broken backend=trio}\non trio\n```\n"
OUTPUTS = f"```output {{#broken}}\non asyncio\n```\n{ON_TRIO}"
NO_DIFFERENCE = "no cell shows where the backends differ"
WRONG = [
    (
        "# Tiny\n\nBeginner · core 14",
        "# Tiny\n\nBeginner core 14",
        "the line after the title says: level · minutes · what it assumes",
    ),
    ("# Tiny\n", "Tiny is small.\n\n# Tiny\n", "begins with one `# title`"),
    ("## Bug clinic\n", "## Bugs\n", "has no section `## Bug clinic`"),
    ("## Bug clinic\n", "## More\n\n## Bug clinic\n", "`## More` is not one of them"),
    ("## Warm-up\n", "## Further\n", "has no section `## Warm-up`"),
    ("### Wait for it\n", "### Wait for it!\n", "are those of module.toml in their order: Start, Wait for it, Come"),
    ("## Further\n", "## Further\n\n### Something\n", None),
    ("**Predict:** which number?\n", "", "step 'Start' asks nothing"),
    (
        "```verify {#wait}\nassert number == 2\n```\n",
        "",
        "the answer to **Predict:** is not proved: cell `wait` has no",
    ),
    ("<details><summary>Answer</summary>3</details>", "", "the question before cell `end` has no folded Answer"),
    ("Everywhere,", "**Predict:** where?", "is not proved: no cell follows"),
    ("number += 1\n", "number += 1; run(main)\n", "cell `wait`: run(…) names no backend"),
    ("number += 1\n", "number += 1; record(main, backend='trio')\n", None),
    (ON_TRIO, "", NO_DIFFERENCE),
    (OUTPUTS, "```output {#broken}\nasyncio gives 1\ntrio gives 1\n```\n", NO_DIFFERENCE),
    (OUTPUTS, "```output {#broken}\nasyncio gives 1\n```\n", NO_DIFFERENCE),
    (OUTPUTS, "```output {#broken}\nasyncio gives 1\ntrio gives 2\n```\n", None),
]


@pytest.mark.parametrize(("old", "new", "said"), WRONG, ids=[f"{n}: {said}" for n, (_, _, said) in enumerate(WRONG)])
def test_what_is_out_of_shape_is_said(wrong, old, new, said):
    lines = wrong(old, new)
    assert any(said in line for line in lines) if said else lines == [], lines


STRETCH = """\
## The stretch

### More of it (stretch)

**Predict:** and last?

```python {#more}
number += 1
```
```verify {#more}
assert number == 4
```

<details><summary>Answer</summary>4</details>

"""


@pytest.fixture
def with_steps(school):
    """Change the steps in the module's file."""

    def change(old, new):
        toml = school.module("m01").toml
        text = toml.read_text(encoding="utf-8")
        assert old in text
        toml.write_text(text.replace(old, new), encoding="utf-8")

    return change


LAST = 'end = "Come to an end"\n'
MORE = 'more = "More of it (stretch)"\n'


def test_the_stretch_comes_after_the_exercise(wrong, with_steps):
    with_steps(LAST, LAST + MORE)
    assert wrong("## Bug clinic\n", f"{STRETCH}## Bug clinic\n") == []


def test_a_step_of_the_stretch_before_the_exercise(wrong, with_steps):
    with_steps(LAST, LAST + MORE)
    step = STRETCH.partition("\n\n")[2]
    assert wrong("## Put it in order\n", f"{step}## Put it in order\n") == [
        "has no section `## The stretch`",
        "the steps under `## The lesson` are those of module.toml in their order: Start, Wait for it, Come to an end",
        "the steps under `## The stretch` are those of module.toml in their order: More of it (stretch)",
    ]


OUT_OF_ORDER = (*SECTIONS[:3], "The stretch", *(title for title in SECTIONS[3:] if title != "The stretch"))


def test_a_stretch_before_the_exercise(wrong, with_steps):
    with_steps(LAST, LAST + MORE)
    lines = wrong("## Put it in order\n", f"{STRETCH}## Put it in order\n")
    (said,) = (line for line in lines if "core_minutes" not in line)
    assert said.startswith("the sections are Warm-up, The broken program, The lesson, Put it in order, The exercise, ")
    assert said.endswith(": they are " + ", ".join(OUT_OF_ORDER))


def test_a_stretch_without_a_step(wrong):
    (said,) = wrong("## Bug clinic\n", "## The stretch\n\nNothing.\n\n## Bug clinic\n")
    assert "`## The stretch` is not one of them" in said


def test_a_step_of_the_stretch_named_before_one_of_the_core(wrong, with_steps):
    with_steps(LAST, MORE + LAST)
    assert wrong("## Bug clinic\n", f"{STRETCH}## Bug clinic\n") == [
        "a step whose title ends with (stretch) comes after those of the core in module.toml"
    ]


def test_too_many_steps(wrong, with_steps):
    with_steps(LAST, LAST + "".join(f'more{number} = "More {number}"\n' for number in range(5)))
    assert "a lesson has 3 to 7 steps" in wrong()


def test_a_lesson_without_a_puzzle(wrong, school):
    path = school.module("m01").toml.with_name("lesson.md")
    head, _, rest = path.read_text().partition("```parsons")
    path.write_text(head + rest.partition("## The exercise")[1] + rest.partition("## The exercise")[2])
    assert [line for line in wrong() if "core_minutes" not in line] == ["has no Parsons problem"]


HINT_1 = "Think of what must happen before the value may come back: who waits for it, for how long, and what else runs meanwhile?"
HINT_2 = "Wait for as long as the caller asks you to, in a way that lets the other tasks run, and return the value afterwards."
HINTS = [
    ("## Hint 3\n", "## Third hint\n", "has the headings `## Hint 1`"),
    (HINT_2, HINT_1, "Hint 1 and Hint 2 are the same"),
    (HINT_1, "", "a text under each"),
    (HINT_1, "Think.", "Hint 1 has 1 words: write 20 to 120"),
    (HINT_1, "Think. " * 121, "Hint 1 has 121 words: write 20 to 120"),
    ("<details>", "", "the question has no folded answer"),
]


@pytest.mark.parametrize(("old", "new", "said"), HINTS, ids=[said for _, _, said in HINTS])
def test_hints_out_of_shape_are_said(wrong, school, old, new, said):
    path = school.module("m01").toml.with_name("hints.md")
    path.write_text(path.read_text().replace(old, new, 1))
    (line,) = wrong()
    assert said in line


def test_no_hints_at_all(wrong, school):
    school.module("m01").toml.with_name("hints.md").unlink()
    assert wrong() == ["m01_tiny has no hints yet: course/m01_tiny/hints.md is missing"]


def test_building_makes_what_is_stale_fresh(school, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(school.root)
    assert cli.main(["build", "--check"]) == 1
    assert capsys.readouterr().out == (
        "course/m01_tiny/lesson.md: its notebook is stale: run `grader build`\n"
        "course/start_here.md: its notebook is stale: run `grader build`\n"
    )
    assert cli.main(["build", "--to", str(tmp_path / "out")]) == 0
    assert (school.root / "course/start_here.ipynb").is_file()
    assert not (school.root / "course/glossary.ipynb").exists()
    assert (tmp_path / "out/m01_tiny/m01_tiny.ipynb").is_file()
    before = (school.root / "course/m01_tiny/lesson.ipynb").read_bytes()
    assert cli.main(["build", "m01", "--to", str(tmp_path / "out")]) == 0
    assert (school.root / "course/m01_tiny/lesson.ipynb").read_bytes() == before
    assert cli.main(["build", "--check"]) == 0


def test_a_page_of_the_whole_course_needs_no_shape(school):
    lesson = read(school.root / "course/start_here.md", school.root)
    assert [wrong.text for wrong in shape_faults(lesson)] == [
        "start_here.ipynb is not what would be built from it: run `grader build`"
    ]


@pytest.mark.slow
def test_proving_the_course_proves_its_lessons(school, changed):
    changed("assert number == 2", "assert number == 4")
    proofs = {proof.module: proof for proof in prove(school)}
    found = [str(finding.text) for finding in proofs["m01_tiny"].findings]
    assert any("cell `wait` on trio: its verify block does not hold" in text for text in found)
    assert any("lesson.ipynb is not what would be built" in text for text in found)
    assert [finding.text for finding in proofs["course/start_here.md"].findings] == [
        "start_here.ipynb is not what would be built from it: run `grader build`"
    ]


def test_a_lesson_that_cannot_be_read_is_a_finding(school, changed):
    with pytest.raises(Exception, match="used twice"):
        changed("```python {#wait}", "```python {#start}")
    (proof,) = prove(school, ["m01"])
    assert ("course/m01_tiny/lesson.md:68", "the id 'start' is used twice") in [
        (finding.where, finding.text) for finding in proof.findings
    ] or [f for f in proof.findings if "used twice" in f.text]
