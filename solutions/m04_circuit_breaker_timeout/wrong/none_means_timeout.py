"""Takes a call that returned `None` for one that ran out of time.

Base: right/plain
Breaks: R1
Also: R5
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            value = None
            with anyio.move_on_after(self.timeout):
                value = await func(*args)
            if value is None:
                raise TimeoutError
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
