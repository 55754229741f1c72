"""What the tests share: the checkout and its files, and a tiny course of one module with a class of submissions."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from grader.course import Course
from grader.sandbox import ForkServer, LinkClosed, LinkTimeout

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_OURS = {".git", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".ipynb_checkpoints"}


def pytest_collection_modifyitems(items):
    """Those that may take longest come first, as their own time limits say: one that began last would keep others waiting."""
    items.sort(key=lambda item: -max((mark.args[0] for mark in item.iter_markers("timeout")), default=0))


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return CHECKOUT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the project, relative to the checkout: what git tracks and has not deleted, else what lies there."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=False)
    if asked.returncode == 0 and asked.stdout:
        names = [Path(os.fsdecode(name)) for name in asked.stdout.split(b"\0") if name]
        return sorted(name for name in names if (CHECKOUT / name).exists())
    found = (path.relative_to(CHECKOUT) for path in CHECKOUT.rglob("*") if path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.parts))


TOML = """\
title = "Tiny"
level = "beginner"
minutes = [1, 2]
core_minutes = 1
paths = [1]
outcome = "You give a value later."
requires = []
file = "tiny"

[names]
later = "async"
Given = "class"

[clauses]
R1 = { aspect = "result", core = 61, stretch = 0 }
R2 = { aspect = "timeout", core = 15, stretch = 9 }
G3 = { aspect = "leak", core = 15, stretch = 0 }

[misconceptions]
no-wait = "nothing need be waited for"

[steps]
sleep = "Sleep"
"""
STUB = '''\
"""Give a value later."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Given:
    """Stands complete."""

    number: int = 0


async def later(value: int, *, delay: float) -> int:
    """Give `value` after `delay` seconds."""
    raise NotImplementedError
'''
HEAD = STUB.partition("async def")[0].replace("from dataclasses", "import anyio\nfrom dataclasses")
RIGHT = (
    HEAD
    + '''\
async def later(value: int, *, delay: float) -> int:
    """Give `value` after `delay` seconds."""
    await anyio.sleep(delay)
    return value
'''
)
SCENE = '''\
"""A caller who calls `later`."""


async def scene(subject, world, *, value, delay):
    async def go():
        await world.call("later", subject.later, value, delay=delay)
        await world.after()

    await world.actors({"caller": [["go"]]}, {"go": go})
'''
HIDDEN = '''\
from grader import check, near


@check("R1", misconception="no-wait", step="sleep")
def test_value(play):
    """The value comes back."""
    for t in play(value=7, delay=1).orders(4):
        t.expect("the value", t.call.value, 7)


@check("R2", misconception="no-wait", step="sleep")
def test_delay(play):
    """It comes after the delay."""
    t = play(value=7, delay=3)
    t.expect("ended at", t.call.end, near(3))


@check("R2", misconception="no-wait", step="sleep", core=False)
def test_long_delay(play):
    """It comes after a very long delay."""
    t = play(value=7, delay=1000)
    t.expect("ended at", t.call.end, near(1000))


@check("G3", misconception="no-wait", step="sleep")
def test_cancelled(play):
    """Cancelled from outside, it ends."""
    for t in play(value=7, delay=3).cancelled("caller"):
        t.expect_cancellation_passes()
'''
PUBLIC = HIDDEN.replace("orders(4)", "orders(2)")
SWALLOWS = RIGHT.replace(
    "    await anyio.sleep(delay)\n",
    "    try:\n        await anyio.sleep(delay)\n    except BaseException:\n        pass\n",
)
WRONG = {
    "no_value": ("R1", "", RIGHT.replace("return value", "return None")),
    "at_once": ("R2", "G3", RIGHT.replace("sleep(delay)", "sleep(0)")),
    "at_most_a_minute": ("R2", "", RIGHT.replace("sleep(delay)", "sleep(min(delay, 60))")),
    "swallows": ("G3", "", SWALLOWS),
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_tiny(root: Path) -> Course:
    slug = "m01_tiny"
    write(root / f"course/{slug}/module.toml", TOML)
    write(root / f"exercises/{slug}/tiny.py", STUB)
    write(root / f"exercises/{slug}/scene.py", SCENE)
    write(root / f"exercises/{slug}/test_tiny.py", PUBLIC)
    write(root / f"grader/hidden/{slug}/test_tiny.py", HIDDEN)
    write(root / f"solutions/{slug}/tiny.py", RIGHT)
    for name, (breaks, also, text) in WRONG.items():
        said = (
            f'"""Somebody thought so.\n\nBase: none\nBreaks: {breaks}\n' + (f"Also: {also}\n" if also else "") + '"""\n'
        )
        write(root / f"solutions/{slug}/wrong/{name}.py", said + text.partition('"""\n')[2])
    return Course(root)


@pytest.fixture
def tiny(tmp_path):
    """A course of one tiny module, which the test may change."""
    return make_tiny(tmp_path / "course_root")


# As root it starts without its sandbox only; and it is not to look for anything outside this machine.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")  # while it is there, its event loop keeps others from starting one
def browser():
    """The system's Chromium, driven by Playwright; what needs more time to start comes after it."""
    api = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install '.[browser]'")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield found
        found.close()


@pytest.fixture(scope="session")
def forks():
    with ForkServer(walls=False) as server:
        yield server


class Script:
    """A child that answers from a list: messages, exceptions, or "silence".

    Args:
        answers: what it says, in order.
        cpu: processor seconds it uses for each look at it.
        still: what a look at it sees, if nothing of it runs.
    """

    def __init__(self, answers, cpu=0.0, still=""):
        self.answers, self.still = list(answers), still
        self.cpu, self.used = cpu, 0.0
        self.sent, self.closed, self.output = [], False, "printed"

    def send(self, obj):
        self.sent.append(obj)

    def receive(self, deadline):
        if not self.answers:
            raise LinkClosed("exited with 0")
        if self.answers[0] == "silence":
            time.sleep(min(0.01, max(0.0, deadline - time.monotonic())))
            self.used += self.cpu
            raise LinkTimeout(self.used)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cpu_seconds(self):
        return self.used

    def standstill(self):
        return self.still

    def last_line(self, file):
        return 7 if file == "tiny.py" else None

    def close(self):
        self.closed = True


class Scripts:
    """A fork server whose children answer from scripts, one after the other."""

    level = "none"

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.given = []

    def child(self):
        self.given.append(self.scripts.pop(0))
        return self.given[-1]


@pytest.fixture
def script():
    return Script


@pytest.fixture
def scripts():
    return Scripts


@pytest.fixture(scope="session")
def texts():
    """The tiny module's files by name."""
    return {"stub": STUB, "right": RIGHT, "hidden": HIDDEN, "toml": TOML, **{n: t for n, (_, _, t) in WRONG.items()}}
