"""Drops what a service raises while it stops if it is not an `Exception`.

Breaks: G5
"""

from anyio import get_cancelled_exc_class


class _Life:
    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                self._scope.deadline = current_time() + start_timeout
                await self.service.run(task_status=self)
        except get_cancelled_exc_class():
            raise
        except BaseException as error:
            if self._stopping and not isinstance(error, Exception):
                return
            if not isinstance(error, Exception):
                raise
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError(f"{name!r} did not start: {error}") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError(f"{name!r} was not ready within {start_timeout} s, or ended before")
