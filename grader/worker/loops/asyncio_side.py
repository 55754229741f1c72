"""The worker's event loop for asyncio: virtual time, one task step a turn, in an order that we choose."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import selectors
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from ..opaque import nameless, opaque, opaque_methods
from . import private
from .control import TIE, Control
from .orders import Order

#: Returns the current task.
current_task = asyncio.current_task
#: The control of each loop: it is not an attribute of the loop, which everybody has in hand.
_controls: dict[Any, Control] = {}


@opaque_methods
class _Ready:
    """The loop's queue of ready handles: callbacks first, in order, then one step of one task."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._callbacks: deque[asyncio.Handle] = deque()
        self._callbacks_this_turn = 0
        self._steps: list[tuple[float, int, asyncio.Task[Any], asyncio.Handle]] = []

    def append(self, handle: asyncio.Handle) -> None:
        task = private.step_task(handle._callback)  # type: ignore[attr-defined]
        if task is None:
            self._callbacks.append(handle)
        else:
            control = _controls[self._loop]
            info = control.tasks.get(task)
            # A task's first step is queued while the task is made: it gets the next number.
            serial = info.serial if info else control.next_serial
            # A task that yields queues after those that its step made ready: it queues when the step is over.
            turn = self._loop.turn + (0.5 if task is self._loop.stepping else 0.0)
            self._steps.append((turn, serial, task, handle))

    def popleft(self) -> asyncio.Handle:
        if self._callbacks_this_turn:
            self._callbacks_this_turn -= 1
            return self._callbacks.popleft()
        control = _controls[self._loop]
        index = control.pick([step[:2] for step in self._steps])
        _, _, task, handle = self._steps.pop(index)
        self._loop.stepping = task
        control.stepping = control.tasks.get(task)
        return handle

    def __len__(self) -> int:
        # The loop asks before a turn how much there is to do: callbacks that come during the turn wait for the next,
        # or a cancellation, which is delivered again and again, would keep the tasks from running.
        self._callbacks_this_turn = len(self._callbacks)
        return self._callbacks_this_turn + bool(self._steps)

    def holds(self) -> bool:
        """Tell whether something is in the queue; unlike `len`, which the loop takes as the beginning of a turn."""
        return bool(self._callbacks or self._steps)

    def __iter__(self) -> Iterator[asyncio.Handle]:
        yield from self._callbacks
        yield from (step[3] for step in self._steps)

    def clear(self) -> None:
        self._callbacks.clear()
        self._steps.clear()


@opaque_methods
class _Selector(selectors.BaseSelector):
    """Wraps the loop's real selector: entering `select` is the boundary between two steps."""

    def __init__(self, inner: selectors.BaseSelector) -> None:
        self.inner = inner
        self.loop: Loop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self.loop
        if loop is None:
            return self.inner.select(0)
        return _between_steps(loop)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self.inner.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self.inner.get_key(fileobj)

    def get_map(self) -> Any:
        return self.inner.get_map()

    def close(self) -> None:
        self.inner.close()


def _how(task: asyncio.Task[Any]) -> str:
    if task.cancelled():
        return "cancelled"
    return "returned" if task.exception() is None else "raised"


@opaque_methods
class Loop(asyncio.SelectorEventLoop):
    """An asyncio event loop whose clock and order belong to `control`; one loop serves many runs."""

    def __init__(self) -> None:
        _controls[self] = Control(Order())
        _controls[self].running = False
        self.turn = 0
        self.stepping: asyncio.Task[Any] | None = None
        selector = _Selector(selectors.DefaultSelector())
        super().__init__(selector)
        selector.loop = self
        self._ready: Any = _Ready(self)
        self._clock_resolution = TIE
        self.set_task_factory(self._make_task)  # type: ignore[arg-type]
        self.set_exception_handler(opaque(lambda _loop, _context: None))

    def time(self) -> float:
        """Return the virtual time (s)."""
        return _controls[self].now

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, Any],
        *,
        context: contextvars.Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        context = context if context is not None else contextvars.copy_context()
        control = _controls[self]
        parent = control.tasks.get(asyncio.current_task(self)) if self.is_running() else None
        if options.get("name") is None:  # asyncio's own numbers go on over runs: equal runs would not be equal
            options["name"] = f"Task-{control.next_serial}"
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context, **options)
        if control.running:
            control.note_spawn(task, context, parent)
        return task

    def is_clean(self) -> bool:
        """Tell, from inside the only task, whether nothing else is left in the loop: what would act on a later run."""
        left: Any = self
        watched = len(left._selector.inner.get_map()) - 1  # one is the loop's own
        return not (
            private.any_suspended(left._asyncgens)
            or left._ready.holds()
            or left._signal_handlers
            or left._default_executor
            or watched
        )


# Functions, not methods: those of the loop are opaque, and each costs a call more.
def _between_steps(loop: Any) -> list[tuple[selectors.SelectorKey, int]]:
    """Do what happens between two steps: count the last one, then move the clock if nothing is ready."""
    control, inner = _controls[loop], loop._selector.inner
    control.progress += 1
    loop.turn += 1
    if loop.stepping is not None:
        task, loop.stepping, control.stepping = loop.stepping, None, None
        if task.done():
            control.note_end(task, _how(task))
        control.after_step(task)
    ready = loop._ready
    if ready._callbacks or ready._steps or loop._stopping:
        control.creep()
        watched = control.outside_work or len(inner.get_map()) > 1
        return inner.select(0) if watched else []
    while True:
        wait = control.wait_for_threads(_next_timer(loop))
        if events := inner.select(wait):
            return events  # type: ignore[no-any-return]
        if not wait and control.idle(_next_timer(loop)):
            return []


def _next_timer(loop: Any) -> float:
    scheduled: list[asyncio.TimerHandle] = loop._scheduled
    return scheduled[0].when() if scheduled else float("inf")


def run(
    main: Callable[[Callable[[Control], None], Callable[[], bool]], Coroutine[Any, Any, None]],
    *,
    process_ends: bool = True,
) -> None:
    """Run `main` in one loop session.

    Args:
        main: gets a function that hands the loop over to the control of the next run, and one that tells whether the
            runs before have left nothing in the loop.
        process_ends: whether the process ends after a run that could not be ended; if not, the loop is closed by force.

    Raises:
        Abort: if a run could not be ended.
    """
    loop = Loop()
    asyncio.set_event_loop(loop)
    private.name_library("asyncio")
    try:

        def take_over(control: Control) -> None:
            _controls[loop] = control
            control.thread = threading.get_ident()
            loop.time = nameless(functools.partial(getattr, control, "now"))  # type: ignore[method-assign]  # asked for often
            loop._scheduled.clear()  # type: ignore[attr-defined]  # only cancelled timers are left of the last run

        loop.run_until_complete(main(take_over, loop.is_clean))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()  # an aborted loop is left as it is: its process ends
    finally:
        private.name_library(None)
        asyncio.set_event_loop(None)
        if not process_ends and not loop.is_closed():
            for task in asyncio.all_tasks(loop):
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is known, and told
            loop.close()
        if loop.is_closed():
            del _controls[loop]
