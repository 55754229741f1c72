"""Hidden checks of m06: many files at once."""

from __future__ import annotations

from typing import Any

from grader import Play, Trace, Trial, at_most, check, wait

from .plans import (
    MANY,
    START,
    TEXTS,
    TREES,
    alone,
    bad_file,
    contents,
    expect_closed_if_opened,
    expect_live,
    expect_untracked,
    live,
    opened,
    opened_files,
    path_of,
    read_all,
    texts_of,
    times,
    write,
)


# -- R7: many at once ------------------------------------------------------------------------------------------------
def file_events(t: Trace, call: Any = None) -> list[tuple[int, float, int]]:
    """Order, time and change of the number of open files; only those during that call."""
    changes = {"open": 1, "close": -1, "collected": -1}
    events = sorted((n["order"], n["t"], change) for what, change in changes.items() for n in t.notes(what, "file"))
    return [event for event in events if call is None or call.start <= event[1] <= call.end]


def expect_at_most(t: Trace, limit: int, call: Any = None) -> None:
    """Expect that never more files were open at once."""
    opened_files(t)
    now = most = 0
    for _, _, change in file_events(t, call):
        now += change
        most = max(most, now)
    t.expect_that(f"open at once, with limit {limit}", most <= limit, f"{most} files")


def expect_all_slots_used(t: Trace, limit: int, count: int, call: Any = None) -> None:
    """Expect as many files open as `limit`, whenever that many were not yet done, between any two moments."""
    events = file_events(t, call)
    t.expect("files that were opened", sum(change > 0 for _, _, change in events), count)
    now, done, last = 0, 0, (call or t.call).start
    for _, time, change in events:
        wanted = min(limit, count - done)
        if time - last > 0.01:
            t.expect_that(
                f"open at once, with limit {limit} and {count - done} still to be read",
                now >= wanted,
                f"{now} from {last:.2f} to {time:.2f}",
            )
        now, last = now + change, time
        done += change < 0


@check("R7", misconception="results-as-they-come", step="limit-what-is-open", core=False)
def test_texts_in_order(play: Play) -> None:
    """`read_all` gives the texts in the order of the paths, whichever is read first, also of one that comes twice."""
    order = [*play.shuffled(TREES[:4]), "alder"]
    for limit, texts in ((2, False), (9, True)):
        t = alone(play, read_all(order, limit), live(), files=TEXTS, seconds=times(play), texts=texts)
        t.expect("the texts", t.call.value, [TEXTS[name] for name in order])
        expect_live(t, [])
    slow = {name: [100, 50 * place, 0.5] for place, name in enumerate(order, 1)}
    t = alone(play, read_all(order, 2), files=TEXTS, seconds=slow)
    t.expect("the texts of files that take minutes", t.call.value, [TEXTS[name] for name in order])
    t = alone(play, read_all([], 2), files=TEXTS)
    t.expect("the texts of no files", t.call.value, [])


@check("R7", misconception="one-read-reads-all", step="limit-what-is-open", core=False)
def test_whole_texts(play: Play) -> None:
    """Each text is given whole, with all its lines, empty and long ones too."""
    lines = ("a long line; " * 20 + "\n") * 35  # no more than that: who reads piece by piece takes a step for each
    texts = {"alder": "one\n\n  two \n", "birch": "", "cedar": lines}
    t = alone(play, read_all(list(texts), 4), files=texts)
    value = texts_of(t, t.call)
    t.expect("how many texts", len(value), len(texts))
    t.expect("the text of alder", value[0], texts["alder"])
    lengths = [entry["value"] for entry in t.notes("lengths")]
    t.expect("characters of each text", lengths, [[len(text) for text in texts.values()]])
    plan = {"files": {"alder": "leaf " * 14_000}, "seconds": {"alder": [0, 1, 0]}}
    t = alone(play, read_all(["alder"], 1), **plan).within("caller", START + 200)
    if t.call.how == "returned":  # who reads a few characters at a time is stopped by then, and may be right
        lengths = [length for entry in t.notes("lengths") for length in entry["value"]]
        t.expect("a long text", lengths, [70_000], unit="characters")


@check("R7", misconception="reading-is-what-counts", step="limit-what-is-open", core=False)
def test_never_more_than_limit(play: Play) -> None:
    """Never more than `limit` files are open at once."""
    for limit, closing in ((1, 0), (play.pick(2, 3), 0), (2, 0.4)):
        seconds = times(play, opening=0.3, closing=closing)
        for t in alone(play, read_all(MANY, limit), files=TEXTS, seconds=seconds).orders(6):
            expect_at_most(t, limit)


@check("R7", misconception="batches-are-parallel", step="limit-what-is-open", core=False)
def test_all_slots_are_used(play: Play) -> None:
    """As many files are open as `limit` allows while that many wait: the next is opened as soon as one is closed."""
    for limit, opening in ((play.pick(2, 3), 0), (3, 0.3), (9, 0.3)):
        seconds = times(play, opening=opening)
        for t in alone(play, read_all(MANY, limit), files=TEXTS, seconds=seconds).orders(4):
            expect_all_slots_used(t, limit, len(MANY))


@check("R7", misconception="batches-are-parallel", step="limit-what-is-open", core=False)
def test_read_at_the_same_time(play: Play) -> None:
    """The files that are open are read at the same time."""
    t = opened_files(alone(play, read_all(MANY, 5), files=TEXTS, seconds={name: [0, 4, 0] for name in MANY}), *MANY)
    together = sum(entry["value"][2] for entry in t.notes("thread"))
    t.expect("reading five files, 4 s each, took", t.call.took, at_most(together / 2), unit="s")
    wood = {f"tree {number}": "leaves" for number in range(14)}
    t = alone(play, read_all(list(wood), 12), files=wood, seconds={name: [0, 4 + len(name), 0] for name in wood})
    expect_all_slots_used(t, 12, len(wood))


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False, wide=True)
def test_each_call_has_its_limit(play: Play) -> None:
    """Calls that follow each other have each their own `limit`, and read the files again."""
    again = [opened("alder", "w", write("alder", "new")), contents("alder"), wait(1)]
    seconds = {name: [0.3, 2 + place, 0] for place, name in enumerate(MANY)}
    t = alone(
        play,
        read_all(MANY, 2),
        wait(1),
        *again,
        read_all(MANY, 4),
        wait(1),
        read_all(MANY, 1),
        files=TEXTS,
        seconds=seconds,
    )
    calls, new = t.all("read_all"), t.of("caller")[contents("alder")].value
    t.expect("calls of `read_all`", len(calls), 3)
    for which, call, text in zip(("first", "second", "third"), calls, (TEXTS["alder"], new, new), strict=True):
        t.expect(f"the texts of the {which} call", call.value, [text, *(TEXTS[name] for name in MANY[1:])])
    for call, limit in zip(calls, (2, 4, 1), strict=True):
        expect_at_most(t, limit, call)
        expect_all_slots_used(t, limit, len(MANY), call)


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False, wide=True)
def test_calls_at_the_same_time(play: Play) -> None:
    """A call does not wait for files that another call has open: `limit` counts those of one call."""
    seconds = {**{name: [0, 9, 0] for name in TREES[:3]}, **{name: [0, 2, 0] for name in TREES[3:]}}
    actors = {"caller": [wait(1), read_all(TREES[:3], 2)], "other": [wait(3), read_all(TREES[3:], 2)]}
    t = play(actors=actors, files=TEXTS, seconds=seconds)
    for who, wanted in (("caller", TREES[:3]), ("other", TREES[3:])):
        t.expect(f"the texts of the {who}", t.one("read_all", who).value, [TEXTS[name] for name in wanted])
    call = t.one("read_all", "other")
    together = sum(entry["value"][2] for entry in t.notes("thread") if entry["value"][1] in TREES[3:])
    t.expect("beside another call, the call took", call.took, at_most(together), unit="s")


@check("R7", misconception="one-limit-for-all-calls", step="limit-what-is-open", core=False)
def test_after_a_call_that_failed(play: Play) -> None:
    """After a call that failed or was cancelled, the next one reads with all of its `limit`."""

    def after(*names: str) -> Trial:
        actors = {"caller": [wait(1), read_all(names, 2)], "other": [wait(60), read_all(MANY, 2)]}
        return play(actors=actors, files=TEXTS, seconds=times(play, opening=0.3), unreadable=["rowan"])

    for t in (after("yew", "alder"), after("rowan", "alder"), after(*MANY).cancel("caller", at=1.9)):
        call = t.one("read_all", "other")
        t.expect("the texts", call.value, [TEXTS[name] for name in MANY])
        expect_all_slots_used(t, 2, len(MANY), call)


@check("R7", misconception="any-name-will-do", step="limit-what-is-open", core=False)
def test_opened_with_open_tracked(play: Play) -> None:
    """Each file is listed while it is open, as with `open_tracked`, and no longer at the end."""
    for limit in (1, 3):
        t = alone(play, read_all(MANY, limit), live(), files=TEXTS, seconds=times(play), look=True)
        seen = {name for entry in t.notes("thread") for name in entry["value"][3]}
        t.expect("files that were listed while they were read", sorted(seen), [path_of(name) for name in MANY])
        expect_live(t, [])


@check("R7", misconception="limit-checks-itself", step="limit-what-is-open", core=False)
def test_bad_limit(play: Play) -> None:
    """A `limit` below 1 is a `ValueError`, before any file is opened."""
    for limit, paths in ((0, MANY), (-2, MANY), (0, [])):
        t = alone(play, read_all(paths, limit), files=TEXTS)
        t.expect(f"raised with a `limit` of {limit}", t.call.raised, "ValueError")
        t.expect("files that were opened", [entry["value"] for entry in t.notes("open", "file")], [])


@check("R7", misconception="errors-at-the-end", step="limit-what-is-open", core=False)
def test_error_leaves(play: Play) -> None:
    """If a file cannot be opened or read, its error leaves the call, and all the others are closed."""
    for bad in ("yew", "rowan"):
        for t in bad_file(play, bad, 3).orders(4):
            expect_error_of(t, bad)
            expect_closed_if_opened(t, t.one("read_all"))
            expect_untracked(t)


@check("R7", misconception="errors-at-the-end", step="limit-what-is-open", core=False)
def test_error_stops_the_rest(play: Play) -> None:
    """Once a file could not be opened or read, no further one is opened."""
    for bad, limit, orders in (("yew", 2, 6), ("rowan", 2, 4), ("rowan", 1, 2)):
        for t in bad_file(play, bad, limit).orders(orders):
            expect_error_of(t, bad)
            # The block of `open_tracked` is left when opening failed, or when closing after the error is done.
            done = [(n["value"][0], n["t"] + n["value"][2]) for n in t.notes("thread") if n["value"][1] == bad]
            first = [end for what, end in done if what == ("open" if bad == "yew" else "close")][:1]
            first = first or [max(end for _, end in done)] if done else []  # closed in no thread: when all was done
            late = [n["value"] for n in t.notes("open", "file") if first and n["t"] > first[0] + 0.01]
            t.expect(f"opened after {bad} had failed", late, [])


def expect_error_of(t: Trace, bad: str) -> None:
    """Expect the error of the file that cannot be opened or read out of `read_all`."""
    error = "FileNotFoundError" if bad == "yew" else "UnicodeDecodeError"
    call = t.one("read_all")
    t.expect_that("read_all", error in call.errors, f"{call.ending}, where {error} should leave it")
