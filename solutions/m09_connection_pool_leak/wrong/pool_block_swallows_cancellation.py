"""The block of the pool swallows the cancellation that ended it.

Base: right/plain
Breaks: G3
"""


class ConnectionPool:
    async def __aexit__(self, *exc):
        await self.aclose()
        return exc[0] is not None and not issubclass(exc[0], Exception)
