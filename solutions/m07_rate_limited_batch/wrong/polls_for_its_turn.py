"""Those behind the head look again and again whether it is their turn.

Base: right/plain
Breaks: R5
Also: R2 R4 G6
"""


class TokenBucket:
    def __init__(self, *, rate: float, capacity: float) -> None:
        if rate <= 0 or capacity <= 0:
            raise ValueError("rate and capacity must be positive")
        self._rate, self._capacity = rate, capacity
        self._tokens, self._updated = capacity, anyio.current_time()
        self._line: list[object] = []

    async def acquire(self, tokens: float = 1.0) -> None:
        if not 0 < tokens <= self._capacity:
            raise ValueError("tokens must be more than 0 and at most the capacity")
        me = object()
        self._line.append(me)
        try:
            while self._line[0] is not me:
                await anyio.sleep(0.2)
            while self.available < tokens:
                await anyio.sleep((tokens - self._tokens) / self._rate)
            self._tokens -= tokens
        finally:
            self._line.remove(me)
