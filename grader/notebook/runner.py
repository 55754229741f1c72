"""Runs an async function from a notebook's cell, on either backend, under virtual or real time.

The kernel's own loop runs in the main thread while a cell does. `run` steps out of it and back: an inner loop in the same
thread can be interrupted, gets signals, and leaves no thread behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import time
import types
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Literal, TypeVar

import anyio
import trio

from grader.notebook import inside
from grader.notebook.errors import show_without_frames, trim
from grader.notebook.interrupts import Interrupts
from grader.notebook.recorder import Recorder, Task
from grader.worker.loops import asyncio_side, trio_side
from grader.worker.loops.control import Abort, Control, Cut
from grader.worker.loops.orders import Order
from grader.worker.watch import threads
from grader.worker.watch.places import Place, circle_of_waiting

T = TypeVar("T")
Backend = Literal["asyncio", "trio"]
Clock = Literal["virtual", "real"]

MakeControl = Callable[[Recorder], Control]
"""Makes what holds time and order of a run, from what watches it."""

_SIDES = {"asyncio": asyncio_side.run, "trio": trio_side.run}


class Stuck(RuntimeError):
    """Every task waits and nothing is left that could wake one; or a run does not end. The text says who waits where."""


class CellOutcome:
    """How a run ended.

    Args:
        recorder: what was seen of it.
        backend: on which it ran.
        clock: ``virtual`` or ``real``.
    """

    def __init__(self, recorder: Recorder, backend: str, clock: str) -> None:
        self.recorder, self.backend, self.clock = recorder, backend, clock
        self.value: Any = None
        self.error: BaseException | None = None
        self.seconds = 0.0
        self.cut: Cut | None = None
        self.waiting: list[tuple[Task, Place]] = []


def run(main: Callable[..., Awaitable[T]], *args: Any, backend: Backend = "asyncio", clock: Clock = "virtual") -> T:
    """Run `main` and return what it returns.

    Args:
        main: an async function.
        args: what it is called with.
        backend: ``asyncio`` or ``trio``.
        clock: ``virtual``, where waiting takes no time, or ``real``.

    Raises:
        Stuck: nothing could go on; only under virtual time, where it is known at once.
        KeyboardInterrupt: the kernel was interrupted; the text says where each task waited.
        TypeError: if `main` is not an async function.
        ValueError: if there is no such backend or clock.
    """
    __tracebackhide__ = True
    outcome = outcome_of(main, args, backend, clock)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value  # type: ignore[no-any-return]


def outcome_of(
    main: Any, args: tuple[Any, ...], backend: str, clock: str, make_control: MakeControl | None = None
) -> CellOutcome:
    """Run `main` and tell how that ended, whatever it raised.

    Args:
        make_control: makes what holds time and order of the run, if somebody else is to choose them.

    Raises:
        KeyboardInterrupt, TypeError, ValueError: as `run`.
    """
    __tracebackhide__ = True
    if backend not in _SIDES:
        raise ValueError(f"there is no backend {backend!r}: choose asyncio or trio")
    if clock not in ("virtual", "real"):
        raise ValueError(f"there is no clock {clock!r}: choose virtual or real")
    if inspect.iscoroutine(main):
        main.close()
        raise TypeError("give the function, not the call: run(main), not run(main())")
    if not callable(main):
        raise TypeError(f"run needs an async function, not {type(main).__name__}")
    with _leave_running_loop():
        outcome = _virtual(main, args, backend, make_control) if clock == "virtual" else _real(main, args, backend)
    if outcome.error is not None:
        outcome.error = trim(outcome.error)
        if isinstance(outcome.error, KeyboardInterrupt | SystemExit):
            raise outcome.error
    return outcome


@contextlib.contextmanager
def _leave_running_loop() -> Iterator[None]:
    """Leave the loop that runs in this thread, if there is one, and come back to it."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        yield
        return
    task = asyncio.current_task(loop)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)  # noqa: SLF001 - what the standard library has for it
    asyncio._set_running_loop(None)  # noqa: SLF001 - the same
    try:
        yield
    finally:
        asyncio.set_event_loop(loop)
        asyncio._set_running_loop(loop)  # noqa: SLF001 - the same
        if task is not None:
            asyncio.tasks._enter_task(loop, task)  # noqa: SLF001 - the same


async def _main(outcome: CellOutcome, main: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
    """The first task: `main`, recorded."""
    recorder = outcome.recorder
    name = getattr(main, "__name__", "main")

    task = recorder.begin(name, None)
    try:
        awaitable = main(*args)
        task.coro = awaitable if isinstance(awaitable, types.CoroutineType) else inside.as_coroutine(awaitable)
        outcome.value = await recorder.watch(task, lambda: task.coro)
    except BaseException as error:  # noqa: BLE001 - `run` and `record` decide what happens to it
        if not inside.is_cancellation(error) or outcome.error is None:
            outcome.error = error
    finally:
        if outcome.cut is None:
            outcome.seconds = recorder.clock()


def _virtual(
    main: Callable[..., Awaitable[Any]], args: tuple[Any, ...], backend: str, make_control: MakeControl | None
) -> CellOutcome:
    outcome = CellOutcome(Recorder(lambda: round(control.now, 6)), backend, "virtual")
    recorder = outcome.recorder
    control = Control(Order()) if make_control is None else make_control(recorder)
    threads.install()

    async def session(take_over: Callable[[Control], None], _is_clean: Callable[[], bool]) -> None:
        take_over(control)
        # It was there before the control was.
        control.note_spawn(inside.current_task(), contextvars.copy_context(), None)
        with anyio.CancelScope() as root:

            def cut() -> None:
                outcome.cut = control.cut
                outcome.seconds = recorder.clock()  # the task may swallow this cancellation too, and never end
                outcome.waiting = recorder.stop()
                root.cancel()

            control.on_cut = cut
            interrupts.stop_with(root.cancel)
            await _main(outcome, main, args)
        control.running = False

    with inside.watch_tasks(recorder), Interrupts(recorder) as interrupts:
        threads.watch(threads.ThreadWatch(control))
        try:
            _SIDES[backend](session)
        except Abort:
            pass
        except BaseException as error:  # noqa: BLE001 - as in _main
            outcome.error = outcome.error or error
        finally:
            threads.watch(None)
    _settle(outcome, interrupts)
    return outcome


def _real(main: Callable[..., Awaitable[Any]], args: tuple[Any, ...], backend: str) -> CellOutcome:
    began = time.monotonic()
    outcome = CellOutcome(Recorder(lambda: time.monotonic() - began), backend, "real")

    async def session() -> None:
        with anyio.CancelScope() as root:
            interrupts.stop_with(root.cancel)
            await _main(outcome, main, args)

    with inside.watch_tasks(outcome.recorder), Interrupts(outcome.recorder) as interrupts:
        try:
            if backend == "trio":
                trio.run(session)
            else:
                with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                    runner.run(session())
        except BaseException as error:  # noqa: BLE001 - as in _main
            outcome.error = outcome.error or error
    _settle(outcome, interrupts)
    return outcome


def _settle(outcome: CellOutcome, interrupts: Interrupts) -> None:
    """Say why a run was stopped, if it was."""
    if interrupts.count:
        said = ["interrupted", *([f"  {interrupts.running}"] if interrupts.running else [])]
        outcome.error = show_without_frames(KeyboardInterrupt("\n".join([*said, *_waits(interrupts.waiting)])))
    elif outcome.cut is not None:
        said = [outcome.cut.text, *_waits(outcome.waiting)]
        if circle := circle_of_waiting((task.name, place) for task, place in outcome.waiting):
            said.append(f"  in a circle: {' → '.join([*circle, circle[0]])}")
        outcome.error = show_without_frames(Stuck("\n".join(said)))


def _waits(waiting: list[tuple[Task, Place]]) -> list[str]:
    return [f"  {task.name} waits at {place}" for task, place in waiting]
