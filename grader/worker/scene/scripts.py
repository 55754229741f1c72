"""Scripts: what an actor, or a job that the scene hands to the subject, does step by step, as plain data.

A step is a list: its verb, then its arguments. These verbs are known everywhere; a scene may add its own.

    ["wait", s]           sleep for s virtual seconds
    ["hang"]              wait forever
    ["checkpoint"]        pass one checkpoint
    ["give", value]       end the script with this value; text stands for an object of that name, compared by identity
    ["fail", name, kind]  raise the exception of that name; `kind` is one of `FAULTS`
    ["give_error", name, kind]  end the script with that exception as its value
    ["cleanup", *steps]   on the way out, however the script ends, run these steps shielded
    ["on_cancel", *steps] when cancelled, run these steps shielded; they may end in ``give`` or ``fail``
    ["fail_after", s]     the steps after it have their own timeout: `TimeoutError` after s virtual seconds
    ["in_group"]          the steps after it are played in a task group: what they raise leaves in a group
    ["within", s, *steps]     give these steps up after s virtual seconds
    ["attempt", name, *steps] steps that can be cancelled alone: ``["cancel", name]``
    ["cancel", actor]     cancel that actor from outside
    ["note", what]        note that this point was reached
    ["set", name] / ["until", name]   set, or wait for, an event of the scene
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import anyio
import anyio.lowlevel
from anyio import (  # bound here: what a file puts in their places in `anyio` is not what the worker uses
    CancelScope,
    create_task_group,
    fail_after,
    get_cancelled_exc_class,
    move_on_after,
)

from ..loops.span_of_task import current_span
from ..opaque import opaque_methods
from ..record.spans import SpanRecord

Step = Sequence[Any]
Verb = Callable[..., Awaitable[Any]]


class Stage(Protocol):
    """What a script needs of the world that it plays in."""

    scopes: dict[str, CancelScope]

    def cancel(self, who: str) -> bool:
        """Cancel an actor from outside."""

    def note(self, what: str, value: Any = None, *, who: str | None = None) -> None:
        """Note that something happened now."""

    def event(self, name: str) -> anyio.Event:
        """Return the scene's event of that name."""

    def note_strike(self, span: SpanRecord, error: BaseException) -> None:
        """Remember when a cancellation first reached a span."""

    async def step(self, who: str, verb: str, args: Sequence[Any], act: Verb) -> Any:
        """Play one of the scene's own steps."""

    def thing(self, name: Any) -> Any:
        """Return the object that a text stands for."""

    def fault(self, name: str, kind: str = "Fault") -> BaseException:
        """Return the exception of that name."""


class Fault(Exception):
    """An error that the scene raises."""


class Abandon(BaseException):
    """A `BaseException` of the scene's own: what passes like KeyboardInterrupt, without stopping asyncio's loop."""


@opaque_methods
class FaultGroup(ExceptionGroup[Fault]):
    """A group of two errors that the scene raises as one."""

    def __new__(cls, name: str) -> Self:
        """Return the group of that name."""
        return super().__new__(cls, name, [Fault(f"{name} first"), Fault(f"{name} second")])


#: What ``fail`` knows by name: each makes an exception of a text.
FAULTS: dict[str, Callable[[str], BaseException]] = {
    "Fault": Fault,
    "Abandon": Abandon,
    "ExceptionGroup": FaultGroup,
    "ExceptionGroup of one": lambda name: ExceptionGroup(name, [ValueError(name)]),
    "BaseExceptionGroup": lambda name: BaseExceptionGroup(name, [Abandon(name)]),
    "TimeoutError": TimeoutError,
    "ConnectionError": ConnectionError,
    "OSError": OSError,
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "IndexError": IndexError,
    "KeyError": KeyError,
    "TypeError": TypeError,
    "AssertionError": AssertionError,
    "EndOfStream": anyio.EndOfStream,
    "BrokenResourceError": anyio.BrokenResourceError,
    "ClosedResourceError": anyio.ClosedResourceError,
    "WouldBlock": anyio.WouldBlock,
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": SystemExit,
}


@opaque_methods
class Done(Exception):
    """A script's ``give``."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Script:
    """Plays the steps of one script in the current task.

    Args:
        who: name of the actor or job.
        verbs: the scene's own verbs: name → async function of the step's arguments.
    """

    def __init__(self, world: Stage, who: str, verbs: Mapping[str, Verb]) -> None:
        if taken := _AROUND.keys() & verbs.keys():
            raise ValueError(f"every script knows a step {min(taken)!r}: give the scene's own another name")
        self.world, self.who, self.verbs = world, who, verbs

    async def play(self, steps: Sequence[Step]) -> Any:
        """Run the steps; return the value of ``give``, else None.

        Raises:
            BaseException: what a ``fail`` step names, and cancellation.
        """
        try:
            await self._steps(steps)
        except Done as done:
            return done.value
        return None

    async def _steps(self, steps: Sequence[Step]) -> None:
        for index, step in enumerate(steps):
            verb, *args = step
            if verb in _AROUND:
                await _AROUND[verb](self, steps[index + 1 :], *args)
                return
            await self._step(verb, args)

    async def _cleanup(self, steps: Sequence[Step], *at_the_end: Step) -> None:
        try:
            await self._steps(steps)
        finally:
            with CancelScope(shield=True):
                await self._steps(at_the_end)

    async def _fail_after(self, steps: Sequence[Step], seconds: float) -> None:
        with fail_after(seconds):
            await self._steps(steps)

    async def _on_cancel(self, steps: Sequence[Step], *instead: Step) -> None:
        try:
            await self._steps(steps)
        except get_cancelled_exc_class():
            with CancelScope(shield=True):
                await self._steps(instead)
            raise

    async def _in_group(self, steps: Sequence[Step]) -> None:
        values = []

        async def alone() -> None:
            values.append(await self.play(steps))

        async with create_task_group() as group:
            group.start_soon(alone)
        raise Done(*values)

    async def _step(self, verb: str, args: Sequence[Any]) -> None:
        try:
            await self._do(verb, args)
        except get_cancelled_exc_class() as cancelled:
            span = current_span.get()
            if span is not None:
                self.world.note_strike(span, cancelled)
            raise

    async def _do(self, verb: str, args: Sequence[Any]) -> None:
        if verb in self.verbs:
            await self.world.step(self.who, verb, args, self.verbs[verb])
        elif verb in _NESTED:
            await self.world.step(self.who, verb, args, functools.partial(_NESTED[verb], self))
        elif verb in _PLAIN:
            await _PLAIN[verb](*args)
        elif verb in _OWN:
            made = _OWN[verb](self, *args)
            if isinstance(made, Awaitable):
                await made
        else:
            raise LookupError(f"the scene knows no step {verb!r}")

    async def _within(self, seconds: float, *steps: Step) -> None:
        with move_on_after(seconds):
            await self.play(steps)

    async def _attempt(self, name: str, *steps: Step) -> None:
        with CancelScope() as scope:
            self.world.scopes[name] = scope
            await self.play(steps)

    def _give(self, value: Any) -> None:
        raise Done(self.world.thing(value))

    def _give_error(self, name: str, kind: str = "Fault") -> None:
        raise Done(self.world.fault(name, kind))

    def _fail(self, name: str, kind: str = "Fault") -> None:
        raise self.world.fault(name, kind).with_traceback(None)  # the same one each time: not with all its past

    def _cancel(self, who: str) -> None:
        self.world.cancel(who)

    def _note(self, what: str) -> None:
        self.world.note(what, who=self.who)

    def _set(self, name: str) -> None:
        self.world.event(name).set()

    def _until(self, name: str) -> Awaitable[None]:
        return self.world.event(name).wait()


#: The steps that are around those after them: each is called with these, and with its own arguments.
_AROUND: dict[str, Callable[..., Awaitable[None]]] = {
    "cleanup": Script._cleanup,
    "on_cancel": Script._on_cancel,
    "fail_after": Script._fail_after,
    "in_group": Script._in_group,
}

#: Steps that hold further steps; each is a span.
_NESTED: dict[str, Callable[..., Awaitable[None]]] = {"within": Script._within, "attempt": Script._attempt}

#: Steps that need nothing of their script.
_PLAIN: dict[str, Callable[..., Awaitable[None]]] = {
    "wait": anyio.sleep,
    "hang": anyio.sleep_forever,
    "checkpoint": anyio.lowlevel.checkpoint,
}

#: Steps of a script's own.
_OWN: dict[str, Callable[..., Awaitable[None] | None]] = {
    "give": Script._give,
    "give_error": Script._give_error,
    "fail": Script._fail,
    "cancel": Script._cancel,
    "note": Script._note,
    "set": Script._set,
    "until": Script._until,
}
