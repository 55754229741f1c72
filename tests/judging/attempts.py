"""What beginners hand in: the reference solution with one natural slip, and what the first sentence must name.

Each attempt is a list of replacements in the reference, the kind of cause, and words that the headline must hold.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """A natural slip.

    Args:
        module: short name.
        name: of the slip.
        kind: of the cause that is true.
        words: a regular expression that the headline must match.
        edits: (old, new) in the reference, each old text once.
    """

    module: str
    name: str
    kind: str
    words: str
    edits: tuple[tuple[str, str], ...]

    def text(self, reference: str) -> str:
        """The attempt as a whole file."""
        for old, new in self.edits:
            if reference.count(old) < 1:
                raise ValueError(f"{self.module} {self.name}: the reference has no {old!r}")
            reference = reference.replace(old, new, 1)
        return reference


def a(module: str, name: str, kind: str, words: str, *edits: tuple[str, str]) -> Attempt:
    """An attempt; ``IMPORT`` as the old text stands for the place of the first import."""
    return Attempt(module, name, kind, words, edits)


def imported(module: str, before: str) -> tuple[str, str]:
    """The edit that adds an import of a module before a line of the reference."""
    return before, f"import {module}\n{before}"


M01, M02, M03 = "from collections.abc", "from collections import deque", "import math"
M04, M05 = "from collections.abc", "from collections.abc"

ATTEMPTS = (
    # m01
    a("m01", "no_await", "never awaited", r"await", ("= await job()", "= job()")),
    a(
        "m01",
        "no_return",
        "no return",
        r"return",
        (
            "    # Here every job has ended, cleanup included. Had we been cancelled from outside, the group had raised.\n    return results\n",
            "",
        ),
    ),
    a(
        "m01",
        "name_error",
        "exception",
        r"NameError.*line|line.*NameError",
        ("results[index] = await", "results[indx] = await"),
    ),
    a(
        "m01",
        "name_error_after",
        "exception",
        r"NameError",
        ("results[index] = await job()", "results[index] = await job()\n            reslts.append(1)"),
    ),
    a(
        "m01",
        "async_with_scope",
        "exception",
        r"async with|TypeError",
        ("        with move_on_after", "        async with move_on_after"),
    ),
    a(
        "m01",
        "asyncio_wait_for",
        "one backend",
        r"asyncio\.wait_for",
        imported("asyncio", M01),
        (
            "        with move_on_after(timeout):\n            results[index] = await job()",
            "        try:\n            results[index] = await asyncio.wait_for(job(), timeout)\n        except asyncio.TimeoutError:\n            pass",
        ),
    ),
    a("m01", "tuple", "wrong kind", r"tuple", ("return results", "return tuple(results)")),
    a(
        "m01",
        "generator",
        "wrong kind",
        r"generator|yield",
        ("    return results", "    for result in results:\n        yield result"),
    ),
    a(
        "m01",
        "blocked",
        "blocked",
        r"line",
        (
            "    async with create_task_group() as group:\n        for index, job in enumerate(jobs):\n            group.start_soon(run, index, job)\n",
            "    async with create_task_group() as group:\n        for index, job in enumerate(jobs):\n            group.start_soon(run, index, job)\n        while TIMED_OUT in results:\n            pass\n",
        ),
    ),
    a(
        "m01",
        "busy",
        "spinning",
        r"line",
        ("from anyio import create_task_group", "from anyio import sleep, create_task_group"),
        (
            "            group.start_soon(run, index, job)\n",
            "            group.start_soon(run, index, job)\n        while TIMED_OUT in results:\n            await sleep(0)\n",
        ),
    ),
    a(
        "m01",
        "one_after_another",
        "concept",
        r"same time",
        ("            group.start_soon(run, index, job)", "            await run(index, job)"),
    ),
    a("m01", "no_call", "exception", r"is missing", ("await job()", "await job")),
    # m02
    a(
        "m02",
        "no_return",
        "no return",
        r"return",
        (
            "        await _run_what_fits(queue, report)\n    return report",
            "        await _run_what_fits(queue, report)",
        ),
    ),
    a("m02", "no_await", "never awaited", r"await", ("await task.work()", "task.work()")),
    a(
        "m02",
        "no_await_inner",
        "never awaited",
        r"await",
        ("        await _run_what_fits(queue, report)", "        _run_what_fits(queue, report)"),
    ),
    a("m02", "wrong_attribute", "exception", r"AttributeError", ("await task.work()", "await task.run()")),
    a("m02", "await_function", "exception", r"is missing", ("await task.work()", "await task.work")),
    a(
        "m02",
        "monotonic",
        "wall clock",
        r"time\.monotonic",
        imported("time", M02),
        ("current_effective_deadline() - current_time()", "current_effective_deadline() - time.monotonic()"),
    ),
    a(
        "m02",
        "asyncio_timeout",
        "one backend",
        r"asyncio\.timeout_at",
        imported("asyncio", M02),
        (
            "    with move_on_at(deadline):\n        await _run_what_fits(queue, report)",
            "    try:\n        async with asyncio.timeout_at(deadline):\n            await _run_what_fits(queue, report)\n    except TimeoutError:\n        pass",
        ),
    ),
    a(
        "m02",
        "no_progress",
        "blocked",
        r"line",
        ("            place += 1\n            continue", "            continue"),
    ),
    a("m02", "no_await_or_fail", "never awaited", r"await", ("report = await drain_until(", "report = drain_until(")),
    a(
        "m02",
        "dict",
        "wrong kind",
        r"dict",
        (
            "        await _run_what_fits(queue, report)\n    return report",
            "        await _run_what_fits(queue, report)\n    return {'done': report.done, 'failed': report.failed}",
        ),
    ),
    a(
        "m02",
        "missing_import",
        "exception",
        r"NameError",
        (
            "from anyio import current_effective_deadline, current_time, move_on_at",
            "from anyio import current_time, move_on_at",
        ),
    ),
    # m03
    a(
        "m03",
        "misspelt",
        "exception",
        r"AttributeError.*suceeded|suceeded",
        ("result.succeeded[index]", "result.suceeded[index]"),
    ),
    a(
        "m03",
        "time_sleep",
        "blocked",
        r"time\.sleep",
        imported("time", M03),
        ("await sleep(backoff", "time.sleep(backoff"),
    ),
    a("m03", "no_await", "never awaited", r"await", ("await worker(item)", "worker(item)")),
    a("m03", "no_await_sleep", "never awaited", r"await", ("await sleep(backoff", "sleep(backoff")),
    a(
        "m03",
        "no_return",
        "no return",
        r"return",
        (
            "            group.start_soon(settle, index, item)\n    return result",
            "            group.start_soon(settle, index, item)",
        ),
    ),
    a("m03", "name_error", "exception", r"NameError", ("if attempt == attempts:", "if attempt == attemps:")),
    a(
        "m03",
        "asyncio_semaphore",
        "one backend",
        r"asyncio\.",
        imported("asyncio", M03),
        ("slots = Semaphore(limit)", "slots = asyncio.Semaphore(limit)"),
    ),
    a(
        "m03",
        "sync",
        "wrong kind",
        r"async def",
        ("async def run_batch(", "def run_batch("),
        (
            "    async with create_task_group() as group:\n        for index, item in enumerate(items):\n            group.start_soon(settle, index, item)\n    return result",
            "    return result",
        ),
    ),
    a(
        "m03",
        "tuple",
        "wrong kind",
        r"tuple",
        (
            "            group.start_soon(settle, index, item)\n    return result",
            "            group.start_soon(settle, index, item)\n    return result.succeeded, result.failed",
        ),
    ),
    # m04
    a("m04", "no_await", "never awaited", r"await", ("value = await func(*args)", "value = func(*args)")),
    a(
        "m04",
        "time_time",
        "wall clock",
        r"time\.time",
        imported("time", M04),
        ("over = current_time()", "over = time.time()"),
        ("self._opened_at = current_time()", "self._opened_at = time.time()"),
    ),
    a("m04", "name_error", "exception", r"NameError", ("self._failed(probe=probe)", "self._failed(probe=prob)")),
    a("m04", "no_return", "no return", r"return", ("            return value\n", "")),
    a(
        "m04",
        "no_state_return",
        "no return",
        r"return",
        ("return State.HALF_OPEN if over else State.OPEN", "State.HALF_OPEN if over else State.OPEN"),
    ),
    a(
        "m04",
        "no_cooldown",
        "signature",
        r"TypeError|cooldown",
        ("threshold: int, cooldown: float", "threshold: int"),
        ("        if timeout <= 0", "        cooldown = 5\n        if timeout <= 0"),
    ),
    a(
        "m04",
        "asyncio_wait_for",
        "one backend",
        r"asyncio\.wait_for",
        imported("asyncio", M04),
        (
            "            with fail_after(self._timeout):\n                value = await func(*args)",
            "            value = await asyncio.wait_for(func(*args), self._timeout)",
        ),
    ),
    a(
        "m04",
        "misspelt",
        "exception",
        r"AttributeError",
        (
            "if openings == self._openings:\n                self._failed",
            "if openings == self._opennings:\n                self._failed",
        ),
    ),
    # m05
    a(
        "m05",
        "no_await_commit",
        "never awaited",
        r"await.*commit|commit.*await",
        ("await conn.commit()", "conn.commit()"),
    ),
    a("m05", "no_await_rollback", "never awaited", r"await", ("await conn.rollback()", "conn.rollback()")),
    a(
        "m05",
        "no_await_helper",
        "never awaited",
        r"await",
        (
            "        await _roll_back(conn, finish_timeout)\n        raise\n\n    try",
            "        _roll_back(conn, finish_timeout)\n        raise\n\n    try",
        ),
    ),
    a("m05", "no_conn", "concept", r"body gets", ("yield conn", "yield")),
    a(
        "m05",
        "not_decorated",
        "wrong kind",
        r"asynccontextmanager|async generator|async_generator",
        ("@asynccontextmanager\n", ""),
    ),
    a("m05", "no_yield", "no yield", r"yield", ("yield conn", "return")),
    a(
        "m05",
        "name_error",
        "exception",
        r"NameError",
        ("conn.invalidate()\n        raise TimeoutError", "con.invalidate()\n        raise TimeoutError"),
    ),
    a(
        "m05",
        "asyncio_shield",
        "one backend",
        r"asyncio\.",
        imported("asyncio", M05),
        (
            "        with move_on_after(finish_timeout, shield=True) as scope:\n            await conn.commit()",
            "        with move_on_after(finish_timeout) as scope:\n            await asyncio.shield(conn.commit())",
        ),
    ),
    a(
        "m05",
        "async_with_scope",
        "exception",
        r"TypeError|async with",
        (
            "        with move_on_after(finish_timeout, shield=True) as scope",
            "        async with move_on_after(finish_timeout, shield=True) as scope",
        ),
    ),
    # m06
    a(
        "m06",
        "live_none",
        "no return",
        r"return",
        ("return [entry.leak for entry in self._entries]", "[entry.leak for entry in self._entries]"),
    ),
    a("m06", "live_async", "never awaited", r"async def|coroutine|await", ("def live(", "async def live(")),
    a(
        "m06",
        "live_names",
        "wrong kind",
        r"Leak",
        ("return [entry.leak for entry in self._entries]", "return [entry.leak.name for entry in self._entries]"),
    ),
    a(
        "m06",
        "no_return",
        "no return",
        r"return",
        (
            "            group.start_soon(read, index, path)\n    return texts",
            "            group.start_soon(read, index, path)",
        ),
    ),
    a("m06", "no_await_read", "never awaited", r"await", ("= await file.read()", "= file.read()")),
    a(
        "m06",
        "no_await_open",
        "never awaited",
        r"await|TypeError",
        ("= await opening(path, mode)", "= opening(path, mode)"),
    ),
    a(
        "m06",
        "blocking_open",
        "exception",
        r"open|TypeError|AttributeError",
        ("opening: Any = open_file ", "opening: Any = open "),
        ("await opening(path", "opening(path"),
    ),
    a("m06", "missing_import", "exception", r"NameError", ("CapacityLimiter, create_task_group", "create_task_group")),
    a(
        "m06",
        "time_time",
        "wall clock",
        r"time\.time",
        imported("time", "import os"),
        ("Leak(name, current_time())", "Leak(name, time.time())"),
    ),
    # m07
    a(
        "m07",
        "monotonic",
        "wall clock",
        r"time\.monotonic",
        imported("time", M05),
        ("return self._level_now(current_time())", "return self._level_now(time.monotonic())"),
        ("capacity, current_time()", "capacity, time.monotonic()"),
        ("now = current_time()", "now = time.monotonic()"),
    ),
    a(
        "m07",
        "time_sleep",
        "blocked",
        r"time\.sleep",
        imported("time", M05),
        ("await sleep(missing", "time.sleep(missing"),
    ),
    a("m07", "no_await_sleep", "never awaited", r"await", ("await sleep(missing", "sleep(missing")),
    a(
        "m07",
        "polling",
        "spinning",
        r"again and again",
        ("await sleep(missing / self._rate)", "await sleep(0.01)"),
    ),
    a("m07", "no_return", "no return", r"return", ("    return [results[index] for index in range(len(items))]", "")),
    a("m07", "misspelt", "exception", r"AttributeError", ("missing / self._rate)", "missing / self.rate)")),
    a(
        "m07",
        "asyncio_lock",
        "one backend",
        r"asyncio\.",
        imported("asyncio", M05),
        ("self._line = Lock()", "self._line = asyncio.Lock()"),
    ),
    a("m07", "no_await_acquire", "never awaited", r"await", ("await bucket.acquire()", "bucket.acquire()")),
    # m08
    a("m08", "no_await_cleanup", "never awaited", r"await", ("await service.cleanup()", "service.cleanup()")),
    a("m08", "name_error", "exception", r"NameError", ("await service.cleanup()", "await servce.cleanup()")),
    a(
        "m08",
        "called_start_soon",
        "never awaited",
        r"start_soon",
        ("running.start_soon(run, service)", "running.start_soon(run(service))"),
    ),
    a(
        "m08",
        "asyncio_gather",
        "one backend",
        r"asyncio\.gather",
        imported("asyncio", "import signal"),
        (
            "                for service in services:\n                    running.start_soon(run, service)",
            "                await asyncio.gather(*(run(service) for service in services))",
        ),
    ),
    a("m08", "no_shield", "concept", r"clean", ("fail_after(timeout, shield=True)", "fail_after(timeout)")),
    a("m08", "no_await_run", "never awaited", r"await", ("await service.run(stop)", "service.run(stop)")),
    a(
        "m08",
        "sync",
        "wrong kind",
        r"async def|await",
        ("async def run_until(", "def run_until("),
        ("_raise(await _host(services, stop, anyio.Event(), grace, cleanup_timeout))", "return None"),
    ),
    # m09
    a("m09", "no_await_connect", "never awaited", r"await", ("return await self._connect()", "return self._connect()")),
    a("m09", "no_await_wait", "never awaited", r"await", ("await waiter.ready.wait()", "waiter.ready.wait()")),
    a(
        "m09",
        "not_decorated",
        "wrong kind",
        r"asynccontextmanager|async generator|async_generator",
        ("    @asynccontextmanager\n", ""),
    ),
    a(
        "m09",
        "asyncio_event",
        "one backend",
        r"asyncio\.",
        imported("asyncio", "import math"),
        ("default_factory=anyio.Event)", "default_factory=asyncio.Event)"),
    ),
    a("m09", "no_stats_return", "no return", r"return", ("return PoolStats(leased", "PoolStats(leased")),
    a("m09", "misspelt", "exception", r"AttributeError", ("self._idle.append(conn)", "self._idel.append(conn)")),
    a(
        "m09",
        "no_finally",
        "concept",
        r"raises|gives|back|connection",
        (
            "        try:\n            yield conn\n        except ConnectionError:\n            broken = True\n            raise\n        finally:\n            self._leased -= 1\n            await self._give_back(conn, broken=broken)",
            "        yield conn\n        self._leased -= 1\n        await self._give_back(conn, broken=broken)",
        ),
    ),
    a(
        "m09",
        "polling",
        "spinning",
        r"again and again",
        (
            "            await waiter.ready.wait()\n",
            "            while not waiter.ready.is_set():\n                await anyio.sleep(0)\n",
        ),
    ),
    # m10
    a(
        "m10",
        "no_await_acquire",
        "never awaited",
        r"await",
        ("        await self._lock.acquire()", "        self._lock.acquire()"),
    ),
    a("m10", "sync_aexit", "wrong kind", r"__aexit__|TypeError", ("    async def __aexit__", "    def __aexit__")),
    a(
        "m10",
        "release_not_called",
        "not called",
        r"self\.release.*\(\)",
        ("        self.release()", "        self.release"),
    ),
    a("m10", "no_await_audit", "never awaited", r"await", ("await audit(", "audit(")),
    a("m10", "key_error", "exception", r"KeyError", ("del self._tasks[name]", 'del self._tasks[name + "!"]')),
    a("m10", "name_error", "exception", r"NameError", ("source.balance -= amount", "source.balance -= amonut")),
    a(
        "m10",
        "asyncio_task",
        "one backend",
        r"asyncio\.current_task",
        imported("asyncio", "from collections import"),
        ("me = anyio.get_current_task()", "me = asyncio.current_task()"),
        ("self._tasks[name] = anyio.get_current_task()", "self._tasks[name] = asyncio.current_task()"),
        ("str(task.name)", "task.get_name()"),
    ),
    a(
        "m10",
        "new_lock_each_time",
        "concept",  # two hold what one should hold, and the second finds nothing to take off the list
        r"same object",
        (
            "        if name not in self._locks:\n            self._locks[name]",
            "        if True:\n            self._locks[name]",
        ),
    ),
    # m11
    a("m11", "no_await_check", "never awaited", r"await", ("await life.service.check()", "life.service.check()")),
    a("m11", "no_yield", "no yield", r"yield", ("            yield Host(lives)", "            return")),
    a(
        "m11",
        "asyncio_event",
        "one backend",
        r"asyncio\.",
        imported("asyncio", "import math"),
        ("self.ready, self.ended = Event(), Event()", "self.ready, self.ended = asyncio.Event(), asyncio.Event()"),
    ),
    a(
        "m11",
        "key_error",
        "exception",
        r"KeyError",
        ("return self._lives[name].state", 'return self._lives[name + "!"].state'),
    ),
    a(
        "m11",
        "name_error",
        "exception",
        r"AttributeError",
        ("await self.service.run(task_status=self)", "await self.servce.run(task_status=slf)"),
    ),
    a("m11", "wrong_keyword", "exception", r"TypeError", ("run(task_status=self)", "run(status=self)")),
    a("m11", "no_state_return", "no return", r"return", ("return self._lives[name].state", "self._lives[name].state")),
    # m12
    a("m12", "no_await", "never awaited", r"await", ("result = await worker(item)", "result = worker(item)")),
    a("m12", "name_error", "exception", r"NameError.*itm", ("await worker(item)", "await worker(itm)")),
    a("m12", "no_await_send", "never awaited", r"await", ("await outbox.send(", "outbox.send(")),
    a(
        "m12",
        "no_return",
        "no return",
        r"return",
        ("    return [results[number] for number in range(len(results))]", ""),
    ),
    a(
        "m12",
        "dict",
        "wrong kind",
        r"dict",
        ("    return [results[number] for number in range(len(results))]", "    return results"),
    ),
    a(
        "m12",
        "async_for_source",
        "exception",
        r"TypeError",
        ("            for item in items:", "            async for item in items:"),
    ),
    a("m12", "no_yield", "no yield", r"yield", ("        yield results\n        group", "        group")),
    # m13
    a("m13", "no_argument", "concept", r"its own end", ("await job.run(end)", "await job.run()")),
    a("m13", "no_await", "never awaited", r"await", ("value=await job.run(end)", "value=job.run(end)")),
    a(
        "m13",
        "list",
        "wrong kind",
        r"list",
        (
            "            group.start_soon(work)\n    return outcomes",
            "            group.start_soon(work)\n    return list(outcomes.values())",
        ),
    ),
    a(
        "m13",
        "no_return",
        "no return",
        r"return",
        ("            group.start_soon(work)\n    return outcomes", "            group.start_soon(work)"),
    ),
    a(
        "m13",
        "name_error",
        "exception",
        r"NameError",
        ("Outcome(Status.FAILED, error=error)", "Outcome(Status.FAILED, error=err)"),
    ),
    a(
        "m13",
        "monotonic",
        "wall clock",
        r"time\.monotonic",
        imported("time", "import math"),
        ("left = end - current_time()", "left = end - time.monotonic()"),
    ),
    a(
        "m13",
        "asyncio_timeout",
        "one backend",
        r"asyncio\.",
        imported("asyncio", "import math"),
        ("    with move_on_at(end):\n        # Inside", "    async with asyncio.timeout_at(end):\n        # Inside"),
    ),
    a("m13", "misspelt", "exception", r"AttributeError", ("job.deadline, pool_end)", "job.dedline, pool_end)")),
    # times, managers, properties and exceptions of anyio
    a(
        "m01",
        "deadline_in_seconds",
        "wrong time",
        r"`timeout` in line \d+ is a number of seconds",
        ("move_on_after(timeout)", "anyio.CancelScope(deadline=timeout)"),
        imported("anyio", M01),
    ),
    a(
        "m01",
        "result_too_early",
        "exception",
        r"before it has ended",
        (
            "            group.start_soon(run, index, job)",
            "            handle = group.start_soon(run, index, job)\n            results[index] = handle.return_value",
        ),
    ),
    a(
        "m04",
        "no_property",
        "wrong kind",
        r"`state` is read.*@property",
        ("    @property\n    def state", "    def state"),
    ),
    a(
        "m05",
        "asyncio_cancelled",
        "one backend",
        r"asyncio\.CancelledError",
        imported("asyncio", M05),
        (
            "    except BaseException:  # cancellation",
            "    except (Exception, asyncio.CancelledError):  # cancellation",
        ),
    ),
    a(
        "m06",
        "no_contextmanager",
        "wrong kind",
        r"`_watched` .* `with` cannot enter: `@contextmanager`",
        ("    @contextmanager\n    def _watched", "    def _watched"),
    ),
    # what a part of a sentence says
    a(
        "m02",
        "failed_raises_timeout",
        "concept",
        r"`drain_or_fail` raises `TimeoutError` if time left tasks",
        ("    if queue:\n        raise TimeoutError", "    if report.failed:\n        raise TimeoutError"),
    ),
    a("m03", "last_item_missing", "concept", r"the last one too", ("enumerate(items)", "enumerate(items[:-1])")),
    a(
        "m04",
        "one_too_late",
        "concept",
        r"not with a later one",
        ("self._failures >= self._thr", "self._failures > self._thr"),
    ),
    a("m07", "sleeps_for_all", "concept", r"those that are missing", ("await sleep(missing /", "await sleep(tokens /")),
    a(
        "m08",
        "grace_from_the_start",
        "concept",
        r"not when they start",
        ("                await stop.wait()\n                with", "                with"),
    ),
    a(
        "m09",
        "waits_for_nothing",
        "deadlock",
        r"`aclose` returns at once",
        ("        if self._empty < self._size:\n            await", "        await"),
    ),
    a("m10", "zero_refused", "concept", r"0 is not negative", ("    if amount < 0:", "    if amount <= 0:")),
    a(
        "m12",
        "one_end_for_all",
        "concept",
        r"not while workers|only when the last worker is done",
        ("outbox.clone()", "outbox"),
    ),
    a("m13", "later_of_two", "concept", r"never later than the pool's", ("pool_end = min(", "pool_end = max(")),
)
