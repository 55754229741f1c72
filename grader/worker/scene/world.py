"""The world that a scene plays in: actors, jobs, tokens, the calls of the subject, and outside interference."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
from anyio import (  # bound here: what a file puts in their places in `anyio` is not what the worker uses
    CancelScope,
    create_task_group,
    get_cancelled_exc_class,
)

from ..loops.control import Control
from ..loops.span_of_task import current_span
from ..loops.waits import where
from ..record.spans import SpanRecord, leaves
from ..watch.locks import name_lock
from ..watch.probes import Probes
from . import subject as subjects
from .boundary import Outside, Passage, PlainAwaitable, Thing
from .doors import async_door, door
from .scripts import FAULTS, Script, Step, Verb

_IS_CALL = "_is_call_of_the_subject"


def _make_awaitable(job: Callable[..., Any], *args: Any) -> PlainAwaitable:
    return PlainAwaitable(functools.partial(job, *args))


class World:
    """What a scene sees of the worker.

    Args:
        outside: interference that the plan asks for: ``cancel`` and ``within``, lists of [actor, virtual s].
        faults: fakes that fail: name of the fake → the calls of it (from 1) that raise.
    """

    def __init__(
        self,
        control: Control,
        probes: Probes,
        subject_file: str,
        *,
        backend: str,
        outside: Mapping[str, Sequence[Any]] | None = None,
        faults: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.backend = backend
        self._control, self._probes, self._file = control, probes, subject_file
        self._outside = outside or {}
        self._faults = faults or {}
        self._calls: dict[str, int] = {}
        self._things: dict[str, Any] = {}
        self._events: dict[str, anyio.Event] = {}
        self.scopes: dict[str, CancelScope] = {}
        self._from_outside = Outside()
        self._cancelled_exc = get_cancelled_exc_class()

    # -- identity ----------------------------------------------------------------------------------------------
    @property
    def now(self) -> float:
        """The virtual time (s)."""
        return self._control.now

    def token(self, thing: Any, name: str) -> Any:
        """Let `thing`, compared by identity, appear in the trace under `name`; return it."""
        self._control.record.token(thing, name)
        return thing

    def thing(self, name: Any) -> Any:
        """Return the object that text stands for (a new one for a new name); any other value is returned as it is."""
        if not isinstance(name, str):
            return name
        if name not in self._things:
            self._things[name] = self.token(Thing(name), name)
        return self._things[name]

    def fault(self, name: str, kind: str = "Fault") -> BaseException:
        """Return the exception of that name: the same one each time."""
        key = f"error {name}"
        if key not in self._things:
            self._things[key] = self.token(FAULTS[kind](name), name)
        error: BaseException = self._things[key]
        return error

    def lock(self, name: str) -> anyio.Lock:
        """Return a new lock of anyio's that appears in the trace under `name`."""
        return name_lock(self.token(anyio.Lock(), name), name)

    def event(self, name: str) -> anyio.Event:
        """Return the scene's event of that name."""
        return self._events.setdefault(name, anyio.Event())

    def threads_take(self, duration: Callable[[Any, tuple[Any, ...]], float]) -> None:
        """Let calls in worker threads take `duration(function, args)` virtual seconds; without it they take none."""
        self._probes.threads.duration = duration

    # -- jobs and actors ---------------------------------------------------------------------------------------
    def job(
        self, who: str, script: Sequence[Step], *, what: str = "run", verbs: Mapping[str, Verb] | None = None
    ) -> Any:
        """Return an async function that plays `script` each time it is called, as a span `what` of `who`.

        A script that begins with ``["at_once"]`` acts when it is called instead of when it is awaited (it must then
        ``fail``); one that begins with ``["awaitable"]`` returns an awaitable that is not a coroutine.
        """
        form = script[0][0] if script and script[0][0] in ("at_once", "awaitable") else "async"
        steps = script[1:] if form != "async" else script

        if form == "at_once":
            return door(functools.partial(self._fail_at_once, who, what, steps[0][1:]))
        act = functools.partial(self._play_job, who, what, functools.partial(self._job, who, steps, verbs or {}))
        job = async_door(act, "World.job.<locals>.job", __name__)
        return job if form == "async" else door(functools.partial(_make_awaitable, job))

    def _play_job(self, who: str, what: str, act: Verb, *args: Any) -> Any:
        return self._span(who, what, args, act)

    def _fail_at_once(self, who: str, what: str, error_of: Sequence[Any], *args: Any) -> NoReturn:
        span = self._begin(who, what, args)
        error = self._due_fault(who) or self.fault(*error_of)
        self._end(span, "raised", error=error)
        raise error

    async def _job(self, who: str, steps: Sequence[Step], verbs: Mapping[str, Verb]) -> Any:
        if (fault := self._due_fault(who)) is not None:
            await anyio.lowlevel.checkpoint()
            raise fault
        return await Script(self, who, verbs).play(steps)

    def _due_fault(self, who: str) -> BaseException | None:
        """Count a call of a fake, and return what it raises if it is one that fails."""
        count = self._calls[who] = self._calls.get(who, 0) + 1
        return self.fault(f"fault {count} of {who}") if count in self._faults.get(who, ()) else None

    async def actors(
        self,
        scripts: Mapping[str, Sequence[Step]],
        verbs: Mapping[str, Verb] | None = None,
        *,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Play the scripts, each in a task of its own that can be cancelled from outside; return when all ended.

        Args:
            scripts: actor → what it does.
            verbs: the scene's own verbs.
            names: actor → name of its task, where that is not the actor's name.
        """
        async with create_task_group() as group:
            for who, script in scripts.items():
                group.start_soon(self._actor, who, script, verbs or {}, name=(names or {}).get(who, who))

    async def play(self, steps: Sequence[Step], verbs: Mapping[str, Verb] | None = None) -> Any:
        """Play further steps in the name of the actor whose step this is, such as those inside a block."""
        parent = current_span.get()
        return await Script(self, parent.who if parent is not None else "scene", verbs or {}).play(steps)

    async def _actor(self, who: str, script: Sequence[Step], verbs: Mapping[str, Verb]) -> None:
        for actor, after in self._outside.get("cancel", ()):
            if actor == who:
                self._control.at(after, functools.partial(self.cancel, who))
        with CancelScope() as scope:
            self.scopes[who] = scope
            for actor, deadline in self._outside.get("within", ()):
                if actor == who:
                    # Our timer fires just before the deadline does, so that the cancellation is known as ours.
                    self._control.at(deadline, functools.partial(self.cancel, who, due=True))
                    scope.deadline = deadline
            await self._span(who, "actor", (), functools.partial(Script(self, who, verbs).play, script), absorb=True)

    def cancel(self, who: str, *, due: bool = False) -> bool:
        """Cancel the actor from outside, as the caller of the subject would or, if it is `due`, a deadline around it; return True."""
        scope = self.scopes.get(who)
        if scope is not None:
            self._from_outside.cancel(scope, due=due)
            self.note("cancel", who=who)
        return True

    # -- the subject -------------------------------------------------------------------------------------------
    async def call(self, what: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call the subject and record how it ends; an error is recorded and goes no further, cancellation does.

        Returns:
            what the subject returned; None if it raised.
        """
        parent = current_span.get()
        who = parent.who if parent is not None else "scene"
        act = functools.partial(function, *args, **options)
        return await self._span(who, what, args, act, absorb=True, subject=True)

    @staticmethod
    def as_call(act: Verb) -> Verb:
        """Return a verb of the scene's own of which all that it does is a call of the subject."""
        call = functools.partial(act)
        setattr(call, _IS_CALL, True)
        return call

    async def step(self, who: str, verb: str, args: Sequence[Any], act: Verb) -> Any:
        """Play one of the scene's own steps as a span; an error that it raises is recorded and goes no further."""
        call = getattr(act, _IS_CALL, False)
        return await self._span(who, verb, args, functools.partial(act, *args), absorb=True, subject=call)

    async def after(self, what: str = "after") -> None:
        """Pass a checkpoint, as the subject's caller would, recorded as a span: a pending cancellation shows here."""
        parent = current_span.get()
        who = parent.who if parent is not None else "scene"
        await self._span(who, what, (), anyio.lowlevel.checkpoint)

    def note(self, what: str, value: Any = None, *, who: str | None = None) -> None:
        """Note that something happened now."""
        span = current_span.get()
        self._control.record.note(who or (span.who if span is not None else "scene"), what, value, span)

    def signal_at(self, when: float, name: str) -> None:
        """Send the process the signal of that name, such as ``TERM``, at the virtual time `when` (s)."""
        self._control.at(when, functools.partial(self._signal, name))

    def _signal(self, name: str) -> bool:
        number = signal.Signals[f"SIG{name}"]
        self.note("signal", name, who="scene")
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            self._control.stop("exit", f"nobody caught SIG{name}: it ends the process")
            return True
        signal.raise_signal(number)
        return False  # whether that wakes the loop shows at its descriptors

    def note_strike(self, span: SpanRecord, error: BaseException, line: int | None = None) -> None:
        """Remember when a cancellation first reached `span`, and whether it came from outside."""
        if span.cancelled is None:
            span.cancelled, span.line = self.now, line
            span.outside = self._from_outside.is_behind(error)

    # -- spans -------------------------------------------------------------------------------------------------
    def _begin(self, who: str, what: str, args: Sequence[Any], *, subject: bool = False) -> SpanRecord:
        encode = self._control.record.encode
        name = self._control.current_name()
        parent = current_span.get()
        span = self._control.record.begin(who, what, [encode(arg) for arg in args], parent=parent, task=name)
        span.subject = subject
        return span

    def _end(self, span: SpanRecord, how: str, *, value: Any = None, error: BaseException | None = None) -> None:
        record = self._control.record
        span.end, span.ended, span.how = self.now, record.tick(), how
        if how == "returned":
            span.value = record.encode(value)
        if error is not None:
            span.error = record.encode_error(error)
            span.line = span.line or subjects.line_of(error, self._file)

    async def _span(
        self,
        who: str,
        what: str,
        args: Sequence[Any],
        act: Callable[[], Any],
        *,
        absorb: bool = False,
        subject: bool = False,
    ) -> Any:
        span = self._begin(who, what, args, subject=subject)
        token = current_span.set(span)
        try:
            if subject:
                value = await Passage(act, functools.partial(self._note_throw, span))
            else:
                value = await act()
        except self._cancelled_exc as cancelled:
            self.note_strike(span, cancelled)
            span.outside = span.outside or subject  # only a scope around it can end a call of the subject this way
            self._end(span, "cancelled")
            raise
        except BaseException as error:
            self._end(span, "raised", error=error)
            if not absorb:
                raise
            cancellation = self._cancellation_in(error)
            if cancellation is not None:
                raise cancellation from None
            return None
        else:
            self._end(span, "returned", value=value)
            return value
        finally:
            if subject:
                span.left = self._probes.left_by(span)
            current_span.reset(token)

    def _cancellation_in(self, error: BaseException) -> BaseException | None:
        return next((leaf for leaf in leaves(error) if isinstance(leaf, self._cancelled_exc)), None)

    def _note_throw(self, span: SpanRecord, error: BaseException, coro: Any) -> None:
        # Only those from outside: the subject's own timeouts, and trio.sleep's, end where they began.
        if span.cancelled is None and self._from_outside.is_behind(error):
            self.note_strike(span, error, where(coro, self._file))
