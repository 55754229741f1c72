"""What makes a function a check, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

F = TypeVar("F", bound=Callable[..., None])


class NotRun(Exception):
    """No honest verdict is possible.

    Args:
        reason: why, for the instructor.
    """


class SentencePart(str):
    """A part of a check's sentence that is about another misconception than the check, and treated by another step.

    Args:
        sentence: the part, as a sentence of its own.
        misconception: its id in ``module.toml``; empty if it is none that anybody believes.
        step: id of the lesson step that treats it.
    """

    __slots__ = ("misconception", "step")
    misconception: str | None
    step: str

    def __new__(cls, sentence: str, *, misconception: str = "", step: str = "") -> Self:
        """Make the sentence."""
        part = super().__new__(cls, sentence)
        part.misconception, part.step = misconception or None, step
        return part

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        """What makes it once more in another process."""
        return (str(self),), {"misconception": self.misconception or "", "step": self.step}


class RarePart(str):
    """A part of a check's sentence about a rare case: a file that fails in it and elsewhere reads of what is elsewhere."""

    __slots__ = ()


class CheckFailed(AssertionError):
    """The subject does not do what the clause says.

    Args:
        what: what was looked at, in a few words.
        seen: what the trace shows.
        wanted: what the clause wants; None if `seen` says it all.
        trace: of the run, as plain data.
        unit: of the numbers in `seen` and `wanted`, such as ``s``.
        happened: what happened in the scene, in a sentence, if that says more than the values.
        part: the part of the check's sentence that does not hold, as a sentence of its own.
    """

    def __init__(
        self,
        what: str,
        seen: Any,
        wanted: Any,
        trace: Mapping[str, Any] | None,
        unit: str = "",
        happened: str = "",
        part: str = "",
    ) -> None:
        self.what, self.seen, self.wanted, self.trace = what, seen, wanted, trace
        self.unit, self.happened, self.part = unit, happened, part
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """What was expected and seen, in one sentence."""
        if self.wanted is None:
            return f"{self.what}: {self.seen}"
        return f"{self.what}: expected {self.wanted!r}, seen {self.seen!r}"


@dataclass(frozen=True)
class Rule:
    """What a check is about.

    Args:
        clause: such as ``R3``, of the module that the check belongs to.
        core: whether it counts as core; else as stretch.
        misconception: id of the misconception in ``module.toml`` that it catches.
        step: id of the lesson step that treats it.
        aspect: the aspect it is scored under; None takes the clause's.
        sentence: what the learner reads.
        wide: whether it fails whenever something simpler does, such as one that compares several calls: it speaks last.
    """

    clause: str
    core: bool
    misconception: str
    step: str
    aspect: str | None
    sentence: str
    wide: bool = False


def check(
    clause: str, *, misconception: str, step: str, core: bool = True, aspect: str | None = None, wide: bool = False
) -> Callable[[F], F]:
    """Make a function a check of `clause`; see `Rule` for the arguments. The docstring is the sentence for the learner.

    Raises:
        TypeError: if the function has no docstring.
    """

    def mark(function: F) -> F:
        if not function.__doc__:
            raise TypeError(f"{function.__name__} needs a docstring: the sentence that the learner reads")
        sentence = " ".join(function.__doc__.split())
        rule = Rule(clause, core, misconception, step, aspect, sentence, wide)
        function.rule = rule  # type: ignore[attr-defined]
        return function

    return mark
