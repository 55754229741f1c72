"""How long a core takes: the formula, that the lesson and module.toml agree with it, and that it is not too long."""

import pytest

from grader.course import Course
from grader.lesson import minutes
from grader.lesson.minutes import core_minutes, own_lines
from grader.lesson.shape import shape_faults
from grader.lesson.source import read


@pytest.fixture
def module(school):
    """The module after a change of its files."""

    def changed_module(old="", new="", file="course/m01_tiny/module.toml"):
        path = school.root / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        return school.module("m01")

    return changed_module


def test_what_is_read_run_and_written_adds_up(changed, module):
    before = core_minutes(changed("", ""), module())
    words = "one word more " * 60
    assert core_minutes(changed("## The exercise\n", f"## The exercise\n\n{words}\n"), module()) == pytest.approx(
        before + 1
    )
    cell = "```python {#ten}\n" + "number = 1\n" * 10 + "```\n"
    assert core_minutes(changed("## Explain and compare\n", f"## Explain and compare\n\n{cell}"), module()) == (
        pytest.approx(before + 1 + 0.5 + 0.25, abs=0.05)
    )


def test_what_comes_after_the_core_takes_no_time_of_it(changed, module):
    before = core_minutes(changed("", ""), module())
    assert core_minutes(changed("## Bug clinic\n", "## Bug clinic\n\n" + "word " * 900 + "\n"), module()) == before


def test_own_lines_are_those_that_the_stub_has_not(module, school):
    solution = "solutions/m01_tiny/tiny.py"
    before = own_lines(module())
    longer = (
        school.root / solution
    ).read_text() + '\n\ndef more():\n    """Say more."""\n    # and more\n    return 1\n'
    (school.root / solution).write_text(longer)
    assert own_lines(module()) == before + 2
    half = module("core = 100, stretch = 0", "core = 50, stretch = 50")
    assert own_lines(half) == (before + 2) / 2


def test_own_lines_of_a_core_alone_are_all_that_it_has_and_the_stub_has_not(module, school):
    half = module("core = 100, stretch = 0", "core = 50, stretch = 50")
    core = half.solution.read_text() + "\n\ndef more():\n    return 1\n"
    before = own_lines(half)
    half.core_solution.write_text(core)
    assert own_lines(half) == 2 * before + 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("core_minutes = 14", "core_minutes = 20", "core_minutes = 20, and the formula gives 1"),
        ("core_minutes = 14", "core_minutes = 13", "the line after the title says `· core 13 minutes ·`"),
    ],
)
def test_what_does_not_agree_is_said(changed, module, old, new, said):
    found = [str(wrong) for wrong in shape_faults(changed("", ""), module(old, new))]
    assert any(said in line for line in found), found


def test_a_core_with_more_lines_than_the_minutes_allow_is_said(changed, module):
    tiny = module()
    tiny.core_solution.write_text(tiny.solution.read_text() + "".join(f"\nvalue{n} = {n}" for n in range(100)))
    found = [str(wrong) for wrong in shape_faults(changed("", ""), tiny)]
    assert any("core_minutes = 14, and the formula gives" in line for line in found), found


def test_a_core_that_is_too_long_is_said(changed, module, monkeypatch):
    monkeypatch.setitem(minutes.LONGEST, "beginner", 13)
    found = [str(wrong) for wrong in shape_faults(changed("", ""), module())]
    (line,) = [line for line in found if "takes at most" in line]
    assert "core_minutes = 14: the core of a beginner module takes at most 13" in line


def test_a_core_that_only_the_formula_finds_too_long_is_said(changed, module, monkeypatch):
    lesson, tiny = changed("", ""), module()
    monkeypatch.setitem(minutes.LONGEST, "beginner", 14)
    words = "word " * round(180 * (14.2 - core_minutes(lesson, tiny)))
    longer = changed("## The exercise\n", f"## The exercise\n\n{words}\n")
    found = [str(wrong) for wrong in shape_faults(longer, tiny)]
    (line,) = [line for line in found if "takes at most" in line]
    assert "the formula gives 14.2 minutes: cut the core, that of a beginner module takes at most 14" in line
    monkeypatch.setitem(minutes.LONGEST, "beginner", 15)
    assert not any("takes at most" in str(wrong) for wrong in shape_faults(longer, tiny))


def test_every_core_is_one_sitting():
    course = Course.find()
    for module in course:
        lesson = read(module.toml.with_name("lesson.md"), course.root)
        assert core_minutes(lesson, module) <= (35 if module.level == "beginner" else 45), module.slug
