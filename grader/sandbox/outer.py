"""The command that starts a fork server inside the outer walls of one level."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.sandbox import view

Level = Literal["bubblewrap", "namespaces", "none"]

IMPORTS = (
    "anyio",
    "anyio.abc",
    "anyio.lowlevel",
    "anyio.streams.memory",
    "anyio.to_thread",
    "anyio.from_thread",
    "anyio._backends._asyncio",
    "anyio._backends._trio",
    "trio",
    "trio.testing",
    "asyncio",
    "collections.abc",
    "concurrent.futures",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "logging",
    "math",
    "random",
    "statistics",
    "tempfile",
    "threading",
    "traceback",
    "typing",
    "unittest.mock",
)

# Loads the worker's files as the package `grader_worker`, so that nothing else of the engine can be imported there.
# `site` stays out (-S), but `exit` and `quit` are names a learner may know.
_LAUNCH = """
import importlib.util, json, site, sys
settings = json.loads(sys.argv[1])
site.setquit()
sys.path.append(settings["packages"])
folder = settings["worker"]
spec = importlib.util.spec_from_file_location(
    "grader_worker", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["grader_worker"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from grader_worker.process import fork_server
fork_server.main(settings)
"""
# -s -S: no site-packages; -P: not the current folder; -B: write nothing. -I would drop PYTHONHASHSEED as well.
_OPTIONS = ("-s", "-S", "-P", "-B", "-X", "utf8", "-c", _LAUNCH)
_ENVIRONMENT = {"PYTHONHASHSEED": "0"}  # the order of a set is the same in each run

_NOBODY = "65534"
_KEPT = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL")  # by the server, never by a child
_KEPT_BITS = (21, 7, 6, 8, 5)
_FREE_RANGE = (1_879_048_192, 268_435_455)  # first, count: above all that systemd and containers hand out
_OTHERS_READ = 0o004


@dataclass(frozen=True)
class Command:
    """What to start: arguments, environment, and the descriptors that it must inherit."""

    arguments: list[str]
    environment: dict[str, str]
    descriptors: tuple[int, ...]


def spare_users() -> tuple[int, int] | None:
    """Return a range of user ids that are nobody's (first, count), if this process may change to them; else None."""
    if sys.platform != "linux" or os.geteuid() != 0 or not _may_change_user():
        return None
    readable = (view.interpreter(), sys.modules["os"].__file__ or "", *map(str, view.packages().values()))
    if not all(os.stat(path).st_mode & _OTHERS_READ for path in readable):
        return None  # an installation that root alone may read: stay root, in a user namespace
    last = max(
        int(line.split()[0]) + int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines()
    )
    first, count = _FREE_RANGE
    if last >= first + count:
        return first, count
    few = 4096
    return (last - few, few) if last > 2 * few else None


def _may_change_user() -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            held = int(line.split()[1], 16)
            return all(held >> bit & 1 for bit in _KEPT_BITS)
    return False


def command(
    level: Level,
    *,
    walls: bool,
    control: int,
    proc: int,
    judge: int,
    temporary: Path | None,
    spare: tuple[int, int] | None,
    imports: tuple[str, ...],
) -> Command:
    """Return how to start a fork server.

    Args:
        level: the outer walls.
        walls: whether children get inner walls.
        control: descriptor of the server's end of the control socket.
        proc: descriptor of /proc, or -1.
        judge: descriptor that becomes readable when this process ends (a pidfd), or -1.
        temporary: where there are no walls, a folder with a folder `packages` to import from; the server removes it.
        spare: see `spare_users`.
        imports: modules to import before the first fork.
    """
    settings: dict[str, Any] = {
        "walls": walls,
        "control": control,
        "proc": proc,
        "judge": judge,
        "spare": spare,
        "imports": imports,
        "temporary": str(temporary) if temporary else None,
        "packages": str(temporary / "packages") if temporary else view.PACKAGES,
        "worker": str(view.WORKER_SOURCE) if level == "none" else view.WORKER,
    }
    python = [view.interpreter(), *_OPTIONS, json.dumps(settings)]
    descriptors = tuple(number for number in (control, proc, judge) if number >= 0)
    if level == "bubblewrap":
        return Command([*_bubblewrap(spare), "--", *python], _ENVIRONMENT, descriptors)
    if level == "namespaces":
        plan = {
            "mounts": [(mount.kind, mount.source, mount.target) for mount in view.mounts()],
            "own_user": spare is None,
            "descriptors": descriptors,
            "command": python,
            "environment": _ENVIRONMENT,
        }
        script = str(Path(__file__).with_name("namespaces.py"))
        return Command([view.interpreter(), "-I", "-S", "-B", script, json.dumps(plan)], _ENVIRONMENT, descriptors)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return Command(python, kept | _ENVIRONMENT, descriptors)


def _bubblewrap(spare: tuple[int, int] | None) -> list[str]:
    arguments = [
        shutil.which("bwrap") or "bwrap",
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    arguments += ["--hostname", "checkpoint", "--as-pid-1"]
    if spare is None:
        arguments += ["--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
    else:
        arguments += ["--cap-drop", "ALL"]
        for name in _KEPT:
            arguments += ["--cap-add", name]
    for folder in view.parents():  # bwrap would make them for root alone
        arguments += ["--dir", folder]
    flags = {"read": "--ro-bind", "device": "--dev-bind"}
    for mount in view.mounts():
        if mount.kind == "empty":
            arguments += ["--tmpfs", mount.target]
        else:
            arguments += [flags[mount.kind], mount.source, mount.target]
    return [*arguments, "--remount-ro", "/", "--chdir", "/"]
