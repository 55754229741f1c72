"""The fork server: has everything imported, and forks one confined child for each request of the judge.

It reads requests from the judge alone and never runs a line of the subject. Three processes matter:

- the *server* (this file's `main`), the first process inside the outer walls;
- the *keeper*, first process of a child's own process-id namespace: it waits for the child and says how it ended.
  Killing it kills all the child ever started;
- the *child*, where `serve` loads the subject.

Without walls (self-check) there is no keeper: the server forks the child and waits for it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

from . import child, syscalls, walls
from .child import Serve

Request = dict[str, Any]

_DESCRIPTORS = 4  # with each request: messages in, messages out, output, status


def _tell(status: int, **message: Any) -> None:
    """Send one line to the judge, beside the channel that the subject shares."""
    os.write(status, json.dumps(message).encode() + b"\n")


def _load_serve(text: str | None) -> Serve:
    """Return the request loop of a child, after what it wants done once for all children (its `prepare`).

    Args:
        text: source of a module that defines `serve`, for tests of the sandbox; None takes the real one.
    """
    if text is None:
        module = importlib.import_module(".serve", __package__)
    else:
        module = types.ModuleType(f"{__package__}.other_serve")
        sys.modules[module.__name__] = module
        exec(compile(text, "<serve>", "exec"), module.__dict__)
    if hasattr(module, "prepare"):
        module.prepare()
    return module.serve  # type: ignore[no-any-return]


class _Server:
    """State of the fork server.

    Args:
        settings: what the trusted side wrote on the command line (grader/sandbox/outer.py).
    """

    def __init__(self, settings: Request) -> None:
        self.walls: bool = settings["walls"]
        self.proc: int = settings["proc"]
        self.judge: int = settings["judge"]
        self.spare: list[int] | None = settings["spare"]
        self.temporary: str | None = settings["temporary"]  # where there are no walls: folder of all children's folders
        self.control = socket.socket(fileno=settings["control"])
        self.serve: Serve
        self.running: dict[int, tuple[int, int]] = {}  # process → number of the request, status descriptor or -1
        self._rest = b""
        self._descriptors: list[int] = []
        self._wakeup, wakeup = socket.socketpair()
        self._wakeup.setblocking(False)
        wakeup.setblocking(False)
        self._wakeup_writer = wakeup

    def warm_up(self, imports: list[str]) -> None:
        """Import all that a child may need, then put it where the garbage collector of no child looks again."""
        walls.few_arenas()
        if self.walls:
            walls.die_with_parent()  # that is bwrap or namespaces.py, which the judge can kill; not the judge's thread
            walls.never_regain()
            syscalls.program()  # cached for all children
        self.serve = _load_serve(self._first_line()["serve"])
        for name in imports:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()

    def _first_line(self) -> Request:
        while b"\n" not in self._rest:
            part = self.control.recv(1 << 16)
            if not part:
                os._exit(0)
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)  # type: ignore[no-any-return]

    def run(self) -> NoReturn:
        """Answer requests until the judge closes its end or is gone."""
        signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.control.sendall(b'{"ready": true}\n')
        poller = select.poll()
        for descriptor in (self.control.fileno(), self._wakeup.fileno(), self.judge):
            if descriptor >= 0:
                poller.register(descriptor, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poller.poll()}
            if self.judge in ready:
                self._leave()
            if self._wakeup.fileno() in ready:
                self._wakeup.recv(4096)
            self._reap()
            if self.control.fileno() in ready:
                self._requests()

    def _leave(self) -> NoReturn:
        """End, and with it all children: inside walls the kernel kills what is left in this namespace."""
        if self.temporary:
            for process in self.running:
                _kill(process, group=True)
            shutil.rmtree(self.temporary, ignore_errors=True)  # the judge may not be there to do it
        os._exit(0)

    def _requests(self) -> None:
        part, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, _DESCRIPTORS)
        if not part:
            self._leave()
        self._descriptors += descriptors
        self._rest += part
        while b"\n" in self._rest:
            request = self._first_line()
            if request["op"] == "spawn":
                taken, self._descriptors = self._descriptors[:_DESCRIPTORS], self._descriptors[_DESCRIPTORS:]
                self._spawn(request, taken)
            else:
                self._kill(request["id"])

    def _kill(self, number: int) -> None:
        for process, (request, _) in self.running.items():
            if request == number:
                _kill(process, group=not self.walls)
        self._reap()

    def _reap(self) -> None:
        """Collect ended processes and tell the judge, which waits for that before it calls a child gone."""
        while True:
            try:
                process, ended, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            number, status = self.running.pop(process, (-1, -1))
            if status >= 0:
                with contextlib.suppress(OSError):  # the judge may have closed the link already
                    _tell(status, **_ending(ended, used))
                os.close(status)
            if number >= 0:
                self.control.sendall(json.dumps({"gone": number}).encode() + b"\n")

    def _spawn(self, request: Request, descriptors: list[int]) -> None:
        if self.walls:
            process, status = self._spawn_confined(request, descriptors), -1
        else:
            process, status = os.fork(), os.dup(descriptors[3])
            if process == 0:
                self._exit_after(descriptors[3], lambda: self._child(request, descriptors))
        for descriptor in descriptors:
            os.close(descriptor)
        if process > 0:
            self.running[process] = (request["id"], status)
        else:
            self.control.sendall(json.dumps({"gone": request["id"]}).encode() + b"\n")

    def _spawn_confined(self, request: Request, descriptors: list[int]) -> int:
        """Fork the keeper into its own namespaces; return its id, 0 if this machine does not allow it."""
        user, group = os.geteuid(), os.getegid()
        try:
            keeper = walls.fork_apart(own_user=self.spare is None)
        except OSError as problem:
            _tell(descriptors[3], failed=str(problem))
            return 0
        if keeper == 0:
            self._exit_after(descriptors[3], lambda: self._keeper(request, descriptors, user, group))
        return keeper

    def _exit_after(self, status: int, body: Callable[[], int]) -> NoReturn:
        """Run the body of a forked process; nothing may ever return into the server's loop."""
        code = 1
        try:
            code = body()
        except BaseException as problem:
            try:
                _tell(status, failed=str(problem) or type(problem).__name__)
            except OSError:
                code = 2  # the judge is gone
        os._exit(code)

    def _keeper(self, request: Request, descriptors: list[int], user: int, group: int) -> int:
        status = descriptors[3]
        if self.spare is None:
            walls.map_user(self.proc, user, group)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)  # the child can't signal this process: it handles nothing
        limits = request["limits"]
        walls.private_folder(request["folder"], limits["disk"], limits["disk_files"])
        spare = walls.spare_user(*self.spare) if self.spare else None
        process = os.fork()
        if process == 0:
            self._exit_after(status, lambda: self._child(request, descriptors, spare))
        child.close_all_but(status)
        walls.become(spare)
        _, ended, used = os.wait4(process, 0)
        _tell(status, **_ending(ended, used))
        return 0

    def _child(self, request: Request, descriptors: list[int], user: int | None = None) -> int:
        limits, folder = request["limits"], request["folder"]
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if not self.walls:
            os.setpgid(0, 0)
            walls.die_with_parent()
        if self.walls:
            walls.first_to_die(self.proc)
        channel, status = child.arrange(descriptors, limits["open_files"])
        child.clean_surroundings(folder, walls=self.walls)
        walls.limit(limits, walls=self.walls)
        if self.walls:
            walls.become(user)
            walls.forbid_calls()
        _tell(status, at="child", pid=os.getpid())
        os.close(status)
        gc.enable()
        return child.run(self.serve, channel, request["out_of_memory"])


def _kill(process: int, *, group: bool) -> None:
    """Kill a process that has not been waited for yet, so that its id can't be another's."""
    if group:
        with contextlib.suppress(OSError):  # it has not made its group yet
            os.killpg(process, signal.SIGKILL)
    os.kill(process, signal.SIGKILL)


def _ending(ended: int, used: Any) -> dict[str, Any]:
    """Say how a process ended: wait status, CPU seconds, largest resident size in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return {"ended": ended, "cpu": used.ru_utime + used.ru_stime, "resident": used.ru_maxrss * unit}


def main(settings: Request) -> NoReturn:
    """Start the fork server. Never returns."""
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = _Server(settings)
    try:
        server.warm_up(settings["imports"])
    except BaseException as problem:
        text = f"{type(problem).__name__}: {problem}"
        server.control.sendall(json.dumps({"failed": text}).encode() + b"\n")
        os._exit(1)
    server.run()
