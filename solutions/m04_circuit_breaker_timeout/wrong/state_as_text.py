"""Gives the name of the state, a plain string, where a `State` is wanted.

Breaks: R3
Also: R1 R2 R4 R5 R6 R7 G1 G5 G9
"""


class CircuitBreaker:
    @property
    def state(self) -> str:
        """What the circuit is now; computed, because nobody is there to change it when the cooldown is over."""
        return self._state().name

    def _state(self) -> State:
        if self._opened_at is None:
            return State.CLOSED
        over = current_time() >= self._opened_at + self._cooldown
        return State.HALF_OPEN if over else State.OPEN

    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        """Return what `await func(*args)` returns.

        Raises:
            CircuitOpenError: `func` was not called.
            TimeoutError: it took too long and was cancelled.
            Exception: whatever `func` raises.
        """
        state = self._state()
        if state is State.OPEN or self._probing:
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
