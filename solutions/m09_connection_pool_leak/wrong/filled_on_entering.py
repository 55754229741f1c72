"""Makes all `size` connections when the pool is entered.

Breaks: R1
Also: R9
"""


class ConnectionPool:
    async def __aenter__(self) -> Self:
        while self._empty:
            self._empty -= 1
            self._idle.append(await self._connect())
        return self
