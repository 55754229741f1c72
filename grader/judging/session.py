"""The judge's side of one submission: a confined child that is loaded once, reused, and replaced when it dies.

`grader.checks.play` asks for plans and gets traces; everything that goes wrong on the way becomes a trace that says how the
run ended (the subject's doing) or `NotRun` (nobody can tell whose doing it is).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Protocol, Self

from grader.checks.rule import NotRun
from grader.course import BACKENDS, Module
from grader.judging.answers import (
    WAITS,
    ChildLine,
    Hung,
    TimeLimits,
    Waiting,
    ended_trace,
    parts_of,
    plan_complaint,
    refuse_forged,
)
from grader.judging.reached import Reached
from grader.judging.searches import Habits, Traces, play_search, spread_evenly
from grader.judging.submission import FileFault, Submission, load_fault
from grader.judging.trusted_trace import believe, known_words, words_of
from grader.sandbox import LinkClosed, LinkTimeout

SLICE = 0.5
"""Seconds of waiting between two looks at the child's processor time."""

MAX_KILLS = 2
"""Give up on a backend after this many hangs: the rest of the checks fails there without being tried."""

MAX_RUNAWAYS = 4
"""Give up on a backend after this many runs that did not end."""

SHORT = 4_000
"""Steps after which runs of a file are cut once one has not ended; a run of a right file takes a few hundred."""

SUSPECT_SECONDS = 0.25
"""Processor seconds that a step of a file may take once it has hung; a step of a right file takes a thousandth of it."""

BLOCKS = "blocks the event loop"
"""In what the worker says of a call that waits and uses no processor time: to see it takes seconds by the clock."""

RESUMED = 16
"""How many moments of a sweep are still tried, evenly spread, once its child had to be discarded: each may need a new child."""


class Forks(Protocol):
    """What makes confined children (`grader.sandbox.ForkServer`)."""

    @property
    def level(self) -> str:
        """The isolation level."""

    def child(self) -> ChildLine:
        """A new child."""


class Session:
    """The children of one submission, one after the other.

    Args:
        submission: a file without fault.
        forks: makes the children.
        limits: how long it may take; the time for all checks runs from now.
    """

    def __init__(self, module: Module, submission: Submission, forks: Forks, limits: TimeLimits | None = None) -> None:
        self.module = module
        self.submission = submission
        self.forks = forks
        self.limits = limits or TimeLimits()
        self.begun = time.monotonic()
        self.hangs: dict[str, list[str]] = {backend: [] for backend in BACKENDS}
        self.runaways: dict[str, list[str]] = {backend: [] for backend in BACKENDS}
        #: what its sweeps have shown of the file
        self.habits = Habits()
        #: what was asked for so far
        self.requests: list[Mapping[str, Any]] = []
        self.reached = Reached()
        self._scene = module.scene.read_text(encoding="utf-8")
        #: what names in a trace may be made of, besides the plan's
        self._words = words_of(self._scene)
        self._known = self._words
        self._parts = parts_of(self._scene)
        self._line: ChildLine | None = None
        self._playing: Generator[dict[str, Any], None, None] | None = None
        self._cpu_of_dead = 0.0
        self._output = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
        self.close()

    @property
    def output(self) -> str:
        """The end of what the file printed, in the child that is or was the last."""
        return self._output if self._line is None else self._line.output

    def close(self) -> None:
        """Kill the child, if there is one; the next plan gets a new one."""
        if self._line is not None:
            line, self._line = self._line, None
            self._cpu_of_dead += line.cpu_seconds()
            line.close()
            self._output = line.output

    def load(self) -> FileFault | None:
        """Start a child with the file in it, if there is none.

        Returns:
            Why the file cannot be loaded, or None.

        Raises:
            NotRun: the child's answer makes no sense.
        """
        return None if self._line is not None else self._load()

    def take_child(self, other: Session) -> bool:
        """Take the child of another session, and load this file where the other was; tell whether that went well.

        Raises:
            NotRun: the child gives no answer that means anything.
        """
        other.settle()
        self._line, other._line = other._line, None
        return self._line is not None and self._load() is None

    def _load(self) -> FileFault | None:
        try:
            self._line = self._line or self.forks.child()
            self._line.send(self._load_message())
            answer = self._receive()
        except LinkClosed as closed:
            self.close()
            refuse_forged(closed)
            return FileFault(
                "exit", f"importing the file ends the interpreter ({closed}): keep only definitions at the top"
            )
        except Hung as hung:
            self.close()
            why = f"importing the file does not end ({hung}): keep only definitions at the top"
            return FileFault("hang", why, hung.line)
        except NotRun:
            self.close()  # its answer may still come, and is not one to the next question
            raise
        problem = answer.get("problem")
        if answer.get("loaded") is True:
            return None
        self.close()
        if answer.get("loaded") is False and isinstance(problem, dict):
            return load_fault(problem)
        raise NotRun("the worker's answer to loading the file makes no sense")

    def _load_message(self) -> dict[str, Any]:
        return {
            "op": "load",
            "name": self.module.name,
            "source": self.submission.text,
            "scene": self._scene,
            "names": dict(self.module.names),
        }

    def play(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Play a plan: one trace a run, as they come. Closing the iterator early ends the search.

        A child that must be discarded half-way is replaced, and a new one plays the orders that are left.

        Args:
            request: ``backend``, ``plan``, ``outside``, ``debugger``, and the ``search`` (see `grader.judging.searches`).

        Raises:
            NotRun: the child's answers make no sense, or there is no answer and nobody to blame.
        """
        self.settle()
        if wrong := plan_complaint(request["plan"], *self._parts):
            raise NotRun(f"the check's plan does not fit {self.module.slug}/scene.py: {wrong}")
        self.requests.append(request)
        message = {**request, "op": "play"}
        self._known = known_words(request["plan"], self._words)
        search = message.pop("search")
        if any(self.runaways.values()):
            message["steps"] = SHORT
        if any(self.hangs.values()):
            message["step_seconds"] = SUSPECT_SECONDS
        self._playing = play_search(search, functools.partial(self._play_runs, message), self.habits)
        return self._playing

    def play_runs(self, request: Mapping[str, Any], runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Play just these runs in the child that there is, without replacing it; fewer traces than runs if it ends.

        Raises:
            NotRun: as for `play`.
        """
        self._known = known_words(request["plan"], self._words)
        return [] if self._line is None else list(self._play_in_child({**request, "op": "play", "runs": runs}))

    def seal(self, word: str) -> str | None:
        """Ask the child for the number of the worker's code (`grader.worker.process.seal`); None if there is no child.

        Raises:
            NotRun: it gives no answer.
        """
        try:
            self._send({"op": "seal", "word": word})
            return str(self._receive().get("seal"))
        except (LinkClosed, Hung):
            self.close()
            return None

    def settle(self) -> None:
        """End the search that is running, if any. A failed check leaves one in its exception."""
        if self._playing is not None:
            self._playing.close()
            self._playing = None

    def _play_runs(self, message: Mapping[str, Any], runs: list[dict[str, Any]]) -> Traces:
        """Play runs; what a discarded child leaves of them, in fresh ones."""
        while runs:
            if self._line is None and any(run["cancel"] or run["fault"] for run in runs):
                runs = spread_evenly(runs, RESUMED)
            runs = runs[(yield from self._play_in_child({**message, "runs": runs})) :]
            if self.given_up(message["backend"]):
                return

    def _play_in_child(self, message: Mapping[str, Any]) -> Generator[dict[str, Any], None, int]:
        """Play with one child, as far as it goes.

        Returns:
            How many runs have their trace.
        """
        count, ended = 0, "done"
        try:
            if fault := self.load():
                yield ended_trace(message, "exit", fault.text, fault.line)
                return 1
            self._send(message)
            finished = False
            try:
                while "trace" in (answer := self._receive()):
                    trace = believe(answer["trace"], message, count, self._known)
                    count, ended = count + 1, trace["end"]["kind"]
                    self._note(trace)
                    yield trace
                finished = True
            finally:
                if not finished:
                    self._stop(more=count < len(message["runs"]))
            self._finish(answer, message, count)
        except LinkClosed as closed:
            self.close()
            refuse_forged(closed)
            if ended not in ("stuck", "exit"):  # else the worker itself has said how it ended
                yield ended_trace(message, "exit", f"the interpreter {closed}", number=count)
                count += 1
        except Hung as hung:
            self.close()
            trace = ended_trace(message, "stuck", f"the run {hung}", hung.line, number=count)
            self._note(trace)
            yield trace
            count += 1
        except NotRun:
            self.close()
            raise
        return count

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._line is None:
            raise LinkClosed("was discarded")
        self._line.send(dict(message))

    def _finish(self, answer: Mapping[str, Any], message: Mapping[str, Any], count: int) -> None:
        if type(answer.get("done")) is not int or answer["done"] != count:
            raise NotRun("the worker's traces and its count of them differ")
        if answer.get("discard") is True:  # an aborted run left things behind, which would be the next run's leak
            self.close()
        elif count < len(message["runs"]):
            raise NotRun("the worker gave fewer traces than there were runs")
        if not count:
            raise NotRun("the worker gave no trace")

    def _stop(self, *, more: bool) -> None:
        """End a search whose remaining traces are not wanted; the child is reused if it answers in order.

        Args:
            more: whether runs are left that it would play.
        """
        if self._line is None:
            return
        try:
            if more:
                self._line.send({"op": "stop"})
            while "trace" in (answer := self._receive()):
                pass
            if "done" not in answer or answer.get("discard") is True:
                self.close()
        except (LinkClosed, Hung, NotRun):
            self.close()  # what was looked at before has its verdict already

    def _receive(self) -> dict[str, Any]:
        """The child's next message.

        Raises:
            LinkClosed: it died.
            Hung: it computes and does not answer.
            Late: it does not answer and does not compute.
        """
        line = self._line
        if line is None:
            raise LinkClosed("was discarded")
        waiting = Waiting(line, self.limits, self.submission.name, known=any(self.hangs.values()))
        while True:
            now = time.monotonic()
            if now >= self.begun + self.limits.total:
                self.limits.look(used=self._cpu_of_dead + line.cpu_seconds(), spent=now - self.begun)
            try:
                if not self.reached.take(answer := line.receive(now + min(SLICE, self.limits.total))):
                    return answer
            except LinkTimeout:
                waiting.look()

    def _note(self, trace: Mapping[str, Any]) -> None:
        """Remember a run that did not end."""
        end, backend = trace["end"], trace["backend"]
        if end["kind"] not in ("stuck", "runaway"):
            return
        waiting, text = end.get("waiting") or [], str(end.get("text", ""))
        line = next((item["line"] for item in waiting if isinstance(item.get("line"), int)), None)
        place = f"line {line}" if line else text[:80]
        if end["kind"] == "runaway":
            self.runaways[backend].append(place)
        else:
            self.hangs[backend] += [place] * (MAX_KILLS if BLOCKS in text or WAITS in text else 1)

    def given_up(self, backend: str) -> str | None:
        """Why the rest of the checks on a backend fails without being tried, or None."""
        hangs, runaways = self.hangs[backend], self.runaways[backend]
        if len(hangs) >= MAX_KILLS:
            return f"hung earlier, {hangs[-1]}"
        return f"an earlier run did not end, {runaways[-1]}" if len(runaways) >= MAX_RUNAWAYS else None
