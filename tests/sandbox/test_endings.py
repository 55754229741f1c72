"""How a child ended, from what the process that waited for it says."""

import signal

import pytest

from grader.sandbox.endings import Ending
from grader.sandbox.limits import MIB, Limits

LIMITS = Limits(cpu_s=10, memory=100 * MIB)
EXITED = 1 << 8
FULL = 80 * MIB  # four fifths: the kernel counts addresses


@pytest.mark.parametrize(
    ("status", "cpu", "resident", "text"),
    [
        (0, 0, 0, "exited with 0"),
        (3 * EXITED, 99, FULL, "exited with 3"),
        (77 * EXITED, 0, 0, "ran out of memory"),
        (signal.SIGXCPU, 0, 0, "used up its processor time"),
        (signal.SIGKILL, 10, 0, "used up its processor time"),
        (signal.SIGKILL, 11, FULL, "used up its processor time"),
        (signal.SIGKILL, 9.9, FULL, "ran out of memory"),
        (signal.SIGKILL, 0, FULL + 1, "ran out of memory"),
        (signal.SIGKILL, 9.9, FULL - 1, "was killed by signal 9 (killed)"),
        (signal.SIGSEGV, 99, FULL, "was killed by signal 11 (segmentation fault)"),
        (signal.SIGRTMAX - 1, 0, 0, f"was killed by signal {signal.SIGRTMAX - 1} ("),
    ],
)
def test_the_words_for_an_ending(status, cpu, resident, text):
    assert Ending(int(status), cpu, int(resident)).text(LIMITS, 77).startswith(text)
