"""Gives a free connection to the one who came last.

Breaks: R3
Also: R2 R4 R5 R8
"""


class ConnectionPool:
    def _hand_on(self, conn: C | None) -> None:
        if self._line:
            waiter = self._line.pop()
            waiter.conn = conn
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._empty += 1
            if self._closed and self._empty == self._size:
                self._all_empty.set()
