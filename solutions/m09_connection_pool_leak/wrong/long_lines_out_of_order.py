"""Serves a line of ten or more from its end.

Base: right/plain
Breaks: R3
"""


class ConnectionPool:
    def _give(self, conn):
        if self._waiters:
            waiter = self._waiters.popleft() if len(self._waiters) < 10 else self._waiters.pop()
            waiter.given = True
            waiter.conn = conn
            waiter.event.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._used -= 1
            if self._closed and not self._used:
                self._empty.set()
