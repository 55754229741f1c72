"""If `on` raises or is cancelled, it calls `off` all the same: the light may be on already."""

import anyio


class on_air:
    def __init__(self, light, *, limit):
        self.light, self.limit = light, limit

    async def __aenter__(self):
        try:
            await self.light.on()
        except BaseException:
            await self.end()
            raise

    async def __aexit__(self, *exc_info):
        await self.end()

    async def end(self):
        scope = anyio.CancelScope(shield=True, deadline=anyio.current_time() + self.limit)
        with scope:
            await self.light.off()
        if scope.cancelled_caught:
            self.light.report()
