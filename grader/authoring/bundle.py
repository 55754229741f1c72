"""What learners get.

With ``--class``: course, exercises and the engine, no hidden check, no solution. With ``--self-paced``: both inside,
because nobody keeps score. Both hold, packed, the versions of a subject that learners write tests for. Neither holds a
file in the place where a learner writes in it: see `grader.learner.layout`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.classroom import assignment
from grader.classroom.aspects import worth
from grader.course import Course, CourseError, Module
from grader.course.versions import own_tests, pack_place, pack_versions, versions_of
from grader.learner import due
from grader.learner.lab import NO_ASSIGNMENTS
from grader.learner.layout import notebook_place, stub_place
from grader.lesson.notebook_file import GLOSSARY, entry, jupyter_anchor

LESSON_LINK = re.compile(
    r"\[(?P<text>[^\]]*)\]\((?P<way>(?:\.\./)?(?P<slug>m\d\d_\w+)/lesson)\.(?:md|ipynb)(?P<rest>#[^)\s]*)?\)"
)
TERM_LINK = re.compile(r"\((?:\.\./)?glossary\.md#(?P<anchor>[^)\s]+)\)")
READ_ME = """\
# {title}

{part}In a terminal, in this folder:

1. Python 3.11, 3.12 or 3.13: `python3 -m venv .venv && . .venv/bin/activate`
   (on Windows `py -m venv .venv`, then `.venv\\Scripts\\activate`)
2. `pip install "{wheel}[{extras}]"` (the only step that needs the network; without `lab` if you want no JupyterLab)
3. `grader lab` opens the start page beside your first exercise. If you use another editor, run `grader check` once: it
   puts the notebooks in `course/<module>/`, and the file that you write in into `exercises/<module>/`
4. `grader check <module> --watch` answers each save; `grader hint <module>`, `grader progress`
{last}

**Update.** Unpack a newer bundle into a folder of its own, then copy it over this one: `cp -R ../NEWER/. .` (on Windows
`xcopy /e /y ..\\NEWER .`; do not let the Mac's Finder *replace* this folder). Your files in `exercises/`, your notes and
`progress.json` are not in a bundle, so they stay. Then install the newer engine; pip skips a wheel of the same version
unless you say so:

    pip install "{wheel}[{extras}]"
    pip install --force-reinstall --no-deps "{wheel}"

The next `grader` command brings the newer lessons. A notebook that you have run or written in is kept beside the newer
one, as `lesson.mine-<date>.ipynb`.
"""
PART = """This folder has {names}, {count} of the course's {all} modules. A page about the whole course names the others without a link.

"""
NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
]
START_PAGES = (Path("course") / "start_here.md", notebook_place(Path(), Path("course") / "start_here.ipynb"))
DROP = "5. Hand in: `grader hand-in <module> --to FOLDER --as YOUR-ID`"
HAND_IN = "5. Hand in: `grader hand-in <module>` (on Windows, or without the exchange: `--to FOLDER --as YOUR-ID`)"
ALONE = "5. All checks, the hidden ones too: `grader check --hidden <module>`"


@dataclass(frozen=True)
class Bundle:
    """What to put together.

    Args:
        wheel: the engine's file; built if None.
        self_paced: whether hidden checks and solutions are inside.
        hand_in: nbgrader's settings for learners, by the folder that assignments lie in; none if nobody collects.
        dates: what `grader.learner.due` reads; none if nobody collects.
        due: slug → when it is due, for people.
        core_only: slugs of modules whose stretch clauses earn no points.
    """

    course: Course
    modules: tuple[Module, ...]
    wheel: Path | None = None
    self_paced: bool = False
    hand_in: Callable[[str], str] | None = None
    dates: Mapping[str, object] = field(default_factory=dict)
    due: Mapping[str, str] = field(default_factory=dict)
    core_only: frozenset[str] = frozenset()


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
    slugs = {module.slug for module in bundle.modules}
    for path in sorted((root / "course").iterdir()):
        if path.is_file() and not path.name.startswith("."):
            _copy(path, root, place, slugs)
    for module in bundle.modules:
        _module(bundle, module, place, slugs)
    everything = len(bundle.course.slugs)
    for page in (place / name for name in START_PAGES):
        if page.is_file():
            page.write_text(count_modules(page.read_text("utf-8"), len(slugs), everything), "utf-8")
    wheel = shutil.copy(bundle.wheel or build_wheel(root, place), place)
    page_config = place / "lab" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True)
    page_config.write_text(json.dumps(NO_ASSIGNMENTS, indent=1) + "\n", "utf-8")
    if bundle.hand_in:
        # nbgrader's Assignment List reads the first, goes to the folder that it names, and reads its settings again there.
        (place / "nbgrader_config.py").write_text(bundle.hand_in("exercises"), "utf-8")
        (place / "exercises" / "nbgrader_config.py").write_text(bundle.hand_in("."), "utf-8")
        (place / due.FILE).write_text(json.dumps(bundle.dates, indent=1) + "\n", "utf-8")
    last = ALONE if bundle.self_paced else HAND_IN if bundle.hand_in else DROP
    extras = "lab" if bundle.self_paced else "lab,class"
    title = "Structured concurrency with anyio"
    names = ", ".join(module.short for module in bundle.modules)
    part = PART.format(names=names, count=len(slugs), all=everything) if len(slugs) < everything else ""
    read_me = READ_ME.format(title=title, part=part, wheel=Path(wheel).name, extras=extras, last=last)
    (place / "README.md").write_text(read_me, "utf-8")
    shutil.rmtree(place / ".wheel", ignore_errors=True)


def _module(bundle: Bundle, module: Module, place: Path, slugs: Collection[str]) -> None:
    """One module's files: exactly those that are known, so that nothing else slips in."""
    for path in sorted(module.toml.parent.rglob("*")):
        if path.is_file() and not any(_is_litter(part) for part in path.relative_to(module.root).parts):
            _copy(path, module.root, place, slugs)
    _copy(module.scene, module.root, place)
    _copy(module.public_checks, module.root, place)
    _put(module.stub.read_bytes(), stub_place(place, module.slug, module.name))
    tests = own_tests(module)
    if tests.is_file() and (versions := versions_of(module)) is not None:
        _put(tests.read_bytes(), stub_place(place, module.slug, tests.stem))
        _put(pack_versions(versions), pack_place(place, module.slug))
    if not bundle.self_paced:
        name = Path("exercises") / module.slug / f"{module.slug}.ipynb"
        points = worth(module, core_only=module.slug in bundle.core_only)
        text = assignment.text(module, points, due=bundle.due.get(module.slug, ""))
        _put(text.encode(), notebook_place(place, name))
        return
    for path in (*module.hidden_files, module.solution):
        _copy(path, module.root, place)


def _is_litter(name: str) -> bool:
    return name == "__pycache__" or name.endswith(".pyc") or name.startswith(".")


def _copy(path: Path, root: Path, place: Path, slugs: Collection[str] = ()) -> None:
    """Copy a file of the course to where it belongs; a notebook to where `grader.learner.layout` lays it out from.

    Args:
        slugs: of the modules in the bundle, if the file may have links to lessons.
    """
    name = path.relative_to(root)
    data = path.read_bytes()
    if slugs and path.suffix in (".md", ".ipynb") and path.name != "lesson.md":
        text = link_lessons(data.decode(), slugs)
        data = (link_terms(text, path.parent / GLOSSARY) if path.suffix == ".md" else text).encode()
    _put(data, notebook_place(place, name) if path.suffix == ".ipynb" else place / name)


def link_lessons(text: str, slugs: Collection[str]) -> str:
    """A page whose links lead to the notebooks of lessons; without a link where the bundle has no such lesson.

    `lesson.md` has all answers in the open, and JupyterLab shows it without cells.

    Args:
        text: of a page or of a notebook's file.
        slugs: of the modules in the bundle.
    """

    def target(found: re.Match[str]) -> str:
        if found["slug"] not in slugs:
            return found["text"]
        return f"[{found['text']}]({found['way']}.ipynb{found['rest'] or ''})"

    return LESSON_LINK.sub(target, text)


def count_modules(text: str, here: int, everything: int) -> str:
    """A page that says how many modules the course has, in a folder that may have fewer: there it says both numbers."""
    whole = _in_words(everything)
    if here >= everything:
        return text
    verb = "is" if here == 1 else "are"
    return text.replace(
        f"the {whole} modules", f"the {whole} modules of the course, of which {_in_words(here)} {verb} in this folder"
    )


def _in_words(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def link_terms(text: str, glossary: Path) -> str:
    """A page whose links to terms of the glossary lead to where JupyterLab finds them, as those of notebooks do already."""

    def target(found: re.Match[str]) -> str:
        term = entry(glossary, found["anchor"])
        return found[0] if term is None else f"({GLOSSARY}#{jupyter_anchor(term[0])})"

    return TERM_LINK.sub(target, text)


def _put(data: bytes, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def build_wheel(root: Path, place: Path) -> Path:
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
