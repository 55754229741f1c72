"""Calls `func` first and throws away what it gave, when a probe runs.

Base: right/plain
Breaks: R4
Also: G9
"""

import inspect


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN:
            raise CircuitOpenError
        job = func(*args)
        if self.probing:
            if inspect.iscoroutine(job):
                job.close()
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await job
        except Exception:
            if openings == self.openings:
                self.failed(probe)
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
