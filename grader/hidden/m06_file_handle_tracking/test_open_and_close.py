"""Hidden checks of m06: opened, tracked, closed and untracked in time."""

from __future__ import annotations

from grader import Play, Trace, at_most, cancel, check, fail, near, note, wait

from .plans import (
    ENDINGS,
    FILE,
    START,
    TEXTS,
    alone,
    block_of,
    close,
    contents,
    expect_closed,
    expect_live,
    expect_untracked,
    jam,
    live,
    names,
    observed,
    opened,
    opened_files,
    path_of,
    read,
    write,
)


# -- R5: opened, tracked, closed and untracked -----------------------------------------------------------------------
@check("R5", misconception="any-name-will-do", step="close-however-it-ends")
def test_tracked_while_open(play: Play) -> None:
    """`open_tracked` lists the file by `str(path)` while the block runs, and no longer."""
    for texts, mode in ((False, None), (True, "r"), (False, "w"), (True, "rb")):
        t = alone(play, opened("alder", mode, wait(1), live(), wait(1)), live(), files=FILE, texts=texts)
        inside, later = [*names(opened_files(t)), [], []][:2]
        part = "The file is listed by `str(path)`, just as the path was given." if len(inside) == 1 else ""
        if inside == [path_of("alder")] or not inside:
            part = "When the block has ended, the file is no longer listed." if later else part
        expect_live(t, [path_of("alder")], [], part=part)
    for texts in (False, True):
        t = alone(play, opened("alder", "r", wait(1), live()), files=FILE, texts=texts, relative=True)
        part = "The file is listed by `str(path)`, just as the path was given."
        expect_live(t, [path_of("alder")], part=part if names(t) != [[]] else "")


@check("R5", misconception="closed-is-done", step="close-however-it-ends", wide=True)
def test_closed_by_the_body(play: Play) -> None:
    """A file that the body has closed itself is no longer listed either when the block has ended."""
    for ending in ENDINGS.values():
        t = opened_files(alone(play, opened("alder", "r", wait(1), close("alder"), *ending), live(), files=FILE))
        expect_live(t, [])


@check("R5", misconception="mode-is-for-reading", step="close-however-it-ends")
def test_mode(play: Play) -> None:
    """The file is opened in the mode that was asked for, for reading if none was."""
    wanted = {None: "text of alder", "r": "text of alder", "rb": "b'text of alder'", "r+": "text of alder"}
    for mode, text in wanted.items():
        t = alone(play, opened("alder", mode, read("alder")), files=FILE)
        seen = t.of("caller")[read("alder")]
        part = "The body gets the open file from `as`." if "AttributeError" in seen.errors else ""
        t.expect_that(f"reading in mode {mode or 'r'}", seen.how == "returned", seen.ending, part=part)
        t.expect(f"read in mode {mode or 'r'}", seen.value, text)
    for mode, name, text in (("w", "alder", "new"), ("a", "alder", "text of aldernew"), ("x", "yew", "new")):
        t = alone(play, opened(name, mode, wait(1), write(name, "new")), contents(name), files=FILE)
        t.expect(f"in the file after writing in mode {mode}", t.of("caller")[contents(name)].value, text)


@check("R5", misconception="code-after-yield-runs", step="close-however-it-ends")
def test_closed_and_untracked(play: Play) -> None:
    """However the block ends, by return or by an error, the file is closed then and no longer listed."""
    for how, ending in ENDINGS.items():
        t = alone(play, opened("alder", "r", *ending), live(), files=FILE, seconds={"alder": [1, 1, 1]})
        when = "When the block has ended" if how == "returns" else "When the body has raised"
        expect_live(t, [], part=f"{when}, the file is no longer listed.")
        expect_closed(t, block_of(t), f"{when}, the file is closed.")


@check("R5", misconception="errors-are-mine-to-handle", step="close-however-it-ends")
def test_error_of_the_body(play: Play) -> None:
    """The body's own error leaves the block."""
    for kind in ("Fault", "RuntimeError", "TimeoutError", "OSError", "ValueError"):
        t = opened_files(alone(play, opened("alder", "r", wait(1), fail("E1", kind)), files=FILE))
        seen = f"{block_of(t).ending}, where E1, which the body raised, should leave it"
        t.expect_that("open_tracked", "E1" in block_of(t).errors, seen)
    t = alone(play, opened("alder", "r", wait(1), fail("E1", "ExceptionGroup")), files=FILE)
    whole = len(block_of(t).errors) == 2
    seen = f"{block_of(t).ending}, where the group of two errors, which the body raised, should leave it"
    t.expect_that("open_tracked", whole, seen)


@check("R5", misconception="opened-means-tracked", step="close-however-it-ends")
def test_not_opened(play: Play) -> None:
    """A file that cannot be opened is not tracked: the error leaves, and the body does not begin."""
    for name, mode, error in (("yew", "r", "FileNotFoundError"), ("alder", "x", "FileExistsError")):
        plan = {"files": FILE, "seconds": {name: [1, 1, 1]}, "look": True}
        t = alone(play, opened(name, mode, note("body")), live(), **plan)
        expect_live(t, [], part="A file that cannot be opened is not tracked.")
        early = [listed for entry in t.notes("thread") for listed in entry["value"][3]]
        part = "A file is not tracked before it is open."
        t.expect("names that `live()` gave while the file was being opened", early, [], part=part)
        seen = f"{block_of(t).ending}, where {error} should leave it"
        part = "The error of a file that cannot be opened leaves the block."
        t.expect_that("open_tracked", error in block_of(t).errors, seen, part=part)
        part = "If the file cannot be opened, the body does not begin."
        t.expect_that("the body", not t.notes("body"), "it began", part=part)


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_closing_fails(play: Play) -> None:
    """If closing the file fails, its error leaves the block, and the file is no longer listed."""
    t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), wait(1)), live(), files=FILE)
    expect_live(t, [], part="If closing the file fails, the file is no longer listed.")
    seen = f"{block_of(t).ending}, where the OSError of closing should leave it"
    part = "If closing the file fails, its error leaves the block."
    t.expect_that("open_tracked", "OSError" in block_of(t).errors, seen, part=part)


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_body_and_closing_fail(play: Play) -> None:
    """If the body fails and closing fails too, one of the two errors leaves, and the file is no longer listed."""
    t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), fail("E1")), live(), files=FILE)
    expect_live(opened_files(t), [], part="If the body fails and closing fails too, the file is no longer listed.")
    block = block_of(t)
    seen = f"{block.ending}, where E1 of the body, or the OSError of closing, should leave it"
    part = "If the body fails and closing fails too, one of the two errors leaves the block."
    t.expect_that("open_tracked", "E1" in block.errors or "OSError" in block.errors, seen, part=part)


@check("R5", misconception="await-in-finally", step="close-however-it-ends")
def test_cancelled_at_every_step(play: Play) -> None:
    """Cancelled at any moment, also while opening or closing, the file is closed and no longer listed."""
    body = [read("alder"), wait(1)]
    listed, left_open = (
        "A file whose task was cancelled is no longer listed.",
        "A file whose task was cancelled is closed.",
    )
    for t in observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]}).cancelled("caller"):
        expect_untracked(t, listed if t.notes("cancel") else "")
        expect_closed(t, block_of(t), left_open if t.notes("cancel") else "")
    for moment in (0.5, 1.5, 2.5, 3.5):  # opening, reading, waiting, closing
        trial = observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]})
        t = opened_files(trial.cancel("caller", at=START + moment))
        expect_untracked(t, listed)
        expect_closed(t, block_of(t), left_open)


@check("R5", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_cancelled_and_closing_fails(play: Play) -> None:
    """If the task is cancelled and closing fails too, the file is no longer listed either."""
    body = [write("alder", "new"), jam("alder"), wait(30)]
    expect_untracked(opened_files(observed(play, opened("alder", "w", *body)).cancel("caller", at=START + 5)))


@check("R5", misconception="name-is-the-resource", step="close-however-it-ends", wide=True)
def test_one_file_opened_twice(play: Play) -> None:
    """A file may be open twice at the same time: it is listed twice, and closing one leaves the other."""
    t = play(
        actors={
            "caller": [wait(1), opened("alder", "r", wait(3), live(), wait(3), live())],
            "other": [wait(2), opened("alder", "r", wait(3))],
            "observer": [wait(20), live()],
        },
        files=TEXTS,
    )
    path = path_of("alder")
    part = wrong_with_two(t)
    expect_live(t, [path, path], [path], part=part)
    expect_untracked(t, "When a file that was open twice is closed twice, it is no longer listed.")
    closed = "A file that is open twice is closed twice."
    expect_closed(t, t.one("actor", "observer"), closed)
    inner = opened("alder", "r", wait(1), live())
    t = alone(play, opened("alder", "r", wait(1), inner, wait(1), live(), read("alder")), live(), files=FILE)
    expect_live(t, [path, path], [path], [], part=wrong_with_two(t))
    expect_closed(t, block_of(t), closed)


def wrong_with_two(t: Trace) -> str:
    """What is wrong with the lists while a file is open twice, and then once, as a sentence; empty if nobody can say."""
    counts = [len(found) for found in names(t)]
    if counts[:1] != [2]:
        return "A file that is open twice is listed twice."
    if counts[1:2] != [1]:
        return "When one of two that are the same file is closed, the other is still listed."
    return "When both of two that are the same file are closed, neither is listed any more." if any(counts[2:]) else ""


# -- R6: closed in time, and nothing protected but that --------------------------------------------------------------
@check("R6", misconception="collector-closes", step="close-however-it-ends")
def test_closed_when_the_block_ends(play: Play) -> None:
    """The descriptor is closed when the block has ended; nobody waits for the garbage collector."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "r", wait(1), *ending), wait(1), files=FILE)
        expect_closed(t, block_of(t))


@check("R6", misconception="await-in-finally", step="close-however-it-ends")
def test_closed_in_a_cancelled_task(play: Play) -> None:
    """The descriptor is closed also in a task that is cancelled already when the block ends."""
    for body in ([wait(30)], [cancel("caller")], [wait(1), cancel("caller"), fail("E1")]):
        t = observed(play, opened("alder", "r", *body), seconds={"alder": [1, 1, 1]}).cancel("caller", at=START + 9)
        expect_closed(opened_files(t), block_of(t))
    body = [write("alder", "new"), wait(30)]
    t = observed(play, opened("alder", "w", *body), seconds={"alder": [1, 1, 1]}).cancel("caller", at=START + 9)
    expect_closed(opened_files(t), block_of(t))


@check("R6", misconception="cleanup-cannot-fail", step="close-however-it-ends")
def test_closed_though_writing_fails(play: Play) -> None:
    """The descriptor is closed also if what was written last cannot be written any more."""
    for ending in ENDINGS.values():
        t = alone(play, opened("alder", "w", write("alder", "new"), jam("alder"), *ending), wait(1), files=FILE)
        expect_closed(t, block_of(t))


@check("R6", misconception="shield-everything", step="close-however-it-ends")
def test_body_is_not_protected(play: Play) -> None:
    """A cancellation, or a deadline around the block, reaches the body at once."""
    trial = observed(play, opened("alder", "r", wait(30)), seconds={"alder": [1, 1, 1]})
    for t in (trial.cancel("caller", at=START + 3.3), trial.within("caller", START + 8.7)):
        opened_files(t)
        moment = next((entry["t"] for entry in t.notes("cancel")), START)
        came, end = block_of(t).cancelled_at, block_of(t).end
        late = "never" if came is None else came - moment
        t.expect("the cancellation reached the body after", late, near(0, within=0.05), unit="s")
        late = "never" if end is None else end - moment
        part = "When the body was cancelled, the block ends as soon as the file is closed."
        t.expect("closing takes 1 s; the block ended", late, at_most(1.05), unit="s after the cancellation", part=part)
    t = opened_files(alone(play, opened("alder", "r", wait(300), note("end of the body")), files=FILE))
    part = "The body may take as long as it likes."
    t.expect_that("a body that takes long", bool(t.notes("end of the body")), "it was cut short", part=part)


@check("R6", misconception="shield-everything", step="close-however-it-ends")
def test_opening_is_not_protected(play: Play) -> None:
    """A task that is cancelled already opens nothing; one that is cancelled while opening leaves at once after that."""
    t = observed(play, cancel("caller"), opened("alder", "r", note("body"), wait(30)))
    part = "A task that is cancelled already opens nothing."
    t.expect("files that were opened", [entry["value"] for entry in t.notes("open", "file")], [], part=part)
    part = "In a task that is cancelled already the body does not begin."
    t.expect_that("the body", not t.notes("body"), "it began", part=part)
    trial = observed(play, opened("alder", "r", wait(30)), seconds={"alder": [3, 1, 1]})
    t = opened_files(trial.cancel("caller", at=START + 1))
    end = block_of(t).end
    late = "never" if end is None else end - START
    what = "opening takes 3 s and closing 1 s; cancelled 1 s after its start, the block ended"
    part = "A task that is cancelled while the file is being opened leaves at once after that."
    t.expect(what, late, at_most(4.05), unit="s after its start", part=part)
