"""The inner walls: what one child is shut into, after the fork and before the subject is loaded.

The outer walls (what is visible at all, no network) are already around the fork server. Here each child gets a
process-id namespace and a temporary folder of its own, limits, no privileges, and the list of allowed system calls.

Two ways lead in. *Root with user ids to spare*: the child becomes a user id nobody else has, so that the limit on
threads counts it alone (real user id 0 ignores that limit). *Anyone else*: a user namespace of its own.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from typing import Any

from . import syscalls

NOBODY = 65534  # user and group id of a child, as it sees itself, where it has no real one of its own

_NEWNS, _NEWUSER, _NEWPID = 0x00020000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION = 0x20080522
_M_ARENA_MAX = -8

Limits = dict[str, int]  # made by the trusted side: grader/sandbox/limits.py says what each means

_libc = ctypes.CDLL(None, use_errno=True)
_held = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter's lock during a call


class _Program(ctypes.Structure):
    """A struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _call(what: str, *arguments: Any) -> None:
    """Call a C function that returns 0 for success.

    Raises:
        OSError: with the call's name, so that `grader doctor` can say what is missing.
    """
    if getattr(_libc, what)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _prctl(option: int, *arguments: int) -> int:
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:4]]
    return int(_libc.prctl(option, *words))


def few_arenas() -> None:
    """Keep the C library from reserving 64 MB of addresses for every thread: the memory limit counts them."""
    if sys.platform == "linux" and hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 2)


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it is gone (Linux only; elsewhere nothing)."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def fork_apart(*, own_user: bool) -> int:
    """Fork a first process of new namespaces; return 0 in it, its id in the caller.

    `os.fork` has no flags, and `unshare` would need a process between. So this is `os.fork` with flags: the same
    documented hooks of CPython around the same system call.

    Args:
        own_user: make a user namespace too (when not root).
    """
    flags = _NEWNS | _NEWPID | (_NEWUSER if own_user else 0) | signal.SIGCHLD
    python = ctypes.pythonapi  # its calls keep the interpreter's lock, as a fork must
    python.PyOS_BeforeFork()
    process = _held.syscall(syscalls.clone_number(), ctypes.c_ulong(flags), None, None, None, None)
    number = ctypes.get_errno()
    if process == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    if process < 0:
        raise OSError(number, f"clone into namespaces: {os.strerror(number)}")
    return int(process)


def map_user(proc: int, user: int, group: int) -> None:
    """Be nobody in the user namespace just made.

    Args:
        proc: descriptor of the /proc folder of the machine outside. Inside the walls there is none.
        user: id of this process before.
        group: its group.
    """
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        file = os.open(f"self/{name}", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)


def first_to_die(proc: int) -> None:
    """If the machine runs out of memory, let it take the child, not the judge. See `map_user` for the argument."""
    file = os.open("self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        os.write(file, b"1000")
    finally:
        os.close(file)


def private_folder(folder: str, size: int, files: int) -> None:
    """Mount a fresh, small file system in memory, seen by this child only.

    Args:
        folder: where.
        size: bytes.
        files: how many files and folders it may hold.
    """
    nothing = ctypes.c_char_p(None)
    _call("mount", nothing, b"/", nothing, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), nothing)
    flags = ctypes.c_ulong(_MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    _call("mount", b"tmpfs", folder.encode(), b"tmpfs", flags, f"mode=1777,size={size},nr_inodes={files}".encode())


def spare_user(first: int, count: int) -> int:
    """Pick a user id that nobody else has, from the range that the trusted side found free."""
    return first + int.from_bytes(os.urandom(8), "little") % count


def never_regain() -> None:
    """Empty the set of capabilities that a program could gain. The fork server does it once, for all its children."""
    for capability in range(64):
        if _prctl(_PR_CAPBSET_DROP, capability) != 0:
            break  # past the last one that this kernel knows, or nothing to drop: no privilege at all


def become(user: int | None) -> None:
    """Give up every privilege for good.

    Args:
        user: the spare user and group id to become; None keeps the ids of the user namespace.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _prctl(_PR_SET_DUMPABLE, 0)  # a crash writes no memory image, whatever the machine does with them
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        raise OSError("prctl: the kernel knows no PR_SET_NO_NEW_PRIVS")


def limit(limits: Limits, *, walls: bool) -> None:
    """Set the limits that the kernel enforces. Without walls only those that harm nobody."""
    wanted = [("RLIMIT_CPU", limits["cpu_s"]), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", limits["open_files"])]
    if sys.platform == "linux":
        wanted.append(("RLIMIT_AS", limits["memory"]))
    if walls:
        wanted += [
            ("RLIMIT_FSIZE", limits["file_size"]),
            ("RLIMIT_NPROC", limits["threads"]),
            ("RLIMIT_MEMLOCK", 0),
            ("RLIMIT_MSGQUEUE", 0),
            ("RLIMIT_SIGPENDING", 1024),
        ]
    for name, most in wanted:
        which = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        ceiling = most + 1 if name == "RLIMIT_CPU" else most  # first SIGXCPU, a second later SIGKILL
        if hard != resource.RLIM_INFINITY:
            ceiling = min(ceiling, hard)
        resource.setrlimit(which, (min(most, ceiling), ceiling))


def forbid_calls() -> None:
    """Let only the listed system calls through, from here to the end of this process."""
    code = syscalls.program()
    program = _Program(len(code) // 8, code)
    if _libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
