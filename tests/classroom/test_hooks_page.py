"""`docs/nbgrader_hooks.md` names all that we put in the place of nbgrader's, and what it names is there."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from grader import classroom
from grader.classroom import config, hand_in, new_class
from grader.classroom.class_toml import read

PAGE = (Path(__file__).parents[2] / "docs/nbgrader_hooks.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
CLASSES = {row[0].strip("`"): row[1:3] for row in ROWS if re.fullmatch(r"`\w+\.py`", row[1])}
OURS = [importlib.import_module(f"grader.classroom.{each.name}") for each in pkgutil.iter_modules(classroom.__path__)]


def subclasses_of_nbgraders():
    """Each class in `grader.classroom` that is derived from one of nbgrader's, with the module that it is in."""
    for module in OURS:
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and any(
                base.__module__.startswith("nbgrader.") for base in cls.__mro__
            ):
                yield name, module


def settings_in(made):
    """``Section.name`` → value, of a config of traitlets."""
    return {f"{section}.{name}": value for section, values in made.items() for name, value in values.items()}


@pytest.fixture
def made(tmp_path, tiny):
    """What is set for an instructor and for a learner."""
    new_class.create(tmp_path / "class", "spring", tiny, ["m01_tiny"])
    theirs = hand_in.settings_of("spring", str(tmp_path), "exercises")
    return {**settings_in(theirs), **settings_in(config.settings_of(read(tmp_path / "class")))}


def test_each_class_of_ours_is_on_the_page_with_its_file():
    found = {name: module for name, module in subclasses_of_nbgraders() if name != "Hook"}
    assert set(CLASSES) == set(found)
    for name, (file, _) in CLASSES.items():
        assert file.strip("`") == Path(found[name].__file__).name
    assert "`Hook`" in PAGE


def test_each_class_is_set_where_the_page_says(made):
    for name, (_, setting) in CLASSES.items():
        value = made[setting.strip("`")]
        assert name in [each.__name__ for each in (value if isinstance(value, list) else [value])]


def test_each_setting_is_on_the_page(made):
    assert set(re.findall(r"`([A-Z]\w+\.[a-z_]+)`", PAGE)) == set(made)


def test_each_function_that_the_page_names_is_there():
    for module, function in re.findall(r"`(recording|dates)\.(?!py`)(\w+)`", PAGE):
        assert inspect.isfunction(getattr(importlib.import_module(f"grader.classroom.{module}"), function))
