"""The task that connects wakes all that wait; when `connect` fails, each of them tries again for itself, in any order."""

import anyio


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._state = None

    def use(self):
        return _Use(self)


class _Use:
    def __init__(self, shared):
        self.shared = shared

    async def __aenter__(self):
        shared = self.shared
        while (state := shared._state) is not None and state["conn"] is None:
            await state["ready"].wait()
        if state is None:
            state = shared._state = {"conn": None, "ready": anyio.Event(), "users": 0}
            try:
                state["conn"] = await shared._connect()
            except BaseException:
                shared._state = None
                raise
            finally:
                state["ready"].set()
        state["users"] += 1
        self.state = state
        return state["conn"]

    async def __aexit__(self, *exc_info):
        state = self.state
        state["users"] -= 1
        if state["users"] == 0:
            if self.shared._state is state:
                self.shared._state = None
            with anyio.CancelScope(shield=True):
                await state["conn"].aclose()
