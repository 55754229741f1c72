"""The worker's side of trio's loop: virtual time, one task step a turn, in an order that we choose."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import trio

from ..opaque import nameless, opaque_methods
from . import private
from .control import TIE, Abort, Control
from .orders import Order

#: Returns the current task.
current_task = trio.lowlevel.current_task


class _Side:
    """What clock, queue and instrument share: the control of the present run."""

    def __init__(self) -> None:
        self.control = Control(Order())
        self.control.running = False
        self.turn = 0
        self.stepping: trio.lowlevel.Task | None = None
        self.abort: Abort | None = None


#: The side of each object that trio, and so everybody, has in hand: it is not an attribute of these.
_sides: dict[Any, _Side] = {}


_append: Any = list.append
_iterate: Any = list.__iter__


@opaque_methods
class _Queue(list[tuple[float, int, trio.lowlevel.Task]]):
    """Trio's run queue: hands out system tasks first, then one step of one task.

    It is a list of (turn, serial, task), as trio asks often whether it holds anything.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(self, side: _Side) -> None:
        super().__init__()
        _sides[self] = side
        self._system = 0  # so many at the front are system tasks

    def append(self, task: Any) -> None:
        side = _sides[self]
        info = side.control.tasks.get(task)
        if info is None:
            self.insert(self._system, (0.0, 0, task))
            self._system += 1
        else:
            # Trio lets a task that yields go before or after those that its step made ready; asyncio only after.
            turn = side.turn + (0.5 if task is side.stepping else 0.0)
            _append(self, (turn, info.serial, task))

    def __iter__(self) -> Iterator[Any]:
        side = _sides[self]
        if side.abort is not None:
            raise side.abort
        side.turn += 1
        side.control.progress += 1
        if self._system:
            self._system -= 1
            return iter([self.pop(0)[2]])
        if self:
            control = side.control
            side.stepping = task = self.pop(control.pick([entry[:2] for entry in _iterate(self)]))[2]
            control.stepping = control.tasks.get(task)
            return iter([task])
        return iter(())

    #: Trio empties the queue after taking a batch; what was not handed out stays.
    clear: Any = bool  # does nothing, sooner than any function


@opaque_methods
class _Clock(trio.abc.Clock):
    def __init__(self, side: _Side) -> None:
        _sides[self] = side

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return _sides[self].control.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Trio asks only when nothing is ready: the moment to move the clock."""
        side = _sides[self]
        if side.abort is not None:
            raise side.abort
        if idle := private.runner().waiting_for_idle:
            # Somebody waits until all others do. Trio wakes it if it would have slept for longer than its cushion.
            return float(idle.keys()[0][0]) + TIE
        if wait := side.control.wait_for_threads(deadline):
            return wait
        entries = private.runner().entry_queue
        if not entries.queue and not entries.idempotent_queue:
            side.control.idle(deadline)
        return 0.0


@opaque_methods
class _Steps(trio.abc.Instrument):
    def __init__(self, side: _Side) -> None:
        _sides[self] = side

    def before_run(self) -> None:
        queue: Any = _Queue(_sides[self])
        private.runner().runq = queue

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        control = _sides[self].control
        if control.running:
            nursery = task.parent_nursery
            parent = control.tasks.get(nursery.parent_task) if nursery is not None else None
            control.note_spawn(task, task.context, parent)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        side = _sides[self]
        side.stepping = side.control.stepping = None
        side.turn += 1
        try:
            side.control.after_step(task)
        except Abort as abort:  # an exception here would only switch the instrument off
            side.abort = abort

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        _sides[self].control.note_end(task, "returned")


def _is_clean(tasks: int) -> bool:
    """Tell, from inside the only task, whether nothing else is left in the loop: what would act on a later run."""
    runner = private.runner()
    queue = runner.entry_queue
    left = private.any_suspended(runner.asyncgens.alive) or queue.queue or queue.idempotent_queue
    return not left and len(runner.tasks) == tasks


def run(main: Callable[[Callable[[Control], None], Callable[[], bool]], Coroutine[Any, Any, None]]) -> None:
    """Run `main` in one loop session.

    Args:
        main: gets a function that hands the loop over to the control of the next run, and one that tells whether the
            runs before have left nothing in the loop.

    Raises:
        Abort: if a run could not be ended.
    """
    side = _Side()
    clock: Any = _Clock(side)

    def take_over(control: Control) -> None:
        side.control = control
        clock.current_time = nameless(
            functools.partial(getattr, control, "now")
        )  # all of it is C: it is asked for often
        control.thread = threading.get_ident()

    async def in_loop() -> None:
        await main(take_over, functools.partial(_is_clean, len(private.runner().tasks)))

    try:
        trio.run(in_loop, clock=clock, instruments=[_Steps(side)])
    except trio.TrioInternalError as error:
        if isinstance(error.__cause__, Abort):
            raise error.__cause__ from None
        raise
    finally:
        for each in [each for each, owner in _sides.items() if owner is side]:
            del _sides[each]
