"""How far a learner has come: one file ``progress.json`` at the course's root, which can be carried to another machine.

Nothing that is graded depends on it. A file that cannot be read, or comes from a newer version, is put aside and never
overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from grader.course.safe_files import alone, write

FORMAT = 1
NAME = "progress.json"

Stage = Literal["started", "core", "all", "seen"]
STAGES: tuple[Stage, ...] = ("started", "core", "all", "seen")
"""Began to write; passed the core checks; passed all checks; has seen the solution without passing."""
PASSED: tuple[Stage, ...] = ("core", "all")
"""The stages that a file has reached, not a person."""


@dataclass(frozen=True)
class ModuleProgress:
    """How far a learner has come in one module.

    Args:
        when: stage → when it was first reached, as ISO 8601 in UTC.
        hints: how many hints were opened.
        files: stage of `PASSED` → sha256 of the file that reached it last. Files of older engines say nothing here.
        caught: of the wrong versions of a subject, how many the learner's tests caught at best, and of how many.
    """

    when: Mapping[str, str] = field(default_factory=dict)
    hints: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    caught: tuple[int, int] | None = None

    @property
    def stage(self) -> Stage | None:
        """The furthest stage; None if nothing is known. A module whose solution was seen before it passed is not done."""
        return next((stage for stage in ("seen", "all", "core", "started") if stage in self.when), None)

    def passed_by(self, sha256: str | None) -> Stage | None:
        """The furthest stage that a file with this hash has passed; None if it is not known to have passed any."""
        return next((stage for stage in ("all", "core") if sha256 and self.files.get(stage) == sha256), None)


@dataclass(frozen=True)
class Recall:
    """A question that the learner has been asked, such as a prediction.

    Args:
        said: what the learner predicted.
        came_true: whether it did; None if the learner did not say.
        step: how many times in a row the question was answered since.
        due: when it is asked again, as ISO 8601 in UTC; empty if it is not.
    """

    said: str = ""
    came_true: bool | None = None
    step: int = 0
    due: str = ""


@dataclass(frozen=True)
class Progress:
    """What the file holds.

    Args:
        modules: slug → entry.
        recalls: slug of the lesson, a slash, id of the question → entry.
        said: one line for the learner if the file could not be used.
    """

    modules: Mapping[str, ModuleProgress] = field(default_factory=dict)
    recalls: Mapping[str, Recall] = field(default_factory=dict)
    said: str = ""

    def of(self, slug: str) -> ModuleProgress:
        """The entry of a module; an empty one if there is none."""
        return self.modules.get(slug, ModuleProgress())


def read(root: Path) -> Progress:
    """Read the progress in a course. Nothing is changed on disk."""
    path = root / NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Progress()
    except (OSError, UnicodeDecodeError):
        return Progress(said=f"{NAME} cannot be read")
    try:
        plain = json.loads(text)
        if isinstance(plain, dict) and isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
            return Progress(said=f"{NAME} was written by a newer version")
        modules = {slug: _module_progress(value) for slug, value in plain["modules"].items()}
        return Progress(modules, {key: _recall(value) for key, value in plain.get("recalls", {}).items()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Progress(said=f"{NAME} is broken")


def _module_progress(plain: Mapping[str, Any]) -> ModuleProgress:
    """One entry; what does not fit raises."""
    when: dict[str, str] = {stage: plain[stage] for stage in STAGES if stage in plain}
    hints = plain.get("hints", 0)
    files: dict[str, str] = {stage: plain["files"][stage] for stage in PASSED if stage in plain.get("files", {})}
    texts = [*when.values(), *files.values()]
    if not isinstance(hints, int) or not all(isinstance(each, str) for each in texts):
        raise TypeError("no entry")
    match plain.get("caught"):
        case None:
            caught = None
        case [int() as number, int() as most]:
            caught = (number, most)
        case _:
            raise TypeError("no entry")
    return ModuleProgress(when, hints, files, caught)


def _recall(plain: Mapping[str, Any]) -> Recall:
    """One entry; what does not fit raises."""
    said, came_true, step, due = (plain.get(name, value) for name, value in asdict(Recall()).items())
    if not isinstance(said, str) or not isinstance(due, str) or came_true not in (True, False, None):
        raise TypeError("no entry")
    if not isinstance(step, int) or step < 0:
        raise TypeError("no entry")
    return Recall(said, came_true, step, due)


def stamp_of(time: datetime) -> str:
    """A time as the file writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def note_recall(root: Path, key: str, entry: Recall, *, now: datetime | None = None) -> str:
    """Note what the learner said to a question.

    Args:
        key: of the question.
        entry: what is known of it now.
        now: the time; the clock's if not given.

    Returns:
        As `reach`.
    """
    with alone(root):
        known = read(root)
        if known.recalls.get(key) == entry and not known.said:
            return ""
        return _put(root, replace(known, recalls={**known.recalls, key: entry}), now or datetime.now(UTC))


def reach(
    root: Path, slug: str, *stages: Stage, hints: int = 0, sha256: str | None = None, now: datetime | None = None
) -> str:
    """Note that a learner has reached stages of a module. What was reached before keeps its time.

    Args:
        hints: how many hints have been opened by now.
        sha256: of the file that has reached them.
        now: the time; the clock's if not given.

    Returns:
        One line for the learner if the file was put aside or cannot be written; else empty.
    """
    with alone(root):
        return _reach(root, slug, stages, hints, sha256, now)


def _reach(root: Path, slug: str, stages: Sequence[Stage], hints: int, sha256: str | None, now: datetime | None) -> str:
    known = read(root)
    time = now or datetime.now(UTC)
    entry = known.of(slug)
    files: dict[str, str] = dict.fromkeys((stage for stage in stages if stage in PASSED), sha256) if sha256 else {}
    new = replace(
        entry,
        when={**dict.fromkeys(stages, stamp_of(time)), **entry.when},
        hints=max(hints, entry.hints),
        files={**entry.files, **files},
    )
    if new == entry and not known.said:
        return ""
    return _put(root, replace(known, modules={**known.modules, slug: new}), time)


def note_caught(root: Path, slug: str, caught: tuple[int, int], *, now: datetime | None = None) -> str:
    """Note how many wrong versions the learner's tests caught, and of how many; less than before changes nothing.

    Args:
        now: the time; the clock's if not given.

    Returns:
        As `reach`.
    """
    with alone(root):
        known = read(root)
        entry = known.of(slug)
        if (
            entry.caught is not None
            and entry.caught[1] == caught[1]
            and entry.caught[0] >= caught[0]
            and not known.said
        ):
            return ""
        modules = {**known.modules, slug: replace(entry, caught=caught)}
        return _put(root, replace(known, modules=modules), now or datetime.now(UTC))


def _put(root: Path, new: Progress, time: datetime) -> str:
    """Write the file; one that could not be read is put aside first."""
    try:
        said = ""
        if new.said:
            aside = _aside(root / NAME, time.astimezone(UTC))
            said = f"{new.said}: it is kept as {aside.name}, and a new one begun"
        _write(root / NAME, new)
    except OSError as error:
        return f"your progress is not kept: {NAME} cannot be written ({(error.strerror or 'error').lower()})"
    return said


def _aside(path: Path, time: datetime) -> Path:
    """Put a file aside under a name that is free."""
    stem = f"{path.stem}.{time:%Y-%m-%d-%H%M%S}"
    number, target = 1, path.with_name(f"{stem}.json")
    while target.exists():
        number += 1
        target = path.with_name(f"{stem}-{number}.json")
    path.rename(target)
    return target


def _write(path: Path, new: Progress) -> None:
    """Write the file so that it is there whole or not at all."""
    plain: dict[str, Any] = {
        "format": FORMAT,
        "modules": {slug: _plain(new.modules[slug]) for slug in sorted(new.modules)},
    }
    if new.recalls:
        plain["recalls"] = {key: asdict(new.recalls[key]) for key in sorted(new.recalls)}
    write(path, (json.dumps(plain, indent=1) + "\n").encode())


def _plain(entry: ModuleProgress) -> dict[str, Any]:
    plain: dict[str, Any] = {stage: entry.when[stage] for stage in STAGES if stage in entry.when}
    files = {stage: entry.files[stage] for stage in PASSED if stage in entry.files}
    caught = {"caught": list(entry.caught)} if entry.caught else {}
    return {**plain, "hints": entry.hints, **({"files": files} if files else {}), **caught}
