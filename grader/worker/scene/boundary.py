"""The boundary around a call of the subject: which cancellations from outside are thrown into it."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import anyio

from ..opaque import nameless, opaque_methods
from ..record.spans import leaves

#: Marks a cancellation as ours in the text that both libraries carry along with it.
OUTSIDE = "outside:"


@opaque_methods
class Thing:
    """An object that the scene hands out: known by identity, equal to nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


@opaque_methods
class PlainAwaitable:
    """An awaitable that is not a coroutine."""

    def __init__(self, start: Callable[[], Awaitable[Any]]) -> None:
        self._start = start

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._start().__await__()


class NotAwaitable(TypeError):
    """The subject's function is not a coroutine function: its call returned something that cannot be awaited."""


@opaque_methods
class Passage:
    """Awaits the subject's call and sees each cancellation that is thrown into it.

    Args:
        act: makes the call.
        on_cancel: takes each cancellation from outside, and the suspended coroutine that it reaches.

    Raises:
        NotAwaitable: if the call returns nothing to await.
    """

    def __init__(self, act: Callable[[], Any], on_cancel: Callable[[BaseException, Any], None]) -> None:
        self._on_cancel = nameless(on_cancel)
        self._cancelled = anyio.get_cancelled_exc_class()
        made = act()
        if not hasattr(type(made), "__await__"):
            raise NotAwaitable(f"the call gave {type(made).__name__}, which cannot be awaited")
        self.watched = made if isinstance(made, types.CoroutineType) else None
        self._inner = made.__await__()

    def __await__(self) -> Passage:
        return self

    def __iter__(self) -> Passage:
        return self

    def __next__(self) -> Any:
        return next(self._inner)

    def send(self, value: Any) -> Any:
        """Go on with what the loop sends."""
        # Trio sends what it wants raised; asyncio throws it.
        error = getattr(value, "error", None)
        if isinstance(error, BaseException):
            self._see(error)
        return self._inner.send(value) if value is not None else next(self._inner)

    def throw(self, *error: Any) -> Any:
        """Go on with an exception."""
        thrown = error[0] if isinstance(error[0], BaseException) else error[1]
        self._see(thrown)
        return self._inner.throw(thrown)

    def _see(self, error: BaseException) -> None:
        # Only those from outside: the subject's own timeouts, and trio.sleep's, end where they began.
        if isinstance(error, self._cancelled) and is_outside(error):
            self._on_cancel(error, self.watched)

    def close(self) -> None:
        """Give the call up."""
        self._inner.close()


def is_outside(error: BaseException) -> bool:
    """Tell whether a cancellation carries the mark of the world's own cancel scopes."""
    reason = getattr(error, "reason", None)
    texts = [reason] if isinstance(reason, str) else [arg for arg in error.args if isinstance(arg, str)]
    if any(OUTSIDE in text for text in texts):
        return True
    # On trio, anyio's task group raises a new cancellation from the group of those of its tasks.
    cause = error.__cause__
    return isinstance(cause, BaseExceptionGroup) and any(is_outside(leaf) for leaf in leaves(cause))
