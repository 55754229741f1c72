"""The event that says "all are closed" is set whenever none is there, also in an open pool: `aclose` believes it later.

Breaks: R9
"""


class ConnectionPool:
    def _hand_on(self, conn: C | None) -> None:
        """Pass a slot, with or without a connection, to who waits longest."""
        if self._line:
            waiter = self._line.popleft()
            waiter.conn = conn
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._empty += 1
            if self._empty == self._size:
                self._all_empty.set()
