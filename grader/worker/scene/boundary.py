"""The boundary around a call of the subject: which cancellations from outside are thrown into it."""

from __future__ import annotations

import re
import types
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import anyio

from ..loops import private
from ..opaque import nameless, opaque_methods
from ..record.spans import leaves

_SCOPE = re.compile(r"cancel scope ([0-9a-f]+)")


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
        on_cancel: takes each cancellation, and the suspended coroutine that it reaches.

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
        if isinstance(error, self._cancelled):
            self._on_cancel(error, self.watched)

    def close(self) -> None:
        """Give the call up."""
        self._inner.close()


class Outside:
    """Cancels scopes from outside, and knows the cancellations that come of it from all others.

    A file cannot: what they carry of their scope reads as it does for any other scope.
    """

    def __init__(self) -> None:
        self._scopes: dict[
            str, Any
        ] = {}  # as asyncio's cancellations name them; kept alive, so that the names stay theirs
        # What trio's say, in texts that are other ones than trio's own.
        self._sources = ["".join(letters) for letters in ("explicit", "deadline")]

    def cancel(self, scope: Any, *, due: bool = False) -> None:
        """Cancel a scope, as somebody or its deadline would."""
        self._scopes[f"{id(scope):x}"] = scope
        private.cancel_scope(scope, self._sources[due])

    def is_behind(self, error: BaseException) -> bool:
        """Tell whether a cancellation comes of it."""
        source = getattr(error, "source", None)
        if any(source is ours for ours in self._sources):
            return True
        texts = [arg for arg in error.args if isinstance(arg, str)]
        if any(found[1] in self._scopes for text in texts if (found := _SCOPE.search(text))):
            return True
        # On trio, anyio's task group raises a new cancellation from the group of those of its tasks.
        cause = error.__cause__
        return isinstance(cause, BaseExceptionGroup) and any(self.is_behind(leaf) for leaf in leaves(cause))
