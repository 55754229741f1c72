"""Looks for an idle connection before the wait, not after it: who waited always makes a new one.

Breaks: R1
Also: R2 R9
"""


class ConnectionPool:
    def _hand_on(self, conn: C | None) -> None:
        if self._line:
            waiter = self._line.popleft()
            waiter.conn = None
            waiter.ready.set()
        elif conn is not None:
            self._idle.append(conn)
        else:
            self._empty += 1
            if self._closed and self._empty == self._size:
                self._all_empty.set()
