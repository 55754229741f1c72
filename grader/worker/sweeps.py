"""The runs of a sweep: cancelled after each step, or failing at each call; a first, undisturbed run tells how many there are.

The worker plays them; the judge has a fresh child play those that a discarded one has left. Without that a file that leaves a
task behind would end its own sweep after the first run, and pass unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

#: At most this many moments are tried if a search names no limit.
LIMIT = 200


def planned(first: Mapping[str, Any], search: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of a sweep after its first, undisturbed one, each as a search of kind ``one``.

    Args:
        first: the trace of the undisturbed run.
        search: of kind ``cancel`` or ``faults``.
    """
    if first["end"]["kind"] != "done":
        return []
    who, limit = search["who"], search.get("limit", LIMIT)
    one = {"kind": "one", "seed": search.get("seed", 0), "order": search.get("order", "fifo")}
    if search["kind"] == "cancel":
        moments = spread(range(1, int(first.get("sweep_steps", 0)) + 1), limit)
        return [{**one, "cancel": {"who": who, "after": moment}, "fault": None} for moment in moments]
    calls = sum(span["who"] == who and span["what"] != "actor" for span in first["spans"])
    return [{**one, "cancel": None, "fault": {"who": who, "call": n}} for n in spread(range(1, calls + 1), limit)]


def spread(items: Sequence[T], limit: int) -> list[T]:
    """Return all items, or `limit` of them evenly spread, first and last included."""
    if len(items) <= limit:
        return list(items)
    if limit <= 1:
        return list(items[:limit])
    return [items[place] for place in sorted({round(i * (len(items) - 1) / (limit - 1)) for i in range(limit)})]
