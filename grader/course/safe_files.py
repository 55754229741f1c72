"""Write files so that nothing is lost: whole or not at all, one process at a time, never over another's; and read records and hashes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody else write while this process reads and writes, where the system can do that.

    Args:
        folder: what is locked: all writers of its files take the same one.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def read_object(path: Path, most: int = -1) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one if the file is missing, cannot be read, or holds something else.

    Args:
        most: bytes that are read; all if not given.
    """
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(most))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def sha256_of(*paths: Path) -> str | None:
    """The sha256 of a file, or of several one after the other; None if there is none."""
    try:
        return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest() if paths else None
    except OSError:
        return None


def write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    with _draft(path, data) as draft:
        draft.replace(path)


def write_private(path: Path, text: str) -> Path:
    """Write a text and a line break so that it is there whole or not at all, for this account's eyes only; return `path`.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    with _draft(path, (text + "\n").encode(), mode=0o600) as draft:
        draft.replace(path)
    return path


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is missing. One that somebody else has made in the meantime stays as it is.

    Raises:
        OSError: it cannot be written.
    """
    with _draft(path, data) as draft:
        try:
            os.link(draft, path)  # unlike a renaming, it never replaces what is there
        except FileExistsError:
            return
        except OSError:  # some file systems have no links
            if not path.exists():
                draft.replace(path)


@contextlib.contextmanager
def _draft(path: Path, data: bytes, mode: int = 0o666) -> Iterator[Path]:
    """A file of this process's own beside the one that is to be written, on the disk already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def keep(path: Path, stem: str) -> Path:
    """Keep a file under another name beside it, one that is free; the file itself stays in its place.

    Args:
        stem: the other name, without its suffix.

    Raises:
        OSError: it cannot be kept.
    """
    number, target = 1, path.with_name(f"{stem}{path.suffix}")
    while True:
        try:
            _keep_as(path, target)
        except FileExistsError:
            number += 1
            target = path.with_name(f"{stem}-{number}{path.suffix}")
        else:
            return target


def _keep_as(path: Path, target: Path) -> None:
    """Raises FileExistsError if the name is taken: two processes never keep two files under one name."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:  # some file systems have no links
        data = path.read_bytes()
        with target.open("xb") as copy:
            copy.write(data)
