"""Plays plans: one run after the other in one event-loop session, each as if the file were new, each giving one trace.

A loop session goes on over plans, as starting one costs as much as a short run; it is replaced when the backend changes and when
a run left something in it.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from anyio import (  # bound here: what a file puts in their places in `anyio` is not what the worker uses
    CancelScope,
    create_task_group,
    get_cancelled_exc_class,
)

from ..loops import asyncio_side, trio_side
from ..loops.control import STEP_LIMIT, Abort, Control, Cut, TaskInfo
from ..loops.orders import Order
from ..loops.span_of_task import current_span
from ..loops.waits import waiting
from ..record.spans import FORMAT, MAX_SPANS, SpanRecord, leaves
from ..scene.doors import SceneWorld
from ..scene.subject import Subject, line_of
from ..scene.world import World
from ..watch.observer import Observer
from ..watch.probes import Probes
from .alarm import STEP_CPU_SECONDS, Alarm

_SIDES: dict[str, types.ModuleType] = {"asyncio": asyncio_side, "trio": trio_side}


@dataclass(frozen=True)
class Run:
    """One run of a plan.

    Args:
        seed: of the order of ready tasks.
        order: name of the order.
        cancel: actor and number of its step after which it is cancelled from outside; a number below 1 only counts.
        fault: fake and number of its call that fails.
        choices: number of a choice and which of the ready tasks it takes, in the place of seed and order.
    """

    seed: int
    order: str
    cancel: tuple[str, int] | None = None
    fault: tuple[str, int] | None = None
    choices: tuple[tuple[int, int], ...] | None = None

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Run:
        """Return the run that plain data describes."""
        cancel, fault = plain["cancel"], plain["fault"]
        return cls(
            plain["seed"],
            plain["order"],
            (cancel["who"], cancel["after"]) if cancel else None,
            (fault["who"], fault["call"]) if fault else None,
            None if (choices := plain.get("choices")) is None else tuple((number, which) for number, which in choices),
        )


class _Asked:
    """What is asked for: the runs of one request, then those of the next.

    Args:
        request: the first.
        stopped: tells that no further run of the request is wanted.
        following: called when a request is over; returns the next one, or None.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        stopped: Callable[[], bool],
        following: Callable[[], Mapping[str, Any] | None],
    ) -> None:
        self.request = request
        self.run: Run | None = None
        self._runs = map(Run.read, request["runs"])
        self._stopped, self._following = stopped, following

    @property
    def backend(self) -> str:
        """Where the next run takes place."""
        return str(self.request["backend"])

    def find(self, *, over: bool) -> None:
        """Find the next run; None if there is none.

        Args:
            over: no further run of this request can be played.
        """
        self.run = None if over else next(self._runs, None)
        while self.run is None or self._stopped():
            request = self._following()
            if request is None:
                self.run = None
                return
            self.request, self._runs = request, map(Run.read, request["runs"])
            self.run = next(self._runs, None)


@functools.lru_cache(1)
def _code_of(scene: str) -> types.CodeType:
    return compile(scene, "scene.py", "exec", dont_inherit=True)


class RunPlayer:
    """One subject in its scene."""

    def __init__(self, subject: Subject, scene: str, *, alarm: Alarm) -> None:
        self.subject, self.alarm = subject, alarm
        module = types.ModuleType("scene")
        exec(_code_of(scene), module.__dict__)
        self._scene: Callable[..., Any] = module.__dict__["scene"]
        self.dirty = False
        self._under_way = False  # a run is
        self._sweep_at: list[
            list[float]
        ] = []  # place among the events of the run, and time, of each step that a sweep counts

    def play(
        self,
        request: Mapping[str, Any],
        emit: Callable[[dict[str, Any]], None],
        stopped: Callable[[], bool] = lambda: False,
        following: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> None:
        """Play a request, and those that follow it, in one loop session as long as each run ends cleanly.

        Args:
            request: a ``play`` request as `docs/trace_format.md` has it.
            emit: takes one trace a run, as they come.
            stopped: tells that no further run of the request is wanted.
            following: called when a request is over; returns the next one, or None if there is none or this session is
                `dirty`.
        """
        asked = _Asked(request, stopped, following)
        current_span.outside()
        asked.find(over=self.dirty)

        def answer(trace: dict[str, Any]) -> None:
            emit(trace)
            asked.find(over=self.dirty)

        async def session(take_over: Callable[[Control], None], is_clean: Callable[[], bool]) -> None:
            backend = asked.backend
            limiter = anyio.to_thread.current_default_thread_limiter()  # it belongs to the loop, and so to all its runs
            usual = limiter.total_tokens
            while asked.run is not None and asked.backend == backend:
                answer(await self._run(asked.run, asked.request, take_over))
                if not is_clean() or limiter.total_tokens != usual or limiter.borrowed_tokens:
                    return

        while asked.run is not None:
            try:
                _SIDES[asked.backend].run(session)
            except BaseException as error:
                if not self._under_way:
                    raise
                self.dirty, self._under_way = True, False
                answer(self._make_trace() if isinstance(error, Abort) else self._trace_of_exit(error))

    # -- runs --------------------------------------------------------------------------------------------------
    async def _run(self, run: Run, request: Mapping[str, Any], take_over: Callable[[Control], None]) -> dict[str, Any]:
        self._control = control = Control(
            Order(run.order, run.seed, None if run.choices is None else dict(run.choices)),
            step_limit=request.get("steps", STEP_LIMIT),
            current=_SIDES[request["backend"]].current_task,
        )
        control.debugger = bool(request.get("debugger"))
        self.alarm.step_seconds = request.get("step_seconds", STEP_CPU_SECONDS)
        current_span.begin(control.current_info)
        self._request, self._running, self._under_way = request, run, True
        self._probes = probes = Probes(control, self.subject.file)
        if request.get("observe"):
            probes.observer = Observer(control, self.subject.file, get_cancelled_exc_class(), probes.locks)
        control.waiters = lambda: waiting(list(control.open.values()), self.subject.file)
        with probes, self.alarm.watching(control, self.subject.file, self._trace_of_stuck):
            take_over(control)
            with CancelScope() as root:
                control.on_cut = root.cancel
                async with create_task_group() as group:
                    group.start_soon(self._scene_task, run, request, name="scene")
            if probes.observer is not None:
                probes.observer.stop()
            control.running = False
            left_over = any(not info.over for info in control.open.values())
            self.dirty = self.dirty or control.dirty or left_over
            self._under_way = False
            return self._make_trace()

    async def _scene_task(self, run: Run, request: Mapping[str, Any]) -> None:
        control = self._control
        world = World(
            control,
            self._probes,
            self.subject.file,
            backend=request["backend"],
            outside=request.get("outside"),
            faults={run.fault[0]: [run.fault[1]]} if run.fault else None,
        )
        self._sweep_at = []
        if run.cancel is not None:
            control.after_each_step = functools.partial(self._sweep, world, run.cancel)
        module = self.subject.load()
        if self._probes.observer is not None:
            self._probes.observer.start()
        try:
            await self._scene(module, SceneWorld(world, self._scene.__globals__, self.subject.file), **request["plan"])
        except get_cancelled_exc_class():
            raise
        except BaseException as error:
            if control.cut is None:
                first = leaves(error)[0]  # of a group's own text nobody learns anything
                line, kind = line_of(first, self.subject.file), type(first).__name__
                text = f"{kind} left the scene" if line is None else f"{kind}, line {line}"
                control.cut = _make_cut("error", f"{text}: {first}")
                control.record.freeze()

    def _sweep(self, world: World, cancel: tuple[str, int], info: TaskInfo) -> None:
        """Count the steps made inside the subject's calls of that actor, and cancel it after the one that is asked for."""
        who, wanted = cancel
        span, inside = info.inner, False
        while span is not None:
            inside = inside or span.subject
            if inside and span.what == "actor" and span.who == who:
                self._sweep_at.append([self._control.record.last_tick, round(self._control.now, 9)])
                if len(self._sweep_at) == wanted:
                    world.cancel(who, due=wanted % 2 == 0)  # a file that tells one kind from the other gets both
                return
            span = span.parent

    # -- traces ------------------------------------------------------------------------------------------------
    def _make_trace(self) -> dict[str, Any]:
        control, run = self._control, self._running
        cut = control.cut
        end = {"kind": "done", "text": "", "waiting": []} if cut is None else vars(cut)
        if cut is None and control.record.full:
            end = {"kind": "runaway", "text": f"the run made more than {MAX_SPANS:,} calls", "waiting": []}
        trace: dict[str, Any] = {
            "format": FORMAT,
            "backend": self._request["backend"],
            "seed": run.seed,
            "order": run.order,
            "cancel": None if run.cancel is None else {"who": run.cancel[0], "after": run.cancel[1]},
            "fault": None if run.fault is None else {"who": run.fault[0], "call": run.fault[1]},
            "spans": control.record.plain_spans(),
            "notes": control.record.notes,
            "steps": control.steps,
            "time": round(control.now, 9),
            "end": end,
            "tasks": [_plain_task(info) for info in control.every],
            "probes": self._probes.plain(),
        }
        if run.choices is not None:
            trace["choices"] = [list(choice) for choice in run.choices]
            trace["ran"] = control.ran
            trace["offered"] = control.order.offered
        elif run.order != "fifo":
            trace["taken"] = [list(choice) for choice in control.order.taken]
        if run.cancel is not None:
            trace["sweep_steps"] = len(self._sweep_at)
            if run.cancel[1] < 1:
                trace["sweep_at"] = self._sweep_at
        return trace

    def _trace_of_exit(self, error: BaseException) -> dict[str, Any]:
        control = self._control
        if control.cut is None:
            line = line_of(error, self.subject.file)
            where = f" at line {line}" if line else ""
            control.cut = _make_cut(
                "exit", f"{type(error).__name__} left the event loop{where}", self.subject.file, line
            )
            control.record.freeze()
        return self._make_trace()

    def _trace_of_stuck(self, text: str, line: int | None) -> dict[str, Any]:
        """Make the trace of a run that the alarm found stuck; the process ends after it."""
        self._control.cut = _make_cut("stuck", text, self.subject.file, line)
        self._control.record.freeze()
        return self._make_trace()


def _make_cut(kind: str, text: str, file: str | None = None, line: int | None = None) -> Cut:
    waiting_at = [] if line is None else [{"task": "", "file": file, "line": line, "code": None}]
    return Cut(kind, text, waiting_at)


def _plain_task(info: TaskInfo) -> dict[str, Any]:
    born: SpanRecord | None = info.born
    return {
        "name": info.name,
        "parent": info.parent.name if info.parent is not None else None,
        "span": born.id if born is not None else None,
        "start": round(info.start, 9),
        "end": None if info.end is None else round(info.end, 9),
        "how": info.how,
        "steps": info.steps,
    }
