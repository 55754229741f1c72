"""What is left of a sweep when its child had to be discarded half-way: single runs for fresh children.

Without this a file that leaves a task behind would end its own sweep after the first run, and pass unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

RESUMED = 16
"""Moments that are still tried, evenly spread: each may cost a child of its own."""

LIMITS = {"cancel": 200, "faults": 50}
"""What the worker takes if a search names no limit."""


def planned(first: Mapping[str, Any], search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs of a sweep after its first, undisturbed one, each as a search of kind ``one``.

    Args:
        first: the trace of the undisturbed run.
        search: of kind ``cancel`` or ``faults``.
    """
    if first["end"]["kind"] != "done":
        return []
    who, limit = search["who"], search.get("limit", LIMITS[search["kind"]])
    one = {
        "kind": "one",
        "seed": search.get("seed", 0),
        "order": search.get("order", "fifo"),
        "cancel": None,
        "fault": None,
    }
    if search["kind"] == "cancel":
        moments = spread(range(1, int(first.get("sweep_steps", 0)) + 1), limit)
        return [{**one, "cancel": {"who": who, "after": moment}} for moment in moments]
    calls = sum(span["who"] == who and span["what"] != "actor" for span in first["spans"])
    return [{**one, "fault": {"who": who, "call": call}} for call in spread(range(1, calls + 1), limit)]


def spread(items: Sequence[T], limit: int) -> list[T]:
    """All items, or `limit` of them evenly spread, first and last included."""
    if len(items) <= limit:
        return list(items)
    if limit <= 1:
        return list(items[:limit])
    return [items[place] for place in sorted({round(i * (len(items) - 1) / (limit - 1)) for i in range(limit)})]
