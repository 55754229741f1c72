"""Folders that others fill: opened one name after the other, and no link is followed on the way or at the end.

A path that was looked at may be another thing when it is opened. So each folder is opened inside the one before it, and
what is in it is asked of the open folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Kind = Literal["absent", "link", "folder", "file", "other"]


class NotAFolder(Exception):
    """What should be a folder is something else; `kind` says what, `name` which part of the path."""

    def __init__(self, name: str, kind: Kind) -> None:
        super().__init__(f"{name}: {kind}")
        self.name = name
        self.kind = kind


@contextmanager
def open_folder(root: Path, names: Iterable[str] = ()) -> Iterator[int]:
    """Open a folder inside `root`.

    Args:
        root: chosen by whoever grades, so links in it are followed.
        names: of the folders inside, from the outermost.

    Raises:
        NotAFolder: one of them is a link, a file, or is not there.
        OSError: it may not be opened.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names:
            try:
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            except PermissionError:
                raise
            except OSError as error:
                if (kind := kind_in(descriptor, name)) == "folder":
                    raise
                raise NotAFolder(name, kind) from error
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def kind_in(folder: int, name: str) -> Kind:
    """What an entry of an open folder is, links not followed."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return "absent"
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"
