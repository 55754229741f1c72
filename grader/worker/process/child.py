"""What a child does for itself between the fork and the subject: descriptors, surroundings, and its exit code."""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import sys
from collections.abc import Callable

from .channel import Channel

Serve = Callable[[Channel], None]

_CLOSE_UP_TO = 4096  # the server never opens more than a few dozen descriptors
_EXIT_OF_EXCEPTION = 70


def close_all_but(*kept: int) -> None:
    """Close every descriptor above standard error but these."""
    low = 3
    for number in sorted(kept):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, _CLOSE_UP_TO)


def arrange(descriptors: list[int], most: int) -> tuple[Channel, int]:
    """Keep only standard in (nothing), standard out and error (captured) and the line to the judge, moved out of the way.

    Args:
        descriptors: messages in, messages out, output, status.
        most: how many descriptors the child may have.
    """
    os.dup2(descriptors[2], 1)
    os.dup2(descriptors[2], 2)
    reading, writing, status = (fcntl.fcntl(descriptors[place], fcntl.F_DUPFD_CLOEXEC, most - 3) for place in (0, 1, 3))
    close_all_but(reading, writing, status)
    return Channel(reading, writing), status


def clean_surroundings(folder: str, *, walls: bool) -> None:
    """Empty environment, own folder, fresh standard streams."""
    os.environ.clear()
    if not walls:
        os.environ["TMPDIR"] = folder
    os.umask(0o077)
    os.chdir(folder)
    sys.argv[:] = [""]
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    faulthandler.enable(2)


def run(serve: Serve, channel: Channel, out_of_memory: int) -> int:
    """Serve, and turn whatever comes out into an exit code. Threads that go on and `atexit` functions don't matter."""
    try:
        serve(channel)
        code = 0
    except MemoryError:
        return out_of_memory
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = _EXIT_OF_EXCEPTION
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    return code & 0xFF
