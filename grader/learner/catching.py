"""Which wrong versions of a subject a learner's tests catch, and which promises the tests invent.

Each version is played in a process of its own, in a folder that holds it as ``subject.py`` beside the tests, and nothing
else. The right ones come first: a test that fails one of them asks for what the contract does not promise, and does not
count when the wrong ones come.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.course import CourseError, Module
from grader.course.versions import SUBJECT, Version, own_tests, versions_of
from grader.learner import progress
from grader.sandbox.processes import cpu_seconds

PLUGINS = ("anyio.pytest_plugin", "grader.explore.marker", "grader.learner.catch_log")
LIMIT = 60.0
"""Seconds of processor time that the tests may take with a right version, and seconds in which nothing may happen."""
LOOK, MOVES, MOST_TIMES = 0.5, 0.1, 10
"""How often a process is looked at (s); processor time that shows that something happens (s); so many limits by the clock."""
LEAST, FACTOR = 10.0, 10
"""For a wrong version: at least so many seconds, and so many times as long as the slowest right one took."""
MOST_AT_ONCE = 4


@dataclass(frozen=True)
class FailedTest:
    """A test of the learner that failed.

    Args:
        line: of the learner's file.
        text: what was raised, in one line.
        hung: whether it did not end.
    """

    name: str
    line: int | None = None
    text: str = ""
    hung: bool = False


@dataclass(frozen=True)
class PlayedVersion:
    """The tests with one version.

    Args:
        tests: names of those that were played.
        broken: why they could not be, in one line.
    """

    version: Version
    tests: tuple[str, ...] = ()
    failed: tuple[FailedTest, ...] = ()
    broken: str = ""
    seconds: float = 0.0

    @property
    def hung(self) -> FailedTest | None:
        """The test that did not end."""
        return next((test for test in self.failed if test.hung), None)


@dataclass(frozen=True)
class Catch:
    """What a file of tests catches.

    Args:
        fault: one line, if the tests could not be played; then nothing else is known.
        right: how many right versions there are.
        invented: tests that fail a right version, with that version.
        caught: wrong versions, each with the test that failed first.
        escaped: wrong versions that pass.
    """

    module: Module
    path: Path
    fault: str = ""
    right: int = 0
    invented: Sequence[tuple[FailedTest, Version]] = field(default_factory=tuple)
    caught: Sequence[tuple[Version, FailedTest]] = field(default_factory=tuple)
    escaped: Sequence[Version] = field(default_factory=tuple)

    @property
    def wrong(self) -> int:
        """How many wrong versions were played."""
        return len(self.caught) + len(self.escaped)

    @property
    def counts(self) -> bool:
        """Whether the score may be kept: the tests ran, and no promise is invented."""
        return not self.fault and not self.invented

    @property
    def is_complete(self) -> bool:
        """Whether the tests catch all wrong versions and pass all right ones."""
        return self.counts and not self.escaped


def catch(module: Module, path: Path | None = None) -> Catch:
    """Play a learner's tests with each version of a module's subject.

    Args:
        path: of the tests; the learner's file if not given.

    Raises:
        CourseError: there is no such file, or the versions are not at hand.
    """
    path = path or own_tests(module)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: write your tests in it") from error
    if fault := _fault_of(path, text):
        return Catch(module, path, fault)
    if (versions := versions_of(module)) is None or not versions.right:
        raise CourseError(f"the versions for {module.slug} are not here: a bundle has them, and so has a checkout")
    right = _play_all(path, text, versions.right)
    if fault := next(filter(None, (_fault_with(path, each) for each in right)), ""):
        return Catch(module, path, fault)
    invented: dict[str, tuple[FailedTest, Version]] = {}
    for test, version in ((test, each.version) for each in right for test in each.failed):
        invented.setdefault(test.name, (test, version))
    if len(invented) == len(right[0].tests):
        return Catch(module, path, "", len(right), tuple(invented.values()), (), versions.wrong)
    limit = max(LEAST, FACTOR * max(each.seconds for each in right))
    wrong = _play_all(path, text, versions.wrong, limit=limit, left_out=invented)
    return Catch(
        module,
        path,
        "",
        len(right),
        tuple(invented.values()),
        tuple((each.version, each.failed[0]) for each in wrong if each.failed),
        tuple(each.version for each in wrong if not each.failed),
    )


def note_score(made: Catch) -> str:
    """Keep the score in the learner's progress, if it counts; a line if that was not possible."""
    if not made.counts:
        return ""
    return progress.note_caught(made.module.root, made.module.slug, (len(made.caught), made.wrong))


# -- in words ------------------------------------------------------------------------------------------------------
def headline(made: Catch) -> str:
    """What the tests catch, in one sentence."""
    if made.fault:
        return made.fault
    caught, right = f"{len(made.caught)} of {made.wrong} wrong versions", made.right
    if made.invented:
        failing = {version.name for _, version in made.invented}
        return f"your tests catch {caught}, but fail {len(failing)} of {right} right ones"
    return f"your tests catch {caught} and pass all {right} right ones"


def invented_lines(made: Catch) -> Iterator[str]:
    """For each test that fails a right version: which promise it invents."""
    for test, version in made.invented:
        where = "" if test.line is None else f" ({made.path.name}:{test.line})"
        said = f": {test.text}" if test.text else ""
        yield f"`{test.name}`{where} fails a right version{said}"
        yield f"The contract does not promise it. This version differs: {version.idea} Until the test allows that, it catches nothing."


def caught_lines(made: Catch) -> Iterator[str]:
    """For each wrong version that was caught: what its author believes, and the test that fails."""
    for version, test in made.caught:
        how = (
            f"`{test.name}` does not end; with `@pytest.mark.explore` it would say where it waits"
            if test.hung
            else f"`{test.name}`"
        )
        yield f"{version.idea} ({how})"


def escaped_line(made: Catch) -> str:
    """What the author of one of the wrong versions believes that escaped; empty if none did."""
    if not made.escaped:
        return ""
    others = len(made.escaped) - 1
    more = f" ({others} more escaped)" if others else ""
    return f"One that escaped{more}. Its author believes: {made.escaped[0].idea}"


# -- what a file says by itself ------------------------------------------------------------------------------------
def _fault_of(path: Path, text: str) -> str:
    """What can be said without running it."""
    try:
        tree = ast.parse(text, path.name)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        said = error.msg if isinstance(error, SyntaxError) else error
        return f"{path.name}{line}: it is not Python: {said}"
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return "" if any(name.startswith("test") for name in names) else _no_tests(path)


def _fault_with(path: Path, played: PlayedVersion) -> str:
    """What shows with a right version: tests that cannot be loaded, or do not end."""
    if played.broken:
        return f"{path.name}: {played.broken}"
    if played.hung is not None:
        return _hanging(played.hung)
    return "" if played.tests else _no_tests(path)


def _no_tests(path: Path) -> str:
    return f"{path.name} has no test yet: write a function whose name begins with `test_`"


def _hanging(test: FailedTest) -> str:
    return (
        f"`{test.name}` does not end with a right version: it does nothing, or computes, for {LIMIT:.0f} s. Does it have the mark "
        "`@pytest.mark.explore`? Time is virtual then, and waiting for what never comes fails at once. If so, ask for fewer `orders`"
    )


# -- playing -------------------------------------------------------------------------------------------------------
def _play_all(
    path: Path, text: str, versions: Sequence[Version], *, limit: float | None = None, left_out: Collection[str] = ()
) -> list[PlayedVersion]:
    children: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_AT_ONCE)) as pool:
        played = [
            pool.submit(play_version, path, text, version, limit=limit, left_out=left_out, children=children)
            for version in versions
        ]
        try:
            return [each.result() for each in played]
        except BaseException:  # somebody interrupts: nothing that was started goes on
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                child.kill()
            raise


def play_version(
    path: Path,
    text: str,
    version: Version,
    *,
    limit: float | None = None,
    left_out: Collection[str] = (),
    children: list[subprocess.Popen[bytes]] | None = None,
) -> PlayedVersion:
    """Play tests with one version.

    Args:
        path: of the tests: their file's name.
        limit: in seconds, for a version of which one failure is enough; `LIMIT` and all failures if not given.
        left_out: names of tests that are not played.
        children: where the process is noted, for the time that it runs.
    """
    children = [] if children is None else children
    with tempfile.TemporaryDirectory(prefix="versions-", ignore_cleanup_errors=True) as place:
        folder, log = Path(place) / "tests", Path(place) / "log"
        folder.mkdir()
        (folder / f"{SUBJECT}.py").write_text(version.text, encoding="utf-8")
        (folder / path.name).write_text(text, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        begun = time.monotonic()
        command = _command(path, log, left_out, first=limit is not None)
        ended, said = _run(folder, command, limit or LIMIT, children)
        seconds = time.monotonic() - begun
        notes = list(_notes(log))
    tests = next((tuple(note["tests"]) for note in notes if "tests" in note), ())
    broken = next((note["broken"] for note in notes if "broken" in note), "") or ("" if tests else said)
    failed: dict[str, FailedTest] = {}
    for note in notes:
        if "failed" in note:
            failed.setdefault(note["failed"], FailedTest(note["failed"], note["line"], note["text"]))
    if not broken and (not ended or not any("end" in note for note in notes)):
        running = next((note["begins"] for note in reversed(notes) if "begins" in note), None)
        if running is None:
            broken = "it cannot be loaded: does a line outside the tests wait?"
        else:
            failed[running] = FailedTest(running, text="it ended the process" if ended else "", hung=not ended)
    return PlayedVersion(version, tests, tuple(failed.values()), broken, seconds)


def _command(path: Path, log: Path, left_out: Collection[str], *, first: bool) -> list[str]:
    words = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--catch-log={log}"]
    words += [word for name in PLUGINS for word in ("-p", name)]
    words += [f"--catch-without={name}" for name in left_out]
    return [sys.executable, "-m", "pytest", *words, *(["--maxfail=1"] if first else []), path.name]


def _run(folder: Path, command: list[str], limit: float, children: list[subprocess.Popen[bytes]]) -> tuple[bool, str]:
    """Run pytest. Returns whether it ended by itself, and the last line that it wrote on its standard error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    errors = folder.with_name("errors")
    quiet = subprocess.DEVNULL
    with errors.open("wb") as stderr:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdin=quiet, stdout=quiet, stderr=stderr)
        children.append(child)
        if not (ended := _wait(child, limit)):
            child.kill()
            child.wait()
        children.remove(child)
    lines = errors.read_text(encoding="utf-8", errors="replace").splitlines()
    return ended, next((line.strip().removeprefix("ERROR: ") for line in reversed(lines) if line.strip()), "")


def _wait(child: subprocess.Popen[bytes], limit: float) -> bool:
    """Wait for a process. Returns False if it computes for longer than the limit, or does nothing for so long.

    The wall clock alone decides nothing: a machine that is busy with something else lets a test wait for its turn.
    """
    used, since = 0.0, time.monotonic()
    end = since + limit * MOST_TIMES
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(LOOK)
            return True
        now = time.monotonic()
        seconds = used if sys.platform == "win32" else cpu_seconds(child.pid)  # there, the clock decides
        if seconds >= used + MOVES:
            used, since = seconds, now
        if seconds > limit or now - since > limit or now > end:
            return False


def _notes(log: Path) -> Iterator[dict[str, Any]]:
    """What the log says; a line that was cut off in the middle says nothing."""
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else ():
        with contextlib.suppress(ValueError):
            yield json.loads(line)
