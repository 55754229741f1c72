"""How a child ended, in words."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from grader.sandbox.limits import Limits

_NEARLY_ALL = 0.8  # of the memory limit: the kernel counts addresses, we see what was resident


@dataclass(frozen=True)
class Ending:
    """What the process that waited for a child says.

    Args:
        status: as `os.waitpid` returns it.
        cpu: processor seconds it used.
        resident: most memory it had, bytes.
    """

    status: int
    cpu: float
    resident: int

    def text(self, limits: Limits, out_of_memory: int) -> str:
        """Return how it ended, to follow the word "it".

        Args:
            limits: that it was under.
            out_of_memory: the exit code that stands for MemoryError.
        """
        if os.WIFEXITED(self.status):
            code = os.WEXITSTATUS(self.status)
            return "ran out of memory" if code == out_of_memory else f"exited with {code}"
        number = os.WTERMSIG(self.status)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and self.cpu >= limits.cpu_s):
            return "used up its processor time"
        if number == signal.SIGKILL and self.resident >= _NEARLY_ALL * limits.memory:
            return "ran out of memory"
        return f"was killed by signal {number} ({(signal.strsignal(number) or 'unknown').lower()})"
