"""What is not an `Exception` gives the place of the probe free, also from a late call.

Base: right/plain
Breaks: R6
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            with anyio.fail_after(self.timeout):
                value = await func(*args)
        except Exception:
            if openings == self.openings:
                self.failed(probe)
            raise
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException:
            self.probing = False
            raise
        else:
            if openings == self.openings:
                self.succeeded()
            return value
        finally:
            if probe:
                self.probing = False
