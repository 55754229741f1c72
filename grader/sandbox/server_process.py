"""One running fork server: started, asked for children, ended."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from grader.sandbox import outer, view
from grader.sandbox.limits import Limits
from grader.sandbox.link import IsolationRefused, Link

START_S = 30  # a cold start on a busy machine; idle it takes half a second
GONE_S = 20  # the kernel needs milliseconds to end a child; a machine that swaps, longer
OUT_OF_MEMORY = 97  # exit code by which a child says that its own code met MemoryError


class Running:
    """A fork server process. Several threads may use it.

    Args:
        level: its outer walls.
        walls: whether its children get inner walls.
        serve: source text of another request loop, for tests of the sandbox.
        as_root: use the spare user ids of root where there are any.
        imports: modules that every child finds imported.

    Raises:
        IsolationRefused: it did not start; the text says why.
    """

    def __init__(
        self,
        level: outer.Level,
        *,
        walls: bool,
        limits: Limits,
        serve: str | None,
        as_root: bool,
        imports: tuple[str, ...] = outer.IMPORTS,
    ) -> None:
        if not hasattr(os, "fork"):
            raise IsolationRefused("this system can't fork processes: use Linux, macOS or WSL")
        self.level = level
        self.pid_of_owner = os.getpid()
        self._walls = walls
        self._limits = limits
        self._lock = threading.Lock()
        self._rest = b""
        self._gone: set[int] = set()
        self._next = 0
        self._temporary = None if walls else Path(tempfile.mkdtemp(prefix="checkpoint-"))
        self._control, theirs = socket.socketpair()
        try:
            with theirs:  # once the server alone holds it, its end is noticed here
                self._process = self._start(theirs, as_root=as_root, imports=imports)
            self._handshake(serve)
        except BaseException:
            self._control.close()
            self._sweep()
            raise

    def _start(self, theirs: socket.socket, *, as_root: bool, imports: tuple[str, ...]) -> subprocess.Popen[bytes]:
        opened: list[int] = []
        if self._walls:
            opened.append(os.open("/proc", os.O_RDONLY | os.O_DIRECTORY))
        if sys.platform == "linux":
            opened.append(os.pidfd_open(os.getpid()))
        if self._temporary:
            _link_packages(self._temporary / "packages")
        try:
            command = outer.command(
                self.level,
                walls=self._walls,
                control=theirs.fileno(),
                proc=opened[0] if self._walls else -1,
                judge=opened[-1] if sys.platform == "linux" else -1,
                temporary=self._temporary,
                spare=outer.spare_users() if as_root and self._walls else None,
                imports=imports,
            )
            return subprocess.Popen(
                command.arguments,
                env=command.environment,
                pass_fds=command.descriptors,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the judge
            )
        except OSError as problem:
            raise IsolationRefused(f"the fork server can't be started: {problem}") from problem
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _handshake(self, serve: str | None) -> None:
        self._control.settimeout(START_S)
        try:
            self._write({"serve": serve})
            answer = self._read()
        except OSError as problem:
            raise IsolationRefused(
                f"the fork server ({self.level}) did not start: {self._last_words(problem)}"
            ) from problem
        if "failed" in answer:
            self.close()
            raise IsolationRefused(f"the fork server ({self.level}) did not start: {answer['failed']}")
        self._control.settimeout(GONE_S)

    def _last_words(self, problem: OSError) -> str:
        """End the process and return the last line it wrote to standard error."""
        self._process.kill()
        _, said = self._process.communicate()
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else str(problem)

    def _write(self, message: dict[str, object], descriptors: tuple[int, ...] = ()) -> None:
        line = json.dumps(message).encode() + b"\n"
        sent = socket.send_fds(self._control, [line], descriptors) if descriptors else 0
        self._control.sendall(line[sent:])

    def _read(self) -> dict[str, object]:
        while b"\n" not in self._rest:
            part = self._control.recv(1 << 16)
            if not part:
                raise ConnectionResetError("the fork server is gone")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, object] = json.loads(line)
        return message

    def child(self) -> Link:
        """Fork a child and wait until it is behind its walls.

        Raises:
            OSError: the fork server is gone.
            IsolationRefused: the walls could not be built.
        """
        with self._lock:
            self._next += 1
            number = self._next
        folder = "/tmp" if self._temporary is None else tempfile.mkdtemp(dir=self._temporary)
        link = Link(self._limits, close=lambda: self._end(number), out_of_memory=OUT_OF_MEMORY)
        request: dict[str, object] = {
            "op": "spawn",
            "id": number,
            "limits": vars(self._limits),
            "folder": folder,
            "out_of_memory": OUT_OF_MEMORY,
        }
        try:
            with self._lock, link.far_ends() as descriptors:
                self._write(request, descriptors)
            link.wait_ready(time.monotonic() + START_S)
        except BaseException:
            link.close()
            raise
        return link

    def _end(self, number: int) -> None:
        """Kill a child and wait until it is gone and has been waited for."""
        with self._lock:
            try:
                if number not in self._gone:
                    self._write({"op": "kill", "id": number})
                while number not in self._gone:
                    self._gone.add(int(str(self._read()["gone"])))
            except OSError:
                self._process.kill()  # the server is gone or hangs: all its children go with it
                self._process.wait()
            self._gone.discard(number)

    def alive(self) -> bool:
        """Tell whether children can still be asked for, from this process (not from a fork of it)."""
        return self._process.poll() is None and self.pid_of_owner == os.getpid()

    def close(self) -> None:
        """End the server with all its children, and wait until they are gone."""
        if self.pid_of_owner != os.getpid():
            self._control.close()
            return
        with self._lock:
            self._control.close()
            try:
                self._process.wait(GONE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stderr:
                self._process.stderr.close()
            self._sweep()

    def _sweep(self) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _link_packages(folder: Path) -> None:
    """Make a folder with links to just the packages that are visible inside walls, so that imports go the same way."""
    folder.mkdir()
    for name, path in view.packages().items():
        (folder / name).symlink_to(path)
