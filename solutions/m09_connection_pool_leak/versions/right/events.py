"""The task that connects wakes all that wait; when `connect` fails, any of them may be the one that tries again."""

import anyio


class State:
    def __init__(self):
        self.ready, self.conn, self.users, self.failed = anyio.Event(), None, 1, False


class Shared:
    def __init__(self, connect):
        self._connect = connect
        self._state = None

    def use(self):
        return Use(self)


class Use:
    def __init__(self, shared):
        self.shared = shared

    async def __aenter__(self):
        shared = self.shared
        while (state := shared._state) is not None:
            self.state = state
            state.users += 1
            try:
                await state.ready.wait()
            except BaseException:
                await self.__aexit__()
                raise
            if not state.failed:
                return state.conn
        state = self.state = shared._state = State()
        try:
            state.conn = await shared._connect()
        except BaseException:
            state.failed, shared._state = True, None
            raise
        finally:
            state.ready.set()
        return state.conn

    async def __aexit__(self, *exc_info):
        state = self.state
        state.users -= 1
        if state.users == 0 and state.conn is not None:
            if self.shared._state is state:
                self.shared._state = None
            with anyio.CancelScope(shield=True):
                await state.conn.aclose()
