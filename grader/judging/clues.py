"""Clues in the failing run of one check: what in it has a plain cause, with the evidence that the table of causes asks for.

`docs/causes.md` has the table. A clue is taken only where its evidence is in the run itself; reading the file alone proves nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.checks.trace import WAKE_UPS
from grader.course import BACKENDS
from grader.judging import learner_code
from grader.judging.exception_words import absent_key, in_words, is_plain_key
from grader.judging.inner_kinds import inner_kind
from grader.judging.run_evidence import RANKS, Clue, FailingRun
from grader.judging.shields import shields_that_delay
from grader.judging.slips import not_called, not_raised, out_of_next
from grader.judging.swallowing import caught_cancellations, exits_that_swallow
from grader.judging.wrong_values import BUILTIN_KINDS, no_return, no_yield, wrong_kind

BUGS = frozenset(
    {
        *("NameError", "AttributeError", "TypeError", "KeyError", "IndexError", "ImportError", "AssertionError"),
        *("ZeroDivisionError", "RecursionError", "StopIteration", "StopAsyncIteration"),
        *("WouldBlock", "ClosedResourceError", "BusyResourceError", "TaskNotFinished"),
    }
)
"""Exceptions that no contract asks for: whoever did not catch them by name did not expect them."""
MISUSE = re.compile(
    r"no running event loop|generator didn't|generator raised|already awaited|cancel scope|changed size during iteration"
    r"|mutated during iteration|asynchronous generator|being awaited already|already running|create_future|not in (?:list|deque)"
    r"|for a single 'with' block|task group is not active"
)
"""What the libraries say, in a RuntimeError or so, when something is used as it must not be."""
LEAVING = frozenset({"SystemExit", "KeyboardInterrupt", "TrioInternalError", "RuntimeError"})
"""What may leave an event loop and has a name that everybody knows."""
SIGNATURE = re.compile(r"^(?:[\w.<>]*\.)?(\w+)\(\) (?:got|missing|takes)\b")
UNENTERED = re.compile(r"object does not support the (?:asynchronous )?context manager protocol|__aenter__|__enter__")
LOCK_LINE = re.compile(r"line (\d+) waits for a lock")
MANY = 20
"""As often as that one after the other is again and again."""
NO_ASYNC_FOR = re.compile(r"^'async for' requires an object with __aiter__ method, got (\w+)")
LEAST_PART = 4
"""A loop that polls is gone through at least once in this many wake-ups."""
DUNDER = re.compile(r"from (__\w+__) that does not implement __await__")


def clues(run: FailingRun) -> list[Clue]:
    """All clues of a run, the likeliest cause first."""
    found = [
        *_not_written(run),
        *_errors(run),
        *_left_the_call(run),
        *_never_awaited(run),
        *_late_names(run),
        *not_called(run),
        *not_raised(run),
        *out_of_next(run),
        *no_return(run),
        *no_yield(run),
        *wrong_kind(run),
        *inner_kind(run),
        *shields_that_delay(run),
        *_not_iterable(run),
        *exits_that_swallow(run),
        *caught_cancellations(run),
        *_clock(run),
        *_signal_handlers(run),
        *_spans_and_points(run),
        *_blocking_calls(run),
        *_polls(run),
        *_exits(run),
    ]
    return sorted(found, key=lambda clue: (clue.rank, clue.when))


def other_of(backend: str) -> str:
    """The other backend."""
    return next(each for each in BACKENDS if each != backend)


def foreign(run: FailingRun, line: int) -> Clue | None:
    """The clue that a line uses the other backend's own library, if it does."""
    if run.backend not in BACKENDS:
        return None
    uses = run.code.uses_of(other_of(run.backend), line)
    return foreign_clue(uses[0], run.backend) if uses else None


def foreign_clue(use: tuple[int, str], backend: str) -> Clue:
    """The clue for a use of the other backend's own library: line and full name."""
    line, name = use
    text = f"`{name}` in line {line} works on {other_of(backend)} only; your code runs on {backend} too: use what anyio has"
    return Clue(RANKS["one backend"], "one backend", text, line)


# -- exceptions ---------------------------------------------------------------------------------------------------
def _not_written(run: FailingRun) -> Iterator[Clue]:
    for error in run.errors():
        if error["error"] == "NotImplementedError":
            line = error["span_line"]
            function = run.code.around(line) if line else None
            name = f"`{function.name}`" if function else "A part of the file"
            yield Clue(
                RANKS["not written"],
                "not written",
                f"{name} is not written yet: line {line} raises NotImplementedError",
                line,
            )


def _errors(run: FailingRun) -> Iterator[Clue]:
    """Exceptions that arose in the file, wherever they went."""
    left = {(error["error"], error.get("text")) for error in run.errors()}
    for each in run.observed.get("raised", ()):
        line, kind = each["line"], each["error"]
        if each["token"] or each["scene"] or line is None:
            continue
        if (clue := foreign(run, line)) is not None and kind in ("RuntimeError", "AttributeError", "TypeError"):
            yield clue
            continue
        out = (kind, each["text"]) in left
        if not is_unexpected(run, each):
            continue
        if "coroutine" in each["text"] and run.probes.get("unawaited_lines"):
            continue  # the coroutine itself says what is wrong
        said = in_words(run.code, line, each["text"], kind)
        own_text = each["text"]
        raises = f"Line {line} raises {kind}"
        if kind == "KeyError" and (where := absent_key(run.code, line)):
            raises, own_text = f"{raises}, as {where}", own_text if is_plain_key(own_text) else ""
        hidden = "" if out or not _is_caught(run, line) else ", and your own `except` catches "
        text = f"{said or raises}{hidden and hidden + (f'the {kind}' if said else 'it')}"
        yield Clue(RANKS["exception"], "exception", text, line, own_text, run.first_time(line))


def is_unexpected(run: FailingRun, error: Mapping[str, Any]) -> bool:
    """Whether an exception is a slip: nobody raised it by hand, nobody catches it by name, and no contract asks for it.

    Args:
        run: where it arose.
        error: what is known of it.
    """
    kinds, line = set(error["is"]), error["line"]
    if kinds & run.code.handled or (line is not None and run.code.raises_at(line, error["error"])):
        return False
    return bool(kinds & BUGS) or bool(MISUSE.search(error["text"]))


def _is_caught(run: FailingRun, line: int) -> bool:
    function = run.code.around(line)
    return function is not None and "except" in "\n".join(run.code.lines[function.lineno - 1 : function.end_lineno])


def _left_the_call(run: FailingRun) -> Iterator[Clue]:
    """Exceptions that the scene met when it used what the file has."""
    for error in run.errors():
        text, kind = str(error.get("text", "")), error["error"]
        if error["span_line"] is not None or kind not in ("TypeError", "AttributeError"):
            continue
        if dunder := DUNDER.search(text):
            function = run.code.function(dunder[1])
            line = function.lineno if function else None
            yield Clue(RANKS["wrong kind"], "wrong kind", f"`{dunder[1]}` must be an `async def` function", line)
        elif (named := SIGNATURE.search(text)) and (function := run.code.function(named[1])):
            said = f"`{named[1]}` does not take the arguments that it is called with: keep the signature of the stub"
            yield Clue(RANKS["signature"], "signature", said, function.lineno, text)
        elif UNENTERED.search(text):
            yield from _not_a_manager(run, text)


def _not_iterable(run: FailingRun) -> Iterator[Clue]:
    """What a context manager of the file gives to its body, where the scene could not go through it."""
    for error in run.observed.get("raised", ()):
        named = NO_ASYNC_FOR.match(error["text"]) if error["scene"] else None
        function = run.code.around(error["line"]) if named and error["line"] else None
        if named and function is not None and learner_code.is_manager(function) and named[1] in BUILTIN_KINDS:
            text = f"`{function.name}` gives a `{named[1]}` to the body, which `async for` cannot go through: a stream is wanted"
            yield Clue(RANKS["wrong kind"], "wrong kind", text, learner_code.yield_line(function))


def _not_a_manager(run: FailingRun, text: str) -> Iterator[Clue]:
    for function in run.code.functions:
        if "generator" in text and learner_code.has_yield(function) and not function.decorator_list:
            block, manager = (
                ("async with", "asynccontextmanager") if "asynchronous" in text else ("with", "contextmanager")
            )
            said = f"`{function.name}` is a generator, which `{block}` cannot enter: `@{manager}` is missing above it"
            yield Clue(RANKS["no yield"], "wrong kind", said, function.lineno, text)


# -- coroutines ---------------------------------------------------------------------------------------------------
def _never_awaited(run: FailingRun) -> Iterator[Clue]:
    probes = run.probes
    pairs = list(zip(probes.get("unawaited", ()), probes.get("unawaited_lines", ()), strict=False))
    for name, line in dict.fromkeys(pairs):
        if line is None:
            yield from _async_by_mistake(run, name)
            continue
        call = run.code.call_without_await(line, name)
        if call is None:
            continue
        starter = re.search(r"\.(start_soon|start)\(", run.code.line(line))
        if call.form == "part" and starter:
            text = f"Line {line} calls `{call.name}` itself: `{starter[1]}` wants the function and its arguments, and calls it"
        elif call.form == "part":
            text = f"`await` is missing in line {line}: nobody awaits the coroutine that `{call.name}` gives"
        elif call.form == "value":
            text = f"`await` is missing in line {line}: `{call.name}` gives a coroutine, not its result"
        else:
            text = f"`await` is missing in line {line}: `{call.name}` only makes a coroutine, and nothing of it runs"
        rank = RANKS["exception"] if call.form != "part" or starter else RANKS["signature"]
        yield Clue(rank, "never awaited", text, line, when=run.first_time(line))


def _async_by_mistake(run: FailingRun, name: str) -> Iterator[Clue]:
    """A function of the file that is called as a plain one."""
    function = run.code.function(name.rpartition(".")[2])
    if function is None or isinstance(function, ast.FunctionDef) or learner_code.is_manager(function):
        return
    text = f"`{function.name}` is an `async def`, and it is called without `await`: the contract has a plain `def`"
    yield Clue(RANKS["exception"], "never awaited", text, function.lineno)


def _late_names(run: FailingRun) -> Iterator[Clue]:
    """Tasks that read what a loop has changed since it started them."""
    times = dict(run.observed.get("lines", ()))
    for line, name, function in run.code.late_names:
        body = function.body[0].lineno if isinstance(function.body, list) else function.lineno
        if times.get(line, 0) > 1 and run.has_run(body, function.end_lineno):
            text = f"`{name}` in line {line} is the same for all tasks: each reads it only when it runs, and by then the loop has ended"
            if not isinstance(function, ast.Lambda):
                text = f"`{function.name}` reads `{name}` only when it runs, and by then the loop has ended: pass it as an argument of `start_soon`"
            yield Clue(RANKS["late name"], "late name", text, line)


# -- clocks and loops ---------------------------------------------------------------------------------------------
def _clock(run: FailingRun) -> Iterator[Clue]:
    endless = run.data.get("end", {}).get("kind") == "stuck"  # nobody looks closely at a run that stands still
    for line, name in run.code.clocks:
        if name != "time.sleep" and (endless or run.has_run(line)):
            text = f"`{name}` in line {line} is the clock on the wall: tasks wait on that of the event loop, `anyio.current_time()`"
            yield Clue(RANKS["wall clock"], "wall clock", text, line, when=run.first_time(line))


def _signal_handlers(run: FailingRun) -> Iterator[Clue]:
    for line, name in run.code.uses_of("signal"):
        if name == "signal.signal" and run.has_run(line):
            text = f"`signal.signal` in line {line} does not wake the event loop: `anyio.open_signal_receiver` receives signals"
            yield Clue(RANKS["signal handler"], "signal handler", text, line, when=run.first_time(line))


def _spans_and_points(run: FailingRun) -> Iterator[Clue]:
    """Seconds where a point in time is wanted, and points in time where seconds are."""
    for line, name, wants_a_point in run.code.mixed_times:
        if run.has_run(line):
            text = f"Line {line} passes `{name}`, a point in time, where seconds from now are wanted"
            if wants_a_point:
                text = f"`{name}` in line {line} is a number of seconds, and a deadline is a point in time: `anyio.current_time() + {name}`"
            yield Clue(RANKS["wrong time"], "wrong time", text, line, when=run.first_time(line))


def _blocking_calls(run: FailingRun) -> Iterator[Clue]:
    for entry in run.probes.get("blocking", ()):
        if entry["call"] == "time.sleep":
            text = f"`time.sleep` in line {entry['line']} stops the whole event loop: `await anyio.sleep(…)` lets other tasks run"
            yield Clue(RANKS["blocked"], "blocked", text, entry["line"], when=-1)
            break
    end = run.data.get("end", {})
    line = next((item["line"] for item in end.get("waiting", ()) if item.get("line")), None)
    if end.get("kind") == "stuck" and (named := LOCK_LINE.match(str(end["text"]))):
        line = int(named[1])  # the run was stopped by the watch over locks, which names the line itself
    if end.get("kind") == "stuck" and line is not None:
        loop = run.code.loop_around(line)
        if "waits for a lock" in end["text"]:
            text = f"Line {line} waits for a lock of `threading`, which stops the whole event loop"
        elif loop is not None:
            line = loop.lineno
            round_ = f"goes round and round without waiting{_because(loop)}{_again_and_again(run)}"
            text = f"The loop in line {line} {round_}: nothing else can run"
        else:
            text = f"Line {line} does not come to an end: nothing else can run meanwhile"
        yield Clue(RANKS["blocked"] if "lock" in text else RANKS["spinning"], "blocked", text, line)
    elif end.get("kind") == "runaway":
        yield from _spins(run, line)


def _because(loop: ast.While | ast.For | ast.AsyncFor) -> str:
    """Why a loop does not end, as far as its first line tells."""
    if not isinstance(loop, ast.While) or isinstance(loop.test, ast.Constant):
        return ""
    return f", because `{learner_code.shorten(ast.unparse(loop.test))}` stays true"


def _again_and_again(run: FailingRun) -> str:
    """What a loop that never waits begins in each round, as far as the scene saw it."""
    spans = [span for span in run.data.get("spans", ()) if not span["subject"] and span["what"] != "actor"]
    last = [(span["what"], span["who"]) for span in spans[-MANY:]]
    if len(last) < MANY or len(set(last)) > 1:
        return ""
    what, who = last[0]
    raises = ", which raises each time" if all(span["how"] == "raised" for span in spans[-MANY + 1 : -1]) else ""
    return f", and {'runs' if what == 'run' else f'calls `{what}` of'} `{who}` again and again{raises}"


def _exits(run: FailingRun) -> Iterator[Clue]:
    """The end of the interpreter, where no exception of the file explains it."""
    end = run.data.get("end", {})
    if end.get("kind") != "exit":
        return
    line = next((item["line"] for item in end.get("waiting", ()) if item.get("line")), None)
    text = str(end["text"])
    known = text.startswith(("nobody caught", "the interpreter")) or text.partition(" ")[0] in LEAVING
    said = text if known else "an exception that is not an `Exception` leaves the event loop"
    at = f", from line {line}" if line and f"line {line}" not in said else ""
    yield Clue(RANKS["exit"], "exit", f"{said[:1].upper()}{said[1:]}{at}", line)


def _polls(run: FailingRun) -> Iterator[Clue]:
    """A loop of the file that most of too many wake-ups come from."""
    if not run.said.startswith(WAKE_UPS) or type(run.seen) is not int:
        return
    counts = _counts(run)
    if counts and max(counts.values()) * LEAST_PART >= run.seen:
        yield from _spins(run, None)


def _counts(run: FailingRun) -> dict[int, int]:
    """How often the run went through each line that is in a loop in which the task waits."""
    lines = run.observed.get("lines", ())
    return {each: count for each, count in lines if run.code.loop_around(each, waits=True) is not None}


def _spins(run: FailingRun, line: int | None) -> Iterator[Clue]:
    counts = _counts(run)
    if counts:
        line = max(counts, key=lambda each: counts[each])
    loop = run.code.loop_around(line, waits=True) if line is not None else None
    if loop is not None:
        text = f"The loop in line {loop.lineno} looks again and again, instead of waiting until something happens"
        if run.data.get("end", {}).get("kind") == "runaway" and learner_code.sleeps_as_worked_out(loop):
            text = f"The loop in line {loop.lineno} does not end: however often it sleeps, what it waits for is still missing"
        yield Clue(RANKS["spinning"], "spinning", text, loop.lineno)
