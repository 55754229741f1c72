"""The fork server, as the judge uses it: started when first needed, started again if it died."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path
from typing import Self

from grader.sandbox import probe
from grader.sandbox.limits import Limits
from grader.sandbox.link import IsolationRefused, Link
from grader.sandbox.outer import Level
from grader.sandbox.server_process import Running


class ForkServer:
    """Makes confined children. One for each judging process; its threads may share it. A context manager.

    Args:
        level: the outer walls, None for the best that this machine offers. "none" means: the instructor allows
            grading without walls.
        walls: False for the self-check, where the code is the learner's own: no walls at all, level "none".
        limits: of each child.
        serve: a file with another request loop, for tests of the sandbox.
        as_root: when this process is root, give each child its own user id (False: a user namespace, as for others).
    """

    def __init__(
        self,
        level: Level | None = None,
        *,
        walls: bool = True,
        limits: Limits | None = None,
        serve: Path | None = None,
        as_root: bool = True,
    ) -> None:
        self._asked: Level | None = level if walls else "none"
        self._limits = limits or Limits()
        self._serve = serve.read_text(encoding="utf-8") if serve else None
        self._as_root = as_root
        self._lock = threading.Lock()
        self._running: Running | None = None

    @property
    def level(self) -> Level:
        """The isolation level, as it is stamped into reports.

        Raises:
            IsolationRefused: this machine offers none, and "none" was not asked for.
        """
        if self._asked is None:
            self._asked = probe.required_level()
        return self._asked

    def child(self) -> Link:
        """Return a fresh confined child, ready to take messages.

        Raises:
            IsolationRefused: the walls can't be built here; the text says what to do.
        """
        try:
            return self._server().child()
        except OSError:  # it died since; once more with a new one
            self.close()
            try:
                return self._server().child()
            except OSError as problem:
                raise IsolationRefused(f"the fork server died twice: {problem}") from problem

    def _server(self) -> Running:
        with self._lock:
            if self._running is not None and not self._running.alive():
                self._running.close()
                self._running = None
            if self._running is None:
                level = self.level
                self._running = Running(
                    level, walls=level != "none", limits=self._limits, serve=self._serve, as_root=self._as_root
                )
                weakref.finalize(self, self._running.close)
            return self._running

    def close(self) -> None:
        """End the server and all its children, and return when they are gone."""
        with self._lock:
            if self._running is not None:
                self._running.close()
                self._running = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
