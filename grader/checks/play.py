"""Plays plans for a check: one run, many orders, a cancellation at every step, a fault at every call."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from grader.checks.rule import CheckFailed, NotRun
from grader.checks.trace import Span, Trace
from grader.checks.values import same
from grader.worker.loops.orders import sampled_order

#: Orders a check samples: half of them on each backend, other ones on each.
ORDERS = 40
#: What says which run of a plan a trace is of, beside ``choices``.
RUN = ("seed", "order", "cancel", "fault")


class TraceSource(Protocol):
    """Where requests go: a confined child, or this process when a debugger is at work."""

    def play(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Play a request and yield its traces as they come; closing the iterator ends the search."""


@dataclass
class Covered:
    """Which orders of a plan were played, in place of sampled ones.

    Args:
        most: how many runs are played at most.
        runs: how many were.
        within: all orders with so many deviations from first in, first out were among them; -1 if not even that one.
        left: how many orders with one deviation more there are, which were too many.
        exhausted: whether there is no other order at all.
    """

    most: int
    runs: int = 0
    within: int = -1
    left: int = 0
    exhausted: bool = False


class Play:
    """What a check plays with: ``play(**plan)`` returns a `Trial`.

    Args:
        session: where the runs take place.
        backend: ``asyncio`` or ``trio``.
        key: decides what `draw` draws: the same key draws the same.
        only: replay just this run of a search: the ``seed``, ``order``, ``cancel`` and ``fault`` of a trace, and its
            ``choices`` if it has some.
        debugger: where a run is played again that comes to `breakpoint()`; None lets `breakpoint()` do nothing.
        observe: look closely at the learner's code, which slows it down: its exceptions, and the lines it goes through.
        most: play all orders within a few deviations in place of sampled ones, where they are not more than this.
    """

    def __init__(
        self,
        session: TraceSource,
        *,
        backend: str,
        key: bytes = b"",
        only: Mapping[str, Any] | None = None,
        debugger: TraceSource | None = None,
        observe: bool = False,
        most: int | None = None,
    ) -> None:
        self.observe, self.most = observe, most
        #: what was played in place of sampled orders, a plan each
        self.covered: list[Covered] = []
        self.session, self.backend, self.key, self.only, self.debugger = session, backend, key, only, debugger
        seed = hmac.new(key, b"draw", hashlib.sha256).digest()
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose; the key is what nobody knows
        self.runs = 0
        #: how many plans were played, those of searches that go on included
        self.searches = 0
        #: the first trace that a run gave, and the last one
        self.first: Trace | None = None
        self.last: Trace | None = None
        #: whose value was read last, of the runs since `last`
        self.reads: deque[Span] = deque(maxlen=1)
        #: whether the subject was called in any run
        self.called = False

    def __call__(self, **plan: Any) -> Trial:
        """Return a trial of that plan: the keyword arguments of the module's scene."""
        return Trial(self, plan)

    def search_for(self, search: dict[str, Any]) -> dict[str, Any]:
        """What is played for a search that a check asks for."""
        if self.only is not None:
            return _alone(self.only)
        if self.most is not None and search["kind"] == "orders":
            self.covered.append(Covered(self.most))
            return {"kind": "deviations", "covered": self.covered[-1]}
        return search

    @property
    def interrupts(self) -> list[str]:
        """Kinds of `fail` that are not an `Exception`; asyncio's own loop stops at a real SystemExit or KeyboardInterrupt."""
        return ["Abandon", "SystemExit", "KeyboardInterrupt"] if self.backend == "trio" else ["Abandon"]

    def expect_portable(
        self, what: str, run: Callable[[Play], Trace], read: Callable[[Trace], Any], wanted: Any
    ) -> Trace:
        """Fail the subject if a run shows what is wanted on the other backend, and not on this one (G1).

        What is wrong on both is for other clauses.

        Args:
            what: is looked at, in a few words.
            run: plays a plan, the same on both.
            read: finds in a run what is looked at.
            wanted: to be found there.

        Returns:
            The run on this backend.
        """
        other = Play(self.session, backend="trio" if self.backend == "asyncio" else "asyncio", key=self.key)
        trace = run(self)
        here, there = (_reading_or_why(each, read) for each in (trace, run(other)))
        if same(wanted, there):
            trace.expect(f"{what} (as on {other.backend})", here, wanted)
        return trace

    def draw(self, count: int, *, low: float = 1.0, step: float = 0.5) -> list[float]:
        """Return `count` different times (virtual s) in random order, at least `step` apart, from `low` on."""
        times = [low + step * (index + self._random.choice((0.1, 0.2, 0.3))) for index in range(count)]
        self._random.shuffle(times)
        return [round(time, 3) for time in times]

    def pick(self, low: int, high: int) -> int:
        """Return a random whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def shuffled(self, items: list[Any]) -> list[Any]:
        """Return the items in random order."""
        items = list(items)
        self._random.shuffle(items)
        return items


class Trial(Trace):
    """A plan that is about to be played; reading it plays it once, in the order in which tasks become ready.

    Args:
        play: what plays it.
        plan: the scene's keyword arguments.
        outside: interference from outside: ``cancel`` and ``within``, lists of [actor, virtual s].
        accepts: how a run may end beside being done.
        part: see `naming`.
    """

    def __init__(
        self,
        play: Play,
        plan: Mapping[str, Any],
        outside: Mapping[str, list[Any]] | None = None,
        accepts: tuple[str, ...] = (),
        part: str = "",
    ) -> None:
        super().__init__({}, part)
        self._play, self._plan = play, plan
        self._outside = {kind: list(entries) for kind, entries in (outside or {}).items()}
        self._accepts = accepts
        self._played = False
        self.reads = play.reads

    @property
    def data(self) -> Mapping[str, Any]:
        """The trace of the single run, as plain data."""
        if not self._played:
            self._data = next(self._search({"kind": "once"})).data
            self._played = True
        return self._data

    # -- interference ------------------------------------------------------------------------------------------
    def cancel(self, actor: str, *, at: float) -> Trial:
        """Return the trial with the actor cancelled from outside at the virtual time `at` (s)."""
        return self._with("cancel", [actor, at])

    def within(self, actor: str, deadline: float) -> Trial:
        """Return the trial with all that the actor does inside a scope with that deadline (virtual s)."""
        return self._with("within", [actor, deadline])

    def accepting(self, *ends: str) -> Trial:
        """Return the trial, in which a run may also end so: ``deadlock``, ``exit`` …; else that fails the subject."""
        return Trial(self._play, self._plan, self._outside, (*self._accepts, *ends), self.part)

    def naming(self, part: str) -> Trial:
        """Return the trial, whose failures name that part of the check's sentence, also where a run breaks off."""
        return Trial(self._play, self._plan, self._outside, self._accepts, part)

    def _with(self, kind: str, entry: list[Any]) -> Trial:
        outside = {**self._outside, kind: [*self._outside.get(kind, []), entry]}
        return Trial(self._play, self._plan, outside, self._accepts, self.part)

    # -- searches ----------------------------------------------------------------------------------------------
    def orders(self, budget: int = ORDERS) -> Iterator[Trace]:
        """Yield the trace of one run for each of `budget` orders (both backends together), uniform and POS in turn."""
        first = 0 if self._play.backend == "asyncio" else budget // 2
        seeds = range(first, first + budget // 2) if budget > 1 else [0]
        yield from self._search({"kind": "orders", "runs": [order_of(seed) for seed in seeds]})

    def cancelled(self, actor: str, *, limit: int = 120) -> Iterator[Trace]:
        """Yield a run undisturbed, then one for each step after which `actor` is cancelled, while the subject runs."""
        for trace in self._search({"kind": "cancel", "who": actor, "limit": limit}):
            if not trace.all("actor", actor) and trace.data["end"]["kind"] == "done":
                for call in trace.calls():  # such as a constructor that raised: nobody came on the scene
                    if call.how != "returned":
                        trace.fail(call.name, call.ending)
                raise LookupError(f"the scene has no actor {actor!r} to cancel")
            yield trace

    def faults(self, fake: str, *, limit: int = 50) -> Iterator[Trace]:
        """Yield a run undisturbed, then one for each call of the fake that raises."""
        yield from self._search({"kind": "faults", "who": fake, "limit": limit})

    def _search(self, search: dict[str, Any]) -> Iterator[Trace]:
        request = {
            "op": "play",
            "backend": self._play.backend,
            "plan": self._plan,
            "outside": self._outside,
            "search": self._play.search_for(search),
            "debugger": self._play.debugger is not None,
            "observe": self._play.observe,
        }
        count = 0
        self._play.searches = mine = self._play.searches + 1
        for played in self._answers(request):
            data = self._with_debugger(played, request) if played["end"]["kind"] == "breakpoint" else played
            trace = Trace(data, self.part)
            trace.reads = self._play.reads
            trace.reads.clear()
            self._play.first, self._play.last = self._play.first or trace, trace
            self._play.called = self._play.called or bool(trace.calls())
            self._play.runs += 1
            count += 1
            if data["end"]["kind"] not in self._accepts:
                trace.expect_ended()
            yield trace
            if self._play.searches != mine:  # there is one line to the worker: the rest of this search is lost
                raise NotRun(
                    "the check played another plan in the middle of a search: play it before, and keep what it gave"
                )
        if not count:
            raise NotRun("the run gave no record")

    def _answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            yield from self._play.session.play(request)
        except NotRun:
            raise
        except (
            Exception
        ) as error:  # such as a child that cannot be started: neither the check's fault nor the subject's
            raise NotRun(f"the plan could not be played: {type(error).__name__}: {error}") from error

    def _with_debugger(self, data: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        """Play the run that came to a breakpoint again, where the debugger has a terminal."""
        if self._play.debugger is None:
            return data
        return next(self._play.debugger.play({**request, "search": _alone(data)}))


def _reading_or_why(trace: Trace, read: Callable[[Trace], Any]) -> Any:
    """What is found in a run; if that fails the subject, why."""
    try:
        return read(trace)
    except CheckFailed as failure:
        return failure.sentence


def _alone(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the search for just the run of a trace."""
    return {"kind": "one", "choices": run.get("choices"), **{name: run[name] for name in RUN}}


def order_of(seed: int) -> dict[str, Any]:
    """Return the run for a seed."""
    return {"seed": seed, "order": sampled_order(seed)}
