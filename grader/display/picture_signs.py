"""The signs of a picture, as text and as SVG, what each means, and how wide its parts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["sleeping", "blocked", "children", "work"]
ENDINGS = {"returned": "●", "raised": "✗", "cancelled": "⊘", "open": "…"}
ENDING_WORDS = {"returned": "returned", "raised": "raised", "cancelled": "was cancelled", "open": "never ended"}
STROKES = {"sleeping": "─", "blocked": "░", "children": "·", "work": "═"}
WORDS = {
    "sleeping": "sleeps",
    "blocked": "waits for something",
    "children": "waits for its tasks",
    "work": "from start to end",
}
FILLS = {
    "sleeping": "#56b4e9",
    "blocked": "#e69f00",
    "work": "#999999",
}  # from Okabe and Ito: everyone can tell them apart
CANCEL, SHIELD = "#d55e00", "#009e73"


@dataclass(frozen=True)
class Measures:
    """How wide the parts of an SVG are, in pixels; its letters are 12 high.

    Args:
        width: of the whole.
        names: of the names on the left.
        ends: of the words on the right.
        legend: signs of the legend in one line.
        least: it is never shown smaller than this: then it can be scrolled.
    """

    width: int
    names: int
    ends: int
    legend: int
    least: int

    def x(self, share: float) -> float:
        """Where something lies that is so far along the axis, from 0 to 1."""
        return round(self.names + (self.width - self.names - self.ends) * share, 1)


WIDE = Measures(560, 118, 156, legend=3, least=420)
"""For a notebook's cell."""
NARROW = Measures(400, 96, 112, legend=2, least=300)
"""For a page that is also read on a phone."""
LETTER = 6.2  # pixels: an average letter is as wide
