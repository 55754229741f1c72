"""The pictures of the README: each is there, light and dark, loads nothing, and is made by the command that says so."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from grader.authoring.front import LOOKS, terminal
from grader.cli import main
from grader.course import Course

NAMES = [f"{name}-{look.name}.svg" for name in ("timeline", "check", "grade") for look in LOOKS]


def words(path: Path) -> str:
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    return " ".join("".join(node.itertext()).replace("\xa0", " ") for node in root.iter() if node.tag.endswith("text"))


def test_the_readme_shows_pictures_that_are_there(checkout):
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r'(?:src|srcset)="docs/pictures/([^"]+)"', readme)
    assert sorted(shown) == sorted(NAMES)
    assert sorted(path.name for path in (checkout / "docs/pictures").iterdir()) == sorted(NAMES)


def test_the_readme_does_not_boast(checkout):
    said = [
        int(number) for number in re.findall(r"more than (\d+)", (checkout / "README.md").read_text(encoding="utf-8"))
    ]
    course = Course(checkout)
    checks = sum(path.read_text(encoding="utf-8").count("\n@check(") for path in checkout.glob("grader/hidden/*/*.py"))
    wrong, right = (sum(len(getattr(module, name)) for module in course.modules()) for name in ("wrong", "right"))
    assert len(said) == 3
    assert all(number < there for number, there in zip(said, (checks, wrong, right), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_loads_nothing(checkout, name):
    text = (checkout / "docs/pictures" / name).read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"'\s)]+", text) == ["http://www.w3.org/2000/svg"]
    assert not any(word in text for word in ("<script", "@font-face", "/tmp", "var(--"))
    assert words(checkout / "docs/pictures" / name)


def test_a_terminal_shows_command_and_output():
    svg = terminal("grader check m01", "\x1b[32m✓ passed\x1b[0m\nall of it", DEFAULT_TERMINAL_THEME)
    assert all(said in svg.replace("&#160;", " ") for said in ("$ grader check m01", "✓ passed", "all of it"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_makes_them(checkout, tmp_path):
    assert main(["--root", str(checkout), "build", "--pictures", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert "in a circle" in words(tmp_path / "timeline-dark.svg")
    assert "The list is in the order of the jobs" in words(tmp_path / "check-light.svg")
    assert all(name in words(tmp_path / "grade-light.svg") for name in ("ada", "ben", "cleo", "dan"))
