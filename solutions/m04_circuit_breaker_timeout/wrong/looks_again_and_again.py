"""Runs `func` in a task and looks every few seconds whether it is done.

Base: right/plain
Breaks: G6
Also: R1 R3 R4 R5 R6
"""


class CircuitBreaker:
    async def call(self, func: Callable[..., Awaitable[T]], *args: object) -> T:
        state = self.state
        if state is State.OPEN or self.probing:
            raise CircuitOpenError
        self.probing = probe = state is State.HALF_OPEN
        openings = self.openings
        try:
            outcome: list[T] = []
            problem: list[BaseException] = []

            async def run() -> None:
                try:
                    outcome.append(await func(*args))
                except Exception as error:
                    problem.append(error)

            deadline = anyio.current_time() + self.timeout
            async with anyio.create_task_group() as group:
                group.start_soon(run)
                while not outcome and not problem and anyio.current_time() < deadline:
                    await anyio.sleep(min(5, deadline - anyio.current_time()))
                group.cancel_scope.cancel()
            if problem:
                raise problem[0]
            if not outcome:
                raise TimeoutError
            value = outcome[0]
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
