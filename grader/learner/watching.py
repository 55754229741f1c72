"""Wait for the learner's files to be saved, however the editor does that."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import watchfiles

from grader.course import Module

SETTLE = 25
"""Milliseconds without a further event, after which a save is over: editors write, rename and touch."""

PATIENCE = 200
"""Milliseconds after which it is over in any case."""

LOOK = 1000
"""Milliseconds between looks at the files without an event: some network folders send none."""


def saves(modules: Sequence[Module]) -> Iterator[Module]:
    """Yield a module whenever the content of its learner's file changes, until a `KeyboardInterrupt`.

    Files as they are when this is called are known already. Folders are watched, not files: many editors replace the file.

    Args:
        modules: whose files are watched.
    """
    return _saves(modules, {module.slug: content(module.stub) for module in modules})


def _saves(modules: Sequence[Module], known: dict[str, bytes | None]) -> Iterator[Module]:
    looks = watchfiles.watch(
        *(module.stub.parent for module in modules),
        watch_filter=None,
        debounce=PATIENCE,
        step=SETTLE,
        rust_timeout=LOOK,
        yield_on_timeout=True,
        recursive=False,
        raise_interrupt=True,
    )
    while True:
        for module in modules:
            data = content(module.stub)
            if data is not None and data != known[module.slug]:
                known[module.slug] = data
                yield module
        next(looks)


def content(path: Path) -> bytes | None:
    """The bytes of a file; None in the moment in which an editor replaces it or has just emptied it."""
    try:
        data = path.read_bytes()
        if not data:
            time.sleep(SETTLE / 1000)
            data = path.read_bytes()
    except OSError:
        return None
    return data
