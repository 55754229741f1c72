"""Waits for a moment before it refuses a call beside the probe.

Breaks: R4
Also: R3
"""

from anyio import sleep


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        """Return what `await func(*args)` returns.

        Raises:
            CircuitOpenError: `func` was not called.
            TimeoutError: it took too long and was cancelled.
            Exception: whatever `func` raises.
        """
        state = self.state
        if state is State.OPEN:
            raise CircuitOpenError
        if self._probing:
            await sleep(0.2)  # perhaps it is over soon
            raise CircuitOpenError
        # No await between looking and taking the place: nobody can come in between.
        self._probing = probe = state is State.HALF_OPEN
        openings = self._openings
        try:
            with fail_after(self._timeout):
                value = await func(*args)
        except Exception:
            if openings == self._openings:
                self._failed(probe=probe)
            raise
        else:
            if openings == self._openings:
                self._succeeded()
            return value
        finally:
            # Also after a cancellation, which is neither of the two. A late call must not touch another's place.
            if probe:
                self._probing = False
