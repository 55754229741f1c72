"""Grade many files in any `concurrent.futures.Executor`: processes here by default, a cluster's if one is given.

Each judging process holds one fork server, started when it first grades.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from multiprocessing import connection
from multiprocessing.util import Finalize
from typing import Any

from grader.course import CourseError, Module
from grader.judging.judge import How, blank_report, grade
from grader.judging.report import Report
from grader.sandbox import ForkServer, IsolationRefused, Level
from grader.sandbox.limits import collect_rarely


@dataclass(frozen=True)
class GradingTask:
    """One file to grade, ready to be sent to another process or machine.

    Args:
        module: what it was written for; its root is the same path wherever it runs.
        sha256: of the whole file, see `grader.judging.submission.read`.
        walls: False for the course's own files, where nothing is hostile.
        how: which checks, backends, limits.
        tag: whatever the caller wants to find it by.
    """

    module: Module
    data: bytes
    sha256: str | None = None
    level: Level | None = None
    walls: bool = True
    how: How = field(default_factory=How)
    tag: Any = None


WINDOW = 256
"""How many tasks the judging processes have at a time: each holds a whole file."""

_servers: dict[tuple[Level | None, bool], ForkServer] = {}


def fork_server(level: Level | None, *, walls: bool) -> ForkServer:
    """This process's fork server for a level; it ends with the process."""
    key = (level, walls)
    if key not in _servers:
        server = _servers[key] = ForkServer(level, walls=walls)
        # Not atexit: a process of a pool leaves without it.
        Finalize(None, server.close, exitpriority=10)
    return _servers[key]


_busy = _stopped = False


def begin() -> None:
    """Make a process of a local pool ready: it collects garbage rarely, and ends when it must.

    Ctrl-C reaches every process of the terminal: it breaks off the task that is running, and those that come after
    it, and says nothing. If the command itself is killed, its judging processes, and all that they started, end too.
    """
    collect_rarely()
    signal.signal(signal.SIGINT, _on_interrupt)
    _hold_back(signal.SIG_UNBLOCK)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _on_interrupt(*_: object) -> None:
    global _stopped  # noqa: PLW0603 - a signal handler has no other way to say it
    _stopped = True
    if _busy:
        raise KeyboardInterrupt


def _go_on() -> None:
    if _stopped:
        raise KeyboardInterrupt


def _hold_back(how: int) -> None:
    """Block Ctrl-C, also for processes that are started meanwhile, or let it through."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(how, [signal.SIGINT])


def _follow(parent: int) -> None:
    connection.wait([parent])
    os._exit(1)


def run(task: GradingTask) -> Report:
    """Grade one task; whatever goes wrong on our side becomes a report that says so."""
    global _busy  # noqa: PLW0603 - a signal handler has no other way to know
    _busy = True
    try:
        _go_on()
        forks = fork_server(task.level, walls=task.walls)
        return grade(task.module, task.data, forks=forks, how=task.how, sha256=task.sha256)
    except (CourseError, IsolationRefused) as error:
        return ungraded_report(task, str(error))
    except Exception as error:  # noqa: BLE001 - one submission must never stop the others
        return ungraded_report(task, f"the grader itself failed: {type(error).__name__}: {error}")
    finally:
        _busy = False


def ungraded_report(task: GradingTask, reason: str) -> Report:
    """The report of a task that nobody could grade."""
    return blank_report(task.module.slug, reason, task.level or "none", task.sha256)


def processors() -> int:
    """How many processors may be used."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_executor(jobs: int | None = None) -> Executor:
    """Processes on this machine.

    Args:
        jobs: how many; one for each processor that may be used, if not given.
    """
    # Spawned, not forked: the command may have threads (a progress bar), and nothing of it should be inherited.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs or processors(), mp_context=context, initializer=begin)
    _hold_back(signal.SIG_BLOCK)
    try:
        pool.submit(os.getpid)  # starts the processes, to which Ctrl-C says nothing until they know what to do
    finally:
        _hold_back(signal.SIG_UNBLOCK)
    return pool


def run_all(
    tasks: Iterable[GradingTask], executor: Executor | None = None, *, jobs: int | None = None, ahead: int = WINDOW
) -> Iterator[tuple[GradingTask, Report]]:
    """Grade tasks; yield each with its report as soon as it is ready.

    A file whose report came late (no answer, nobody to blame) is tried again at the end, alone. If a judging process
    is killed, the tasks it was at are tried again one at a time, and the one that kills it is not run.

    Args:
        tasks: what to grade.
        executor: where; a pool of local processes if not given. The caller's own executor is not shut down.
        jobs: how many local processes.
        ahead: how many tasks are taken from `tasks` before the report of the first is yielded.
    """
    again: list[tuple[int, GradingTask]] = []
    left = enumerate(tasks)
    while batch := list(islice(left, 1)):
        # A pool that broke takes what it was at with it; the rest goes on in a new one.
        yield from _run_in_one_pool(chain(batch, left), again, executor, jobs, ahead)
    for _, task in sorted(again, key=lambda pair: pair[0]):
        yield task, _alone(task, executor)


def _run_in_one_pool(
    left: Iterator[tuple[int, GradingTask]],
    again: list[tuple[int, GradingTask]],
    executor: Executor | None,
    jobs: int | None,
    ahead: int,
) -> Iterator[tuple[GradingTask, Report]]:
    """Grade until nothing is left or the pool breaks."""
    pool = executor or local_executor(jobs)
    pending: dict[Future[Report], tuple[int, GradingTask]] = {}
    whole = True
    try:
        while True:
            for number, task in islice(left, ahead - len(pending) if whole else 0):
                try:
                    pending[pool.submit(run, _once(task))] = (number, task)
                except BrokenExecutor:
                    again.append((number, task))
                    whole = executor is not None  # one that is not ours is not replaced: its tasks are tried one by one
                    if not whole:
                        break
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                number, task = pending.pop(future)
                report = _result(future, task)
                if report is None or report.late:
                    again.append((number, task))
                else:
                    yield task, report
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=True)


def _once(task: GradingTask) -> GradingTask:
    """A task that is graded once: when it is tried again, and beside whom, is decided here."""
    return replace(task, how=replace(task.how, tries=1))


def _result(future: Future[Report], task: GradingTask) -> Report | None:
    """The result of a future: None if its process was killed, perhaps because of another task."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except Exception as error:  # noqa: BLE001 - such as an executor that lost its machine
        if type(error).__name__ == "KilledWorker":  # Dask's word for it
            return None
        return ungraded_report(task, f"the executor failed: {type(error).__name__}: {error}")


def _alone(task: GradingTask, executor: Executor | None) -> Report:
    pool = executor or local_executor(1)
    try:
        future = pool.submit(run, _once(task))
        return _result(future, task) or ungraded_report(
            task, "the judging process was killed, twice: is there enough memory?"
        )
    except BrokenExecutor:
        return ungraded_report(task, "the executor is broken: start it again")
    finally:
        if executor is None:
            pool.shutdown()
