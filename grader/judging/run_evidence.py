"""What is known of a failing run when its cause is looked for, and what a clue in it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.judging.learner_code import LearnerCode


@dataclass(frozen=True)
class Clue:
    """Something in a failing run that has a plain cause.

    Args:
        rank: the lower, the sooner it is the cause: see `RANKS`.
        kind: of the cause.
        text: one sentence, made of the learner's code and of names that scene and libraries have.
        line: of the file.
        said: the text of an exception: for whoever may read what the learner's code says.
        when: place on the way through the file, for two clues of one rank.
    """

    rank: int
    kind: str
    text: str
    line: int | None = None
    said: str = ""
    when: int = 0


RANKS = {
    name: rank
    for rank, name in enumerate(
        (
            *(
                "not written",
                "no yield",
                "one backend",
                "exception",
                "signature",
                "late name",
                "no return",
                "wrong kind",
                "swallowed",
                "shielded",
            ),
            *("blocked", "wall clock", "signal handler", "wrong time", "spinning", "exit"),
        )
    )
}
"""Causes in the order in which they are looked for. A coroutine that nobody awaited ranks with exceptions: the first of them counts."""


@dataclass(frozen=True)
class FailingRun:
    """A failing run and what its check said.

    Args:
        data: the trace, if the check looked at one; observed if that was possible.
        code: the file.
        seen: what the check saw, and what it wanted (None if `seen` says it all), as it compared them.
        wanted: see `seen`.
        said: the row's words for what was seen.
        misconception: that the row is about, if any.
    """

    data: Mapping[str, Any]
    code: LearnerCode
    seen: Any = None
    wanted: Any = None
    said: str = ""
    misconception: str | None = None

    @property
    def backend(self) -> str:
        """The backend."""
        return str(self.data.get("backend", ""))

    @property
    def probes(self) -> Mapping[str, Any]:
        """The evidence beside the spans."""
        probes: Mapping[str, Any] = self.data.get("probes", {})
        return probes

    @property
    def observed(self) -> Mapping[str, Any]:
        """What a closer look saw; empty if there was none."""
        observed: Mapping[str, Any] = self.probes.get("observed", {})
        return observed

    def first_time(self, line: int | None) -> int:
        """When the run first came to a line, as a number on its way; a big one if it never did, or nobody looked."""
        path = self.observed.get("path", ())
        return next((place for place, (_, each) in enumerate(path) if each == line), 1 << 30)

    def has_run(self, first: int, last: int | None = None) -> bool:
        """Whether the run went through one of those lines."""
        return any(first <= line <= (last or first) for line, _ in self.observed.get("lines", ()))

    def errors(self) -> list[Mapping[str, Any]]:
        """The exceptions that left the calls of the subject, out of their groups, without those of the plan."""
        spans = [span for span in self.data.get("spans", ()) if span["subject"] and span["error"]]
        leaves = [(leaf, span) for span in spans for leaf in span["error"].get("leaves", [span["error"]])]
        return [{**leaf, "span_line": span["line"]} for leaf, span in leaves if not leaf.get("token")]
