"""`prove`: which wrong versions the learner's own tests catch, as a card in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from grader.display import show
from grader.learner.catching import Catch, catch, caught_lines, escaped_line, headline, invented_lines, note_score
from grader.notebook.cards import STYLE, own_course


class CatchCard:
    """What a learner's tests catch.

    Args:
        made: it.
        said: a line about the progress, if the score could not be kept.
    """

    def __init__(self, made: Catch, said: str = "") -> None:
        self._made, self._said = made, said

    @property
    def caught(self) -> int:
        """How many wrong versions were caught."""
        return len(self._made.caught)

    @property
    def passed(self) -> bool:
        """Whether all wrong versions were caught, and all right ones passed."""
        return self._made.is_complete

    def _headline(self) -> str:
        sign = show.TICKS["passed" if self.passed else "failed"]
        return f"{self._made.module.short} {sign} {headline(self._made)}"

    def __str__(self) -> str:
        made = self._made
        lines = [
            *invented_lines(made),
            *(f"caught: {line}" for line in caught_lines(made)),
            escaped_line(made),
            self._said,
        ]
        return "\n".join([self._headline(), *(f"  {show.clean(line)}" for line in lines if line)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f'<div style="{STYLE["card"]}">{"".join(self._html())}</div>'

    def _html(self) -> Iterator[str]:
        made = self._made
        yield f'<div style="{STYLE["passed" if self.passed else "failed"]}">{escape(self._headline())}</div>'
        for line in invented_lines(made):
            yield f'<div style="margin-top:6px">{escape(show.clean(line))}</div>'
        if line := escaped_line(made):
            yield f'<div style="margin-top:6px">{escape(show.clean(line))}</div>'
        if items := "".join(f"<li>{escape(show.clean(line))}</li>" for line in caught_lines(made)):
            yield f'<details style="margin-top:8px"><summary>{self.caught} caught</summary><ul>{items}</ul></details>'
        if self._said:
            yield f'<div style="{STYLE["quiet"]};margin-top:6px">{escape(self._said)}</div>'


def prove(name: str) -> CatchCard:
    """Play your tests of a module's small subject with versions that you cannot see, right and wrong ones.

    Args:
        name: of the module, such as ``m09`` or its whole name.

    Raises:
        CourseError: there is no such module, or it has no such subject.
    """
    made = catch(own_course().module(name))
    return CatchCard(made, note_score(made))
