"""What the hidden checks of m06 share: plans, and what is read from a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader import Play, Trace, Trial, fail, near, verb, wait

track, untrack, live, drop, reuse = (verb(word) for word in ("track", "untrack", "live", "drop", "reuse"))
watch, prepare = verb("watch"), verb("prepare")
opened, read, write, jam = (verb(word) for word in ("open_tracked", "read", "write", "jam"))
contents, read_all, close = verb("contents"), verb("read_all"), verb("close")
START = 3.7
LATE = 500.0
"""When everything else is over."""
TREES = ["alder", "birch", "cedar", "dogwood", "elder", "fir"]
TEXTS = {name: f"text of {name}" for name in TREES}
FILE = {"alder": "text of alder"}
MANY = TREES[:5]
TIMED = "`opened_at` is the time at which the resource was tracked."
ENDINGS = {"returns": [wait(1)], "raises": [wait(1), fail("E1")], "raises at once": [fail("E2", "RuntimeError")]}


# -- runs ------------------------------------------------------------------------------------------------------------
def alone(play: Play, *steps: Any, **more: Any) -> Trial:
    """One task that plays the steps."""
    return play(actors={"caller": [wait(START), *steps]}, **more)


def observed(play: Play, *steps: Any, **more: Any) -> Trial:
    """One task that plays the steps, and another that looks at what is live when all is over."""
    plan = {"files": FILE, **more}
    return play(actors={"caller": [wait(START), *steps], "observer": [wait(LATE), live()]}, **plan)


# -- what is read from them ------------------------------------------------------------------------------------------
def lists(t: Trace, who: str = "caller") -> list[list[Mapping[str, Any]]]:
    """What each `live()` gave, as dicts of ``name`` and ``opened_at``."""
    found = []
    for span in t.all("live", who):
        value = span.value
        fits = isinstance(value, list) and all(isinstance(entry, dict) and "name" in entry for entry in value)
        t.expect_that("what `live()` gives", fits, f"{value!r}, which is not a list of `Leak`s")
        found.append(value)
    return found


def names(t: Trace, who: str = "caller") -> list[list[Any]]:
    """The names that each `live()` gave."""
    return [[entry["name"] for entry in found] for found in lists(t, who)]


def expect_live(t: Trace, *wanted: Sequence[str], who: str = "caller", part: str = "") -> None:
    """Expect those names of each `live()`, one after the other."""
    t.expect("the names that each `live()` gave", names(t, who), [list(found) for found in wanted], part=part)


def expect_tracked_at(
    t: Trace, found: Sequence[Mapping[str, Any]], wanted: Mapping[str, float], named: str = "", timed: str = TIMED
) -> None:
    """Expect those names, oldest first, each tracked so many seconds after the first step.

    Args:
        t: the run.
        found: what `live()` gave.
        wanted: names and times.
        named: the part of the check's sentence that is about the names.
        timed: the part that is about the times.
    """
    listed = [entry["name"] for entry in found]
    t.expect("the names that `live()` gave, oldest first", listed, list(wanted), part=named)
    seen = [after(entry["opened_at"]) for entry in found]
    what = f"tracked, of {', '.join(wanted)}, at"
    t.expect(what, seen, [near(moment) for moment in wanted.values()], unit="s after the first step", part=timed)


def after(moment: Any) -> Any:
    """A time as seconds after the first step of the caller; what is not a time stays as it is."""
    return moment - START if type(moment) in (int, float) else moment


def expect_leaks(t: Trace, *wanted: str, others: Sequence[str] = (), who: str = "caller", part: str = "") -> None:
    """Expect a `LeakError` out of the first `watch` of that actor, with those names and none of the others.

    Without wanted names no error is expected. `part` says what is wrong if there is such an error, or if it names none of `wanted`.
    """
    block = t.one("watch", who)
    if not wanted:
        what = "the block of `watch`, which left nothing open"
        t.expect_that(what, block.how == "returned", block.ending, part=part)
        return
    seen = f"{block.ending}, where it should raise LeakError, for {', '.join(wanted)}"
    t.expect_that("the block of `watch`", block.raised == "LeakError", seen, part=part)
    text = "".join(str(entry["value"]) for entry in t.notes("leaks", who)[:1])
    told = [name for name in wanted if name in text]
    part = part or "A `LeakError` names each thing that the block left open."
    t.expect("left open, and named in the `LeakError`", told, list(wanted), part=part)
    part = "A `LeakError` names what the block left open, and nothing else."
    t.expect("named in the `LeakError`, but not left open", [name for name in others if name in text], [], part=part)


def path_of(name: str) -> str:
    """How the scene tells the path of a file."""
    return f"path of {name}"


def block_of(t: Trace) -> Any:
    """The first `open_tracked` block of the caller."""
    return t.one("open_tracked", "caller")


def texts_of(t: Trace, call: Any) -> list[Any]:
    """The texts that a `read_all` gave; what is not a list of them fails the subject."""
    value = call.value
    t.expect_that("what `read_all` gives", isinstance(value, list), f"{value!r}, which is not a list")
    return list(value)


def opened_files(t: Trace, *names: str) -> Trace:
    """Fail the subject unless those files were opened, or any file if none is named: else there is nothing to look at."""
    seen = {entry["value"] for entry in t.notes("open", "file")}
    t.expect_that("files that were opened", bool(seen), "none")
    t.expect("files that were never opened", [name for name in names if name not in seen], [])
    return t


def undisturbed(t: Trace) -> bool:
    """Whether nobody was cancelled."""
    return not t.notes("cancel")


def expect_closed(t: Trace, before: Any, part: str = "") -> None:
    """Expect that each file that was opened was closed by the time that span ended, and not by the collector."""
    if undisturbed(t):
        opened_files(t)
    expect_closed_if_opened(t, before, part)


def expect_closed_if_opened(t: Trace, before: Any, part: str = "") -> None:
    """Expect the same, and not that any file was opened."""
    opens, closes = (t.notes(what, "file") for what in ("open", "close"))
    for name in dict.fromkeys(entry["value"] for entry in opens):
        count = sum(entry["value"] == name for entry in opens)
        closed = sum(entry["value"] == name and entry["order"] < before.finished for entry in closes)
        seen = "was not closed" if count == 1 else f"was opened {count} times and closed {closed} times"
        t.expect_that(f"the file {name}", closed == count, f"{seen} when `{before.what}` had ended", part=part)


def expect_untracked(t: Trace, part: str = "") -> None:
    """Expect that nothing is live when all is over."""
    t.expect("the names that `live()` gave when all was over", names(t, "observer"), [[]], part=part)


def times(play: Play, *, opening: float = 0, closing: float = 0) -> dict[str, list[float]]:
    """How long it takes to open, read and close each file."""
    return {name: [opening, reading, closing] for name, reading in zip(TREES, play.draw(len(TREES)), strict=True)}


def bad_file(play: Play, bad: str, limit: int) -> Trial:
    """Reading five files and one that cannot be opened or read; the first would be closed just after that one has failed."""
    seconds = {**times(play, opening=0.3, closing=0.2), bad: [0.4, 0.55, 0.15]}
    seconds[MANY[0]] = [0.3, 0.1 if bad == "yew" else 0.8, 0.2]
    return observed(
        play, read_all([MANY[0], bad, *MANY[1:]], limit), files=TEXTS, seconds=seconds, unreadable=["rowan"]
    )
