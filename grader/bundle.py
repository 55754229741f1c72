"""What learners get.

With ``--class``: course, exercises and the engine, no hidden check, no solution. With ``--self-paced``: both inside,
because nobody keeps score.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from grader import assignment
from grader.course import Course, CourseError, Module
from grader.lab import NO_ASSIGNMENTS
from grader.pristine import STUBS

SKIP = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".*")
READ_ME = """\
# {title}

1. Python 3.11, 3.12 or 3.13: `python3 -m venv .venv && . .venv/bin/activate`
2. `pip install "{wheel}[lab]"` (without `[lab]` if you want no JupyterLab)
3. `grader lab` opens the first lesson with its exercise; or open `course/<module>/lesson.ipynb` and write in
   `exercises/<module>/`
4. `grader check <module> --watch` answers each save; `grader hint <module>`, `grader progress`
{last}
"""
HAND_IN = "5. Hand in: `grader hand-in <module>` (on Windows, or without the exchange: `--to FOLDER --as YOUR-ID`)"
ALONE = "5. All checks, the hidden ones too: `grader check --hidden <module>`"


@dataclass(frozen=True)
class Bundle:
    """What to put together.

    Args:
        course: the checkout.
        modules: which ones.
        wheel: the engine's file; built if None.
        self_paced: whether hidden checks and solutions are inside.
        hand_in: nbgrader's settings for learners; none if nobody collects.
    """

    course: Course
    modules: tuple[Module, ...]
    wheel: Path | None = None
    self_paced: bool = False
    hand_in: str = ""


def make(bundle: Bundle, folder: Path) -> Path:
    """Make a bundle in a new folder.

    Args:
        bundle: what goes in.
        folder: where; must not be there. It may be relative to the working folder, which need not be the course's.

    Returns:
        The folder.

    Raises:
        CourseError: it is there, or the wheel cannot be built.
    """
    if folder.exists():
        raise CourseError(f"{folder} is there already: name a new folder")
    folder = folder.resolve()  # the wheel is built in the checkout, which is another working folder
    draft = folder.with_name(f".{folder.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        _fill(bundle, draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _fill(bundle: Bundle, place: Path) -> None:
    root = bundle.course.root
    for path in sorted((root / "course").iterdir()):
        if path.is_file() and not path.name.startswith("."):
            (place / "course").mkdir(exist_ok=True)
            shutil.copyfile(path, place / "course" / path.name)
    for module in bundle.modules:
        _module(bundle, module, place)
    wheel = shutil.copy(bundle.wheel or built(root, place), place)
    page_config = place / "lab" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(json.dumps(NO_ASSIGNMENTS, indent=1) + "\n", "utf-8")
    if bundle.hand_in:
        (place / "nbgrader_config.py").write_text(bundle.hand_in, "utf-8")
    last = ALONE if bundle.self_paced else HAND_IN
    read_me = READ_ME.format(title="Structured concurrency with anyio", wheel=Path(wheel).name, last=last)
    (place / "README.md").write_text(read_me, "utf-8")
    shutil.rmtree(place / ".wheel", ignore_errors=True)


def _module(bundle: Bundle, module: Module, place: Path) -> None:
    """One module's files: exactly those that are known, so that nothing else slips in."""
    shutil.copytree(module.toml.parent, place / "course" / module.slug, ignore=SKIP)
    exercise = place / "exercises" / module.slug
    exercise.mkdir(parents=True)
    for path in (module.stub, module.scene, module.public_checks):
        shutil.copyfile(path, exercise / path.name)
    kept = place / STUBS / module.slug / module.stub.name  # for `grader reset`
    kept.parent.mkdir(parents=True)
    shutil.copyfile(module.stub, kept)
    if not bundle.self_paced:
        assignment.write(module, place / "exercises", assignment.full_points(module))
        return
    for path in (module.hidden_checks, module.solution):
        target = place / path.relative_to(module.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def built(root: Path, place: Path) -> Path:
    """Build the wheel of the engine.

    Raises:
        CourseError: it cannot be built.
    """
    folder = place / ".wheel"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    found = sorted(folder.glob("*.whl"))
    if found and not ended.returncode:
        return found[0]
    said = (ended.stderr.strip() or ended.stdout.strip() or "no word").splitlines()[-1]
    remedy = "pip install hatchling, or give" if "No module named" in said else "give"
    raise CourseError(f"the engine's wheel could not be built ({said}): {remedy} one with --wheel")
