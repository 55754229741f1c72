"""`record`: run an async function in a cell and keep the picture of what its tasks did."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from grader.display import picture
from grader.display.picture import Picture, PictureRow, Stretch
from grader.notebook.errors import lines
from grader.notebook.recorder import Task
from grader.notebook.runner import Backend, CellOutcome, Clock, Stuck, outcome_of


def record(
    main: Callable[..., Awaitable[Any]], *args: Any, backend: Backend = "asyncio", clock: Clock = "virtual"
) -> Timeline:
    """Run `main` and return the picture of the run, whatever it raised.

    Args:
        main: an async function.
        args: what it is called with.
        backend: ``asyncio`` or ``trio``.
        clock: ``virtual``, where waiting takes no time, or ``real``.

    Raises:
        KeyboardInterrupt: the kernel was interrupted; the text says where each task waited.
        TypeError: if `main` is not an async function.
        ValueError: if there is no such backend or clock.
    """
    __tracebackhide__ = True
    return Timeline(outcome_of(main, args, backend, clock))


class Timeline:
    """What the tasks of one run did.

    Args:
        outcome: the run.
    """

    def __init__(self, outcome: CellOutcome) -> None:
        self._outcome = outcome
        self.tasks: list[Task] = outcome.recorder.tasks
        self.error: BaseException | None = outcome.error
        self.seconds: float = outcome.seconds
        self.backend: str = outcome.backend

    @property
    def value(self) -> Any:
        """What the function returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self._outcome.value

    @property
    def stuck(self) -> bool:
        """Whether nothing could go on."""
        return isinstance(self.error, Stuck)

    def task(self, name: str) -> Task:
        """The task of a name.

        Raises:
            KeyError: there is none; the text names those that are.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(f"no task {name!r}; there are {', '.join(task.name for task in self.tasks)}")

    def svg(self) -> str:
        """The picture as SVG, to save or to show elsewhere."""
        return picture.svg(self._picture())

    def _picture(self) -> Picture:
        end = max([self.seconds, *(task.end or 0.0 for task in self.tasks)])
        if any(task.how == "open" for task in self.tasks):
            end = end * 1.25 or 1.0  # what they wait for never comes: show that they do
        notes = [] if self.error is None else [line for said in lines(self.error) for line in said.split("\n")]
        title = f"{self.tasks[0].name} on {self.backend}" if self.tasks else self.backend
        if self._outcome.clock == "real":
            title += ", real time"
        return Picture(title, [_row(task, end) for task in self.tasks], end, notes)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'

    def __str__(self) -> str:
        return picture.text(self._picture())

    __repr__ = __str__


def _row(task: Task, end: float) -> PictureRow:
    return PictureRow(
        task.name,
        task.depth,
        task.start,
        task.end,
        task.how,
        _ending_words(task),
        [
            Stretch(wait.start, end if wait.end is None else wait.end, wait.place.kind, str(wait.place))
            for wait in task.waits
        ],
        [(scope.start, end if scope.end is None else scope.end) for scope in task.scopes if scope.shield],
        [scope.deadline for scope in task.scopes if _shows(scope.deadline, scope.end, end)],
        task.cancel_requested,
        task.cancellations,
    )


def _shows(deadline: float, left: float | None, end: float) -> bool:
    """Whether a deadline lies in the picture and while its scope was open, or just where it ended it."""
    return math.isfinite(deadline) and deadline <= (end if left is None else left)


def _ending_words(task: Task) -> str:
    if task.how == "raised":
        return f"raised {type(task.error).__name__}"
    if task.how == "open":
        place = task.waits[-1].place if task.waits else None
        return f"still in {place.call} {place.name}".rstrip() if place else "still open"
    return task.how
