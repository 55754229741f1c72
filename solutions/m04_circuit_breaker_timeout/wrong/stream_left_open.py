"""Sends the result through a memory stream, and does not close it after an error.

Base: right/plain
Breaks: G2
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        send, receive = anyio.create_memory_object_stream[T](1)
        try:
            with anyio.fail_after(self.timeout):
                send.send_nowait(await func(*args))
            value = receive.receive_nowait()
            send.close()
            receive.close()
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
