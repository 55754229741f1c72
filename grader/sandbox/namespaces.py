"""Outer walls by our own hand, for machines without bubblewrap: the same view, built with unshare, mount, pivot_root.

A script: it is run by path, in a fresh interpreter without `site`, and imports the standard library only. It leaves
the shared namespaces, builds the view in memory, and becomes the parent of the fork server, which is the first process
in there. When that ends, the kernel has killed all the rest.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any, NoReturn

NOBODY = 65534
NEW_NAMESPACES = (
    0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
)  # ns cgroup uts ipc pid net
NEW_USER = 0x10000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT = 1, 2, 4, 8, 32
BIND, REC, PRIVATE = 0x1000, 0x4000, 1 << 18
MNT_DETACH = 2
KEPT = (5, 6, 7, 8, 21)  # CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SYS_ADMIN: as outer.py names them
CAPBSET_DROP = 24

libc = ctypes.CDLL(None, use_errno=True)


def call(what: str, *arguments: Any) -> None:
    """Call a C function; raise OSError with its name and first path if it fails."""
    if getattr(libc, what)(*arguments) != 0:
        number = ctypes.get_errno()
        paths = [argument.decode() for argument in arguments if isinstance(argument, bytes)]
        raise OSError(number, f"{what} {' '.join(paths)}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount something, as the system call of this name does."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    call("mount", texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def leave(*, own_user: bool) -> None:
    """Leave the namespaces of the machine; become nobody in a user namespace of our own if asked."""
    user, group = os.geteuid(), os.getegid()
    call("unshare", NEW_NAMESPACES | (NEW_USER if own_user else 0))
    if own_user:
        pairs = (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1"))
        for name, text in pairs:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def kept_flags(path: str) -> int:
    """Return the restrictions of the mount that holds a path: in a user namespace they can't be taken away."""
    flags = os.statvfs(path).f_flag
    return flags & (RDONLY | NOSUID | NODEV | NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)


def show(kind: str, source: str, target: str) -> None:
    """Make one mount of the view."""
    if kind == "empty":
        os.makedirs(target, exist_ok=True)
        mount("tmpfs", target, "tmpfs", NOSUID | NODEV, "mode=755,size=64k")
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "a").close()
    mount(source, target, None, BIND | REC)
    flags = kept_flags(target) | NOSUID
    mount(None, target, None, BIND | REMOUNT | (flags | RDONLY | NODEV if kind == "read" else flags & ~NODEV))


def build(mounts: list[list[str]]) -> None:
    """Build the view and make it all there is."""
    os.umask(0o022)
    mount(None, "/", None, REC | PRIVATE)
    mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV, "mode=755,size=1m")
    # The sources may lie below /tmp: reach them through the old root, from a new root with both inside.
    os.makedirs("/tmp/new")
    os.makedirs("/tmp/old")
    call("pivot_root", b"/tmp", b"/tmp/old")
    os.chdir("/")
    mount("tmpfs", "/new", "tmpfs", NOSUID | NODEV, "mode=755,size=1m")
    for kind, source, target in mounts:
        show(kind, "/old" + os.path.realpath(source) if source else "", "/new" + target)
    os.chdir("/new")
    call("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    mount(None, "/", None, BIND | REMOUNT | RDONLY | NOSUID | NODEV)


def first_process(plan: dict[str, Any]) -> NoReturn:
    """Build the view and become the fork server."""
    build(plan["mounts"])
    for capability in range(64):
        if capability not in KEPT and libc.prctl(CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            break
    os.execve(plan["command"][0], plan["command"], plan["environment"])


def main() -> int:
    """Return the exit code of the fork server."""
    plan = json.loads(sys.argv[1])
    try:
        leave(own_user=plan["own_user"])
        child = os.fork()
        if child == 0:
            first_process(plan)
    except OSError as problem:
        sys.stderr.write(f"{problem.strerror or problem}\n")
        os._exit(1)
    for descriptor in plan["descriptors"]:
        os.close(descriptor)  # the judge must notice when the fork server closes its own
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended) & 0xFF


if __name__ == "__main__":
    os._exit(main())
