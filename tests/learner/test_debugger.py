"""`breakpoint()` in a learner's file, at a real terminal."""

import os
import pty
import select
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "solutions" / "m01_parallel_timeout" / "parallel_timeout.py"
PATIENCE_S = 60


def talk(command, answers):
    """Run a command at a terminal, give one answer a prompt of pdb; return all that it printed."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(command[0], command)
    printed, answers, end = b"", list(answers), time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        printed += part
        if answers and printed.rstrip().endswith(b"(Pdb)"):
            os.write(terminal, answers.pop(0).encode() + b"\n")
            printed += b" "
    os.waitpid(child, 0)
    return printed.decode(errors="replace")


def test_a_breakpoint_stops_where_the_terminal_is(tmp_path):
    source = SOLUTION.read_text()
    body = source.index('    """\n', source.index("async def gather_within")) + len('    """\n')
    subject = tmp_path / "parallel_timeout.py"
    subject.write_text(f"{source[:body]}    breakpoint()\n{source[body:]}")
    check = "exercises/m01_parallel_timeout/test_parallel_timeout.py"
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", check, "--subject", str(subject), "--backend", "trio"]
    printed = talk(pytest, ["p timeout", "p 6 * 7", "q"])
    assert "gather_within()" in printed
    assert "42" in printed
