"""The judge's end of the line to one confined child.

Nothing that comes over it is trusted: it is counted, cut, and parsed as plain JSON. How the child ended is not taken
from the line but from the process that waited for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Self

from grader.sandbox import endings, processes
from grader.sandbox.limits import Limits

_CHUNK = 1 << 16
_LAST_WORD_S = 2.0  # between the end of the line and the news how the child ended
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class LinkClosed(Exception):
    """The child is gone, or has broken the rules of the line and is no longer listened to.

    Args:
        how: what happened, as the end of a sentence that begins with "it".
    """

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class LinkTimeout(Exception):
    """The deadline passed without a message.

    Args:
        cpu_seconds: what the child has used so far: next to nothing means it was waiting, or the machine is busy.
    """

    def __init__(self, cpu_seconds: float) -> None:
        super().__init__(f"no answer in time, {cpu_seconds:.2f} s of processor time used")
        self.cpu_seconds = cpu_seconds


class IsolationRefused(Exception):
    """The walls can't be built on this machine. The text is one line, with the remedy."""


class Link:
    """A confined child, seen from the judge. Use as a context manager, or call `close`.

    Args:
        limits: caps on what it may write.
        close: kills the child and returns when it is gone.
        out_of_memory: the exit code that stands for MemoryError.
    """

    def __init__(self, limits: Limits, *, close: Callable[[], None], out_of_memory: int) -> None:
        self.pid = 0  # as this process sees it
        self._limits = limits
        self._end = close
        self._out_of_memory = out_of_memory
        self._gone = ""  # how it ended, or why nobody listens to it any more
        self._ending: endings.Ending | None = None
        self._unsent = b""
        self._lines = bytearray()
        self._searched = 0
        self._output = bytearray()
        self._total = 0
        self._failed: str | None = None
        theirs_in, self._requests = os.pipe()
        self._replies, theirs_out = os.pipe()
        self._prints, theirs_prints = os.pipe()
        self._status, theirs_status = processes.status_pair()
        self._far = (theirs_in, theirs_out, theirs_prints, theirs_status.detach())
        for descriptor in (self._requests, self._replies, self._prints):
            os.set_blocking(descriptor, False)
        self._poller = select.poll()
        self._open = {self._replies, self._prints, self._status.fileno()}
        for descriptor in self._open:
            self._poller.register(descriptor, select.POLLIN)

    @contextlib.contextmanager
    def far_ends(self) -> Iterator[tuple[int, ...]]:
        """Lend the child's ends for the moment in which they are sent; afterwards only the child has them."""
        try:
            yield self._far
        finally:
            for descriptor in self._far:
                os.close(descriptor)

    def wait_ready(self, deadline: float) -> None:
        """Wait until the child is behind its walls.

        Raises:
            IsolationRefused: it could not be confined; the text says which step failed.
            OSError: it died without a word, with its server.
        """
        while not self.pid and not self._failed and self._status.fileno() in self._open:
            if time.monotonic() > deadline:
                raise IsolationRefused("the walls of a child were not ready in time")
            self._pump(deadline)
        if self._failed:
            raise IsolationRefused(f"a child can't be confined here: {self._failed}")
        if not self.pid:
            raise ConnectionResetError("the fork server died while it made a child")

    def send(self, obj: dict[str, Any]) -> None:
        """Send one message. Never waits: what a busy child does not take yet goes out while `receive` waits.

        Raises:
            LinkClosed: the child is known to be gone.
        """
        if self._gone:
            raise LinkClosed(self._gone)
        self._unsent += json.dumps(obj, separators=(",", ":")).encode() + b"\n"
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._requests, self._unsent) :]
        except BlockingIOError:
            self._poller.register(self._requests, select.POLLOUT)
            return
        except OSError:
            self._unsent = b""  # nobody reads any more; `receive` says how it ended
        with contextlib.suppress(KeyError):
            self._poller.unregister(self._requests)

    def receive(self, deadline: float) -> dict[str, Any]:
        """Return the next message.

        Args:
            deadline: when to give up, on the clock of `time.monotonic`.

        Raises:
            LinkClosed: the child ended, or broke the rules of the line; it is gone then.
            LinkTimeout: the deadline passed.
        """
        while True:
            line = self._next_line()
            if line is not None:
                return self._parse(line)
            if self._gone:
                raise LinkClosed(self._gone)
            if self._total > self._limits.total or len(self._lines) > self._limits.line:
                self._break_off("wrote too much")
            elif self._replies not in self._open or self._ending:
                self.close(self._last_word())
            elif time.monotonic() >= deadline:
                raise LinkTimeout(self.cpu_seconds())
            else:
                self._pump(deadline)

    def _next_line(self) -> bytes | None:
        end = self._lines.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._lines)
            return None
        self._searched = 0
        line = bytes(self._lines[:end])
        del self._lines[: end + 1]
        if end > self._limits.line:
            self._break_off("wrote too much")
        return line

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            obj = json.loads(line)
            if _SURROGATE.search(line):  # halves of characters, which no file and no terminal takes
                obj = json.loads(json.dumps(obj, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            obj = None
        if not isinstance(obj, dict):
            self._break_off("wrote something that is not a message")
        return obj

    def _pump(self, deadline: float) -> None:
        """Wait for something to read or write, at most until the deadline, and move it."""
        wait_ms = max(0.0, deadline - time.monotonic()) * 1000
        for descriptor, _ in self._poller.poll(wait_ms + 0.5):
            if descriptor == self._requests:
                self._flush()
            elif descriptor == self._status.fileno():
                self._hear()
            elif descriptor in self._open:  # not closed by what the lines above have heard
                self._take(descriptor)

    def _take(self, descriptor: int) -> None:
        try:
            part = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        if not part:
            self._forget(descriptor)
            return
        self._total += len(part)
        if descriptor == self._replies:
            self._lines += part
        else:
            self._output += part
            del self._output[: -self._limits.output]

    def _forget(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        self._poller.unregister(descriptor)

    def _hear(self) -> None:
        """Read the messages of the processes around the child."""
        news = processes.news(self._status)
        if not news:
            self._forget(self._status.fileno())
        for message, sender in news:
            if message.get("at") == "child":
                self.pid = sender or message["pid"]
            elif "failed" in message:
                self._failed = message["failed"]
            elif "ended" in message:
                self._drain()
                self._ending = endings.Ending(message["ended"], message["cpu"], message["resident"])

    def _drain(self) -> None:
        """Take what the child has left in the pipes."""
        for descriptor in (self._replies, self._prints):
            before = -1
            while descriptor in self._open and before != self._total <= self._limits.total:
                before = self._total
                self._take(descriptor)

    def _last_word(self) -> str:
        until = time.monotonic() + _LAST_WORD_S
        while not self._ending and self._status.fileno() in self._open and time.monotonic() < until:
            self._pump(until)
        if self._ending:
            return self._ending.text(self._limits, self._out_of_memory)
        return "closed its end of the line" if self._status.fileno() in self._open else "was killed from outside"

    def _break_off(self, how: str) -> NoReturn:
        """Listen no more to a child that broke the rules, and end it."""
        self.close(how)
        self._lines.clear()
        raise LinkClosed(how)

    def cpu_seconds(self) -> float:
        """Return the processor time used by the child so far, all threads, in seconds."""
        if self._ending:
            return self._ending.cpu
        return processes.cpu_seconds(self.pid) if self.pid and not self._gone else 0.0

    def standstill(self) -> str:
        """Tell whether the child neither runs nor wants to: "waits", "is stopped", or an empty text."""
        return processes.standstill(self.pid) if self.pid and not self._gone else ""

    def last_line(self, file: str) -> int | None:
        """End a child that stands still, and return the line of a file that its main thread is at, if it can be told.

        Args:
            file: name of the file that the code comes from.
        """
        with contextlib.suppress(OSError):
            for number in (signal.SIGABRT, signal.SIGCONT):  # at the first one it writes where it is, and ends
                os.kill(self.pid, number)
        until = time.monotonic() + _LAST_WORD_S
        while not self._ending and self._status.fileno() in self._open and time.monotonic() < until:
            self._pump(until)
        _, _, said = self.output.rpartition("Fatal Python error")
        found = re.search(rf'File "{re.escape(file)}", line (\d+)', said)
        return int(found[1]) if found else None

    @property
    def output(self) -> str:
        """The end of what it printed (standard out and error together)."""
        if not self._gone:
            self._drain()
        return self._output.decode("utf-8", "replace")

    def close(self, how: str = "was closed") -> None:
        """Kill the child with everything it started, and return when it is gone. Safe to call twice.

        Args:
            how: it ended, as `LinkClosed` says it to whoever asks later.
        """
        if self._gone:
            return
        used = self.cpu_seconds()
        self._end()
        self._gone = how
        while self._status.fileno() in self._open and not self._ending:
            self._hear()
        self._drain()
        self._ending = self._ending or endings.Ending(9, used, 0)
        for descriptor in (self._requests, self._replies, self._prints):
            os.close(descriptor)
        self._status.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
