"""The page of paths: made from what the modules say, in an order in which nothing comes before what it needs."""

import pytest

from grader.course import Course, CourseError
from grader.lesson.paths import PAGE, PLACE, page, ways

PATH = """\
[[path]]
title = "First things"
outcome = "You get by."
order = [{order}]

[[path.quiz]]
question = "Why?"
answer = "Because."
"""


@pytest.fixture
def course(tmp_path):
    (tmp_path / "exercises").mkdir()
    for slug, requires in [("m01_tiny", "[]"), ("m02_small", '["m01_tiny"]')]:
        folder = tmp_path / "course" / slug
        folder.mkdir(parents=True)
        (folder / "module.toml").write_text(
            f'title = "{slug}"\nlevel = "beginner"\nminutes = [1, 2]\ncore_minutes = 1\npaths = [1]\n'
            f'outcome = "You can."\nrequires = {requires}\nfile = "{slug[4:]}"\n[names]\nx = "async"\n'
            '[clauses]\nR1 = { aspect = "result", core = 100 }\n'
        )
    return Course(tmp_path)


def order(course, *slugs):
    (course.root / PLACE).write_text(PATH.format(order=", ".join(f'"{slug}"' for slug in slugs)))


def test_a_module_that_the_order_does_not_name_is_further(course):
    order(course, "m01_tiny")
    text = page(course)
    assert "| 1 | [m01 m01_tiny](m01_tiny/lesson.md) |" in text
    assert "| further | [m02 m02_small](m02_small/lesson.md) |" in text
    assert "m01 --> m02" in text
    assert "**1.** Why?" in text


def test_a_path_says_the_sum_of_its_cores_and_what_it_needs_from_outside(course):
    for slug, minutes in (("m01_tiny", 61), ("m02_small", 31)):
        toml = course.root / "course" / slug / "module.toml"
        toml.write_text(toml.read_text().replace("core_minutes = 1", f"core_minutes = {minutes}"))
    order(course, "m01_tiny")
    assert "The numbered cores take 1 h, with the further ones 1 h 30 min." in page(course)
    assert "Before" not in page(course)
    toml = course.root / "course/m01_tiny/module.toml"
    toml.write_text(toml.read_text().replace("paths = [1]", "paths = [2]"))
    order(course, "m02_small")
    assert "The numbered cores take 30 min. " in page(course)
    assert "**Before this path:** m01." in page(course)


@pytest.mark.parametrize(
    ("slugs", "said"),
    [
        (("m02_small", "m01_tiny"), "m02_small/module.toml: requires: m01_tiny comes after it"),
        (("m02_small",), "m02_small/module.toml: requires: m01_tiny comes after it"),
        (("m03_none",), "m03_none is not a module of this path"),
    ],
)
def test_an_order_that_cannot_be_is_told_in_one_line(course, slugs, said):
    order(course, *slugs)
    with pytest.raises(CourseError, match=said) as caught:
        page(course)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[[path]]\ntitle = 1", "path = [", '[[path]]\nquiz = [1]\ntitle = ""\noutcome = ""'])
def test_a_file_that_is_wrong_is_told_in_one_line(course, text):
    (course.root / PLACE).write_text(text)
    with pytest.raises(CourseError, match=r"course/course\.toml") as caught:
        ways(course)
    assert "\n" not in str(caught.value)


def test_a_course_without_paths_needs_no_file(course):
    assert ways(course) == []


def test_the_page_of_this_course_is_the_one_that_would_be_built(checkout):
    course = Course(checkout)
    assert (checkout / PAGE).read_text(encoding="utf-8") == page(course)
    assert [len(way.quiz) for way in ways(course)] == [3, 3, 3]
