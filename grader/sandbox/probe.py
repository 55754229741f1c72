"""What this machine can do: which walls can be built here, and the remedy for what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from functools import cache
from pathlib import Path

from grader.sandbox.limits import Limits
from grader.sandbox.link import IsolationRefused
from grader.sandbox.outer import Level, spare_users
from grader.sandbox.server_process import Running
from grader.worker.process import syscalls

REFUSAL = (
    "no isolation on this machine (see `grader doctor`): install bubblewrap or allow user namespaces, "
    "or grade files that you trust with --unsafe-no-sandbox"
)

# Settings that take user namespaces away, the value that does, and the one that restores them.
_SETTINGS = (
    ("user/max_user_namespaces", "0", "10000"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
)


@cache
def _why_not(level: Level) -> str:
    """Build all walls of a level once; return why that failed, "" if it did not."""
    if sys.platform != "linux":
        return "needs Linux"
    if level == "bubblewrap" and shutil.which("bwrap") is None:
        return "bwrap is not installed"
    try:
        # A server with nothing to serve: what is tested are the walls.
        running = Running(
            level, walls=True, limits=Limits(), serve="def serve(channel): pass", as_root=True, imports=()
        )
    except IsolationRefused as problem:
        return str(problem)
    try:
        running.child().close()
    except (IsolationRefused, OSError) as problem:
        return str(problem)
    finally:
        running.close()
    return ""


@cache
def level() -> Level:
    """Return the best level that this machine offers. Tried once a process, by building the walls."""
    for candidate in ("bubblewrap", "namespaces"):
        if not _why_not(candidate):
            return candidate
    return "none"


def required_level() -> Level:
    """Return the best level, and refuse "none".

    Raises:
        IsolationRefused: with the one line that an instructor needs.
    """
    best = level()
    if best == "none":
        raise IsolationRefused(REFUSAL)
    return best


def describe() -> list[tuple[str, bool, str]]:
    """Return what `grader doctor` shows: a thing, whether it is there, and what that means or what to do."""
    if sys.platform != "linux":
        return [("isolation", False, "grading needs Linux; the self-check works here without")]
    best = level()
    return [
        ("bubblewrap", shutil.which("bwrap") is not None, "the tested outer walls; else: apt install bubblewrap"),
        ("walls with bubblewrap", *_verdict("bubblewrap")),
        ("walls without bubblewrap", *_verdict("namespaces")),
        (
            "system call filter",
            syscalls.is_supported(),
            f"there is a table for {platform.machine()}"
            if syscalls.is_supported()
            else f"no table of system calls for {platform.machine()}: grade on x86_64 or aarch64",
        ),
        ("user ids apart", *_user_ids()),
        ("isolation level", best != "none", best if best != "none" else REFUSAL),
    ]


def _verdict(candidate: Level) -> tuple[bool, str]:
    reason = _why_not(candidate)
    if not reason:
        return True, "own processes, files, network and user; limits; few system calls"
    for setting, denied, remedy in _SETTINGS:
        path = Path("/proc/sys", setting)
        if path.exists() and path.read_text().strip() == denied:
            return False, f"{reason}. Remedy: sysctl {setting.replace('/', '.')}={remedy}"
    return False, f"{reason}. In a container: start it with --privileged, or grade outside"


def _user_ids() -> tuple[bool, str]:
    if os.geteuid() != 0:
        return True, "a user namespace for each child"
    if spare_users():
        return True, "a user id of its own for each child"
    return False, "root without other user ids: threads are not limited; grade as a normal user"
