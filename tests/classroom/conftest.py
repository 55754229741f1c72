"""A school: the tiny course, and a class whose assignment is released; each test has its own copy."""

import importlib.util
import os
import shutil
import time
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from grader.classroom import class_toml, new_class
from grader.classroom.desk import Desk
from grader.judging import pool

SLUG = "m01_tiny"
LATER = "2026-11-01 10:00:00.000000 UTC"


def tiny_course():
    """The course that the tests of judging use."""
    path = Path(__file__).parent.parent / "conftest.py"
    spec = importlib.util.spec_from_file_location("judging_conftest", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TINY = tiny_course()


class Inline(Executor):
    """Grades at once in this process, as a new process would: with the checks that are there now."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        future.set_result(function(*args, **kwargs))
        return future


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(pool, "local_executor", lambda jobs=None: Inline())


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A school as it is after `grader class release`."""
    root = tmp_path_factory.mktemp("school")
    course = TINY.make_tiny(root / "course")
    settings = new_class.create(root / "class", "spring", course, [SLUG])
    toml = root / "class" / "class.toml"
    toml.write_text("unsafe_no_sandbox = true\n" + toml.read_text())
    Desk(class_toml.read(settings.folder)).release()
    return root


class School:
    """A class to work with.

    Args:
        root: holds ``course`` and ``class``.
    """

    def __init__(self, root):
        self.root = root
        self.class_ = root / "class"
        self.course = root / "course"

    @property
    def desk(self):
        return Desk(class_toml.read(self.class_))

    @property
    def settings(self):
        return class_toml.read(self.class_)

    def set(self, text):
        """Add lines to the front of class.toml, or in its module's table if they begin with a key of one."""
        toml = self.class_ / "class.toml"
        old = toml.read_text()
        first = text.split("=")[0].strip()
        if first in ("due", "solutions", "weight", "core_only"):
            old = old.replace(f"[modules.{SLUG}]\n", f"[modules.{SLUG}]\n{text}\n")
        elif text.startswith("["):
            old = f"{old}\n{text}\n"
        else:
            old = f"{text}\n{old}"
        toml.write_text(old)

    def hand_in(self, learner, text=TINY.RIGHT, *, when=LATER, slug=SLUG, secret="s" * 32):
        """Put a submission on the exchange as nbgrader does; return its folder."""
        inbound = self.class_ / "exchange" / "spring" / "inbound"
        place = inbound / f"{learner}+{slug}+{when}+{os.urandom(4).hex()}"
        place.mkdir()
        if text is not None:
            (place / "tiny.py").write_bytes(text.encode() if isinstance(text, str) else text)
        (place / "timestamp.txt").write_text(when)
        (place / "submission_secret.txt").write_text(learner.ljust(32, "x") if secret == "s" * 32 else secret)
        return place

    def score(self, **options):
        """Collect and autograde."""
        desk = self.desk
        desk.collect()
        return desk.autograde(**options)

    def line(self, learner):
        """A learner's line of the table."""
        with self.desk.book() as book:
            from grader.classroom import table

            return next(line for line in table.lines(book, self.settings) if line.learner == learner)

    def grade(self, learner, aspect, **values):
        """Set what an instructor sets in formgrader; return the grade as it was."""
        with self.desk.book() as book:
            grade = book.find_grade(aspect, SLUG, SLUG, learner)
            before = grade.to_dict()
            for name, value in values.items():
                setattr(grade, name, value)
            book.db.commit()
            return before

    def page(self, learner):
        return (self.class_ / "feedback" / learner / SLUG / f"{SLUG}.html").read_text()

    def checks(self, change):
        """Change the hidden checks by a function of their text."""
        path = self.course / "grader" / "hidden" / SLUG / "test_tiny.py"
        path.write_text(change(path.read_text()))

    def toml(self, change):
        path = self.course / "course" / SLUG / "module.toml"
        path.write_text(change(path.read_text()))


@pytest.fixture
def school(released, tmp_path):
    """A school of one's own."""
    shutil.copytree(released, tmp_path / "school", symlinks=True)
    return School(tmp_path / "school")


@pytest.fixture
def texts():
    """Files for the tiny module by name: right, and wrong ones."""
    return {"right": TINY.RIGHT, "stub": TINY.STUB, **{name: text for name, (_, _, text) in TINY.WRONG.items()}}


@pytest.fixture
def now():
    return time.time()
