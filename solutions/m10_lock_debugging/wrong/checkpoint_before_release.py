"""Let the others run once before the lock is given back.

Breaks: G2
Also: R9 R10
"""

import anyio.lowlevel


class MonitoredLock:
    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await anyio.lowlevel.checkpoint()
        self.release()
