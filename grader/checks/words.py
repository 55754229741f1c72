"""The author's words for plans: steps of scripts, and what a value is compared with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Step = list[Any]
Script = Sequence[Step]


def wait(seconds: float) -> Step:
    """Sleep for `seconds` of virtual time."""
    return ["wait", seconds]


def hang() -> Step:
    """Wait forever."""
    return ["hang"]


def checkpoint() -> Step:
    """Pass one checkpoint."""
    return ["checkpoint"]


def give(value: Any) -> Step:
    """End the script with a value; text names an object that is compared by identity (`token`)."""
    return ["give", value]


def fail(name: str, kind: str = "Fault") -> Step:
    """Raise the exception of that name, the same one each time.

    Args:
        name: how the exception appears in the trace.
        kind: its class: ``Fault`` (an `Exception`), ``Abandon`` (a `BaseException` that is not an `Exception`),
            ``TimeoutError``, ``ConnectionError``, ``OSError``, ``ValueError``, ``RuntimeError``, ``IndexError``,
            ``KeyError``, ``TypeError``, ``AssertionError``, ``WouldBlock``, ``EndOfStream``, ``BrokenResourceError``,
            ``ClosedResourceError`` (of anyio), ``ExceptionGroup`` (of two), ``ExceptionGroup of one``,
            ``BaseExceptionGroup`` (of an ``Abandon``, and so not an `Exception`).
    """
    return ["fail", name, kind]


_INSIDE = {
    "ExceptionGroup": ["Fault", "Fault"],
    "ExceptionGroup of one": ["ValueError"],
    "BaseExceptionGroup": ["Abandon"],
}


def leaves_of(name: str, kind: str = "Fault") -> list[str]:
    """What the `errors` of a span hold that raised `fail(name, kind)`: that name, or the classes in its group."""
    return _INSIDE.get(kind, [name])


def give_error(name: str, kind: str = "Fault") -> Step:
    """End the script with the exception of that name, returned and not raised; `kind` as in `fail`."""
    return ["give_error", name, kind]


def cleanup(*steps: Step) -> Step:
    """On the way out, however what follows ends, play these steps shielded (a ``finally`` block)."""
    return ["cleanup", *steps]


def on_cancel(*steps: Step) -> Step:
    """If what follows is cancelled, play these steps shielded; without a `give` or `fail` the cancellation goes on."""
    return ["on_cancel", *steps]


def fail_after(seconds: float) -> Step:
    """What follows has its own timeout: `TimeoutError` after `seconds` of virtual time."""
    return ["fail_after", seconds]


def in_group() -> Step:
    """What follows is played in the script's own task group: an error leaves it in a group."""
    return ["in_group"]


def within(seconds: float, *steps: Step) -> Step:
    """Give these steps up after `seconds` of virtual time."""
    return ["within", seconds, *steps]


def attempt(name: str, *steps: Step) -> Step:
    """Play steps that can be cancelled alone, with `cancel(name)`."""
    return ["attempt", name, *steps]


def cancel(actor: str) -> Step:
    """Cancel that actor, or the `attempt` of that name, from outside."""
    return ["cancel", actor]


def note(what: str) -> Step:
    """Note that the script came to this point."""
    return ["note", what]


def signal_to(event: str) -> Step:
    """Set the scene's event of that name."""
    return ["set", event]


def until(event: str) -> Step:
    """Wait for the scene's event of that name."""
    return ["until", event]


def at_once() -> Step:
    """As a script's first step: the `fail` that follows is raised by the call itself, before anything is awaited."""
    return ["at_once"]


def awaitable() -> Step:
    """As a script's first step: calling the job returns an awaitable that is not a coroutine."""
    return ["awaitable"]


class Verb:
    """A step that one scene knows: ``take = verb("take")`` makes ``take("a")`` a step.

    Args:
        name: the step's name in the scene.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> Step:
        """Return the step with these arguments."""
        return [self.name, *args]


def verb(name: str) -> Verb:
    """Return the word for a step of the scene's own."""
    return Verb(name)


# -- values ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Token:
    """An object that the scene handed out, compared by identity."""

    name: str

    def __repr__(self) -> str:
        return self.name


def token(name: str) -> Token:
    """Return the scene's object of that name, as the values of a trace have it."""
    return Token(name)


@dataclass(frozen=True, eq=False)
class Matcher:
    """A wanted value that more than one seen value equals.

    Args:
        text: how it reads in feedback.
    """

    text: str

    def accepts(self, seen: Any) -> bool:
        """Tell whether `seen` is as wanted."""
        raise NotImplementedError

    def __eq__(self, seen: object) -> bool:
        return self.accepts(seen)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False, repr=False)
class _Between(Matcher):
    low: float = -math.inf
    high: float = math.inf

    def accepts(self, seen: Any) -> bool:
        return type(seen) in (int, float) and self.low <= seen <= self.high


@dataclass(frozen=True, eq=False, repr=False)
class OneOf(Matcher):
    """Each of several values; feedback writes them one by one."""

    choices: tuple[Any, ...] = ()

    def accepts(self, seen: Any) -> bool:
        """Tell whether `seen` is one of them."""
        return any(choice == seen for choice in self.choices)


def near(value: float, within: float = 1e-6) -> Matcher:
    """Return what equals every number within `within` of `value` (times: virtual seconds)."""
    return _Between(f"{value:g}", value - within, value + within)


def about(value: float) -> Matcher:
    """Return what equals a time (virtual s) or one a moment later: who polls or blocks for a moment breaks other clauses."""
    return near(value, within=0.06)


def at_most(value: float) -> Matcher:
    """Return what equals every number up to `value`."""
    return _Between(f"at most {value:g}", high=value + 1e-6)


def at_least(value: float) -> Matcher:
    """Return what equals every number from `value` on."""
    return _Between(f"at least {value:g}", low=value - 1e-6)


def one_of(*choices: Any) -> Matcher:
    """Return what equals each of `choices`."""
    return OneOf(" or ".join(repr(choice) for choice in choices), choices)
