"""What the judge can learn about a process from outside it."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LINUX: bool = sys.platform == "linux"
_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user, group
_CPU_CLOCK = 2  # CPUCLOCK_SCHED: all threads of a process


def status_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends of a line on which the kernel tells the reader which process wrote, in the reader's own process ids."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    if LINUX:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def news(status: socket.socket) -> list[tuple[dict[str, Any], int]]:
    """Return what has been written, each message with its writer's process id (0 if unknown); empty at the end."""
    sender = 0
    try:
        if LINUX:
            data, extras, _, _ = status.recvmsg(1 << 14, socket.CMSG_SPACE(_CREDENTIALS.size))
            for level, kind, content in extras:
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                    sender = _CREDENTIALS.unpack(content)[0]
        else:
            data = status.recv(1 << 14)
    except OSError:
        return []
    return [(json.loads(line), sender) for line in data.splitlines()]


def standstill(process: int) -> str:
    """Tell whether nothing of a process runs or wants to: "waits", "is stopped", or an empty text. Linux only."""
    try:
        stats = [Path(entry, "stat").read_text(encoding="ascii", errors="replace") for entry in _threads(process)]
    except OSError:
        return ""
    states = {stat.rpartition(")")[2].split()[0] for stat in stats}
    if not states or not states <= {"S", "T"}:
        return ""
    return "is stopped" if "T" in states else "waits"


def _threads(process: int) -> list[Path]:
    return list(Path(f"/proc/{process}/task").iterdir())


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used, in seconds; 0 if it is gone."""
    if LINUX:
        try:
            return time.clock_gettime((~process << 3) | _CPU_CLOCK)
        except OSError:
            return 0.0
    said = subprocess.run(["ps", "-o", "time=", "-p", str(process)], capture_output=True, text=True, check=False).stdout
    seconds = 0.0
    for part in said.strip().split(":"):
        seconds = seconds * 60 + float(part or 0)
    return seconds
