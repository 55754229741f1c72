"""What one confined child may use, and how often its judge looks for garbage."""

from __future__ import annotations

import gc
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one child. The judge's own deadlines are much tighter; these hold when the judge looks away.

    Args:
        memory: addresses, in bytes. 100 threads with stacks of 8 MiB must fit.
        cpu_s: processor seconds, all threads together.
        threads: threads (inside walls; the child and its keeper count too).
        open_files: descriptors, the line to the judge included. At least 8.
        file_size: largest file, bytes (inside walls).
        disk: the whole temporary folder, bytes; it lies in memory (inside walls).
        disk_files: files and folders in it.
        line: longest message from the child, bytes.
        total: all messages and prints of one child, bytes.
        output: how much of the end of its prints is kept, bytes.
    """

    memory: int = 1024 * MIB
    cpu_s: int = 60
    threads: int = 100
    open_files: int = 256
    file_size: int = 32 * MIB
    disk: int = 64 * MIB
    disk_files: int = 4096
    line: int = 4 * MIB
    total: int = 64 * MIB
    output: int = 64 * 1024


GARBAGE = 50_000
"""Objects that may pile up before the garbage collector looks for cycles: those of a hundred traces, a few megabytes. With the
interpreter's own number, 700, it looks several times a trace, and takes a tenth to a fifth of the judge's processor time."""


def collect_rarely() -> None:
    """Let the garbage collector look for cycles less often in this process, which grades and then ends."""
    gc.set_threshold(GARBAGE)
