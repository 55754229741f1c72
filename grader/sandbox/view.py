"""What can be seen inside the outer walls: the interpreter, anyio and trio with what they need, the worker, no more.

A list of mounts, made once a process. Bubblewrap and our own code (`namespaces.py`) build the same view from it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

INSIDE = "/checkpoint"
PACKAGES = f"{INSIDE}/packages"
WORKER = f"{INSIDE}/worker"
WORKER_SOURCE = Path(__file__).resolve().parent.parent / "worker"

_ROOTS = ("anyio", "trio")
_DEVICES = ("null", "zero", "random", "urandom")
_SITE = ("site-packages", "dist-packages", "python3*/site-packages", "python3*/dist-packages")


@dataclass(frozen=True)
class Mount:
    """One thing to show at `target`: a file or folder read-only, a device, or an empty folder over whatever is there."""

    kind: Literal["read", "device", "empty"]
    source: str
    target: str


def interpreter() -> str:
    """Return the real path of the running interpreter, also from a virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def packages() -> dict[str, Path]:
    """Return the files and folders to import from: name in the packages folder → where it is installed.

    Raises:
        ModuleNotFoundError: anyio or trio, or what they need, is not installed.
    """
    found: dict[str, Path] = {}
    waiting, seen = list(_ROOTS), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in _ROOTS:
                raise ModuleNotFoundError(f"{name} is not installed beside this interpreter") from None
            continue  # wanted on another platform or an older Python
        waiting += _needs(distribution)
        found.update(_top_level(name, distribution))
    return found


def _needs(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for line in distribution.requires or ():
        name = re.match(r"[\w.-]+", line)
        if name and "extra ==" not in line:
            yield name[0].lower()


def _top_level(name: str, distribution: importlib.metadata.Distribution) -> Iterator[tuple[str, Path]]:
    parts = {file.parts[0] for file in distribution.files or ()} - {"__pycache__", ".."}
    if parts:
        for part in parts:
            yield part, Path(str(distribution.locate_file(part)))
        return
    spec = importlib.util.find_spec(name.replace("-", "_"))  # installed without a list of files
    if spec and spec.origin:
        origin = Path(spec.origin)
        path = origin.parent if origin.name == "__init__.py" else origin
        yield path.name, path


def _library_folders() -> Iterator[Path]:
    """Folders of the C libraries that the interpreter and its extension modules load."""
    triplet = sysconfig.get_config_var("MULTIARCH")
    if triplet and Path("/usr/lib", triplet).is_dir():
        yield from (Path("/lib", triplet), Path("/usr/lib", triplet))
    else:
        yield from (Path("/lib"), Path("/usr/lib"))
    yield from (Path("/lib64"), Path("/usr/lib64"))
    base = Path(sys.base_prefix).resolve()
    for store in (Path("/nix/store"), Path("/gnu/store")):
        if store in base.parents:
            yield store


def _interpreter_paths() -> Iterator[Path]:
    base = Path(sys.base_prefix).resolve()
    yield Path(interpreter())
    yield Path(sysconfig.get_path("stdlib")).resolve()
    extensions = sysconfig.get_config_var("DESTSHARED")  # lib-dynload; elsewhere than the rest on some systems
    if extensions:
        yield Path(extensions).resolve()
    if base != Path("/usr"):
        yield from sorted((base / "lib").glob("lib*.so*"))
    yield from _library_folders()
    yield from sorted(Path("/lib").glob("ld-*.so*"))
    yield Path("/etc/ld.so.cache")


@cache
def mounts() -> tuple[Mount, ...]:
    """Return the mounts that make the view, outer folders before inner ones."""
    shown = sorted({path for path in _interpreter_paths() if path.exists()}, key=lambda path: len(path.parts))
    outermost = [path for path in shown if not any(other in path.parents for other in shown)]
    result = [Mount("read", str(path), str(path)) for path in outermost]
    result += [
        Mount("empty", "", str(site))
        for path in shown
        if path.is_dir()
        for pattern in _SITE
        for site in sorted(path.glob(pattern))
    ]
    result += [Mount("read", str(path), f"{PACKAGES}/{name}") for name, path in sorted(packages().items())]
    result.append(Mount("read", str(WORKER_SOURCE), WORKER))
    result += [Mount("device", f"/dev/{name}", f"/dev/{name}") for name in _DEVICES]
    result.append(Mount("empty", "", "/tmp"))  # each child mounts its own over it
    return tuple(result)


@cache
def parents() -> tuple[str, ...]:
    """Return the folders that hold the mounts and are in none of them, outer ones first."""
    targets = [Path(mount.target) for mount in mounts()]
    found = {parent for target in targets for parent in target.parents if parent != Path("/")}
    free = [path for path in found if not any(path == target or target in path.parents for target in targets)]
    return tuple(str(path) for path in sorted(free))
