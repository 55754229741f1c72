"""What a file reaches for while it runs, as the interpreter itself has told it: why a person should look at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: What the worker tells (`grader.worker.watch.reach`), and what it is.
KINDS = {
    **dict.fromkeys(("ag_frame", "cr_frame", "gi_frame", "tb_frame"), "a frame of a function that runs"),
    **dict.fromkeys(("sys._getframe", "sys._current_frames", "sys._current_exceptions"), "frames of what runs"),
    "sys.addaudithook": "each event that the interpreter reports",
    **dict.fromkeys(
        ("sys.settrace", "sys.setprofile", "sys.monitoring.register_callback"), "each step of the interpreter's"
    ),
    **dict.fromkeys(("gc.get_objects", "gc.get_referents", "gc.get_referrers"), "objects that nobody gave to the file"),
    "__code__": "compiled code",
}
_MAX_LINE = 20_000


class Reached:
    """What the children of one submission have told."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], None] = {}

    def take(self, message: Mapping[str, Any]) -> bool:
        """Take a message of a child's if it is of this kind; tell whether it is."""
        if "reach" not in message:
            return False
        match message["reach"]:
            case [str(what), int(line)] if what in KINDS and 0 < line <= _MAX_LINE:
                self._seen[what, line] = None
            case [str(what), None] if what in KINDS:
                self._seen[what, 0] = None
        return True

    def flags(self, by_reading: Iterable[str]) -> Iterator[str]:
        """The flags of lines that reading has not flagged.

        Args:
            by_reading: the flags that it gave.
        """
        known = {flag.partition(":")[0] for flag in by_reading}
        for what, line in sorted(self._seen, key=lambda each: each[::-1]):
            place = f"line {line}" if line else "while it runs"
            if place not in known:
                known.add(place)
                yield f"{place}: `{what}` is reached at run time: {KINDS[what]}"
