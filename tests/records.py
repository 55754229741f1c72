"""Records of runs, written by hand: spans, notes and whole traces with all that `docs/trace_format.md` says of them."""

from typing import Any

from grader.worker.record.spans import FORMAT, SpanRecord

END = {"kind": "done", "text": "", "waiting": []}


def span(number: int = 0, parent: int | None = None, what: str = "actor", **changes: Any) -> dict[str, Any]:
    """A span of `caller` that returned after 2 s, unless `changes` says something else; open if it has no end."""
    who = changes.get("who", "caller")
    plain = SpanRecord(number, None, who, what, [], 0.0, who, 2 * number).plain()
    if changes.get("end", 2.0) is None:
        return {**plain, "parent": parent, "order": [2 * number, None], **changes}
    return {**plain, "parent": parent, "end": 2.0, "order": [2 * number, 2 * number + 1], "how": "returned", **changes}


def note(order: int, what: str = "cancel", **changes: Any) -> dict[str, Any]:
    """A note of `caller` at 0.5 s, outside any span."""
    return {"t": 0.5, "order": order, "who": "caller", "what": what, "value": None, "span": None, **changes}


def record(*spans: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The trace of a run in order on trio that ended after 2 s."""
    run = {"backend": "trio", "seed": 0, "order": "fifo", "cancel": None, "fault": None}
    rest = {"spans": list(spans), "notes": [], "steps": 3, "time": 2.0, "end": END, "tasks": [], "probes": {}}
    return {"format": FORMAT, **run, **rest, **changes}
