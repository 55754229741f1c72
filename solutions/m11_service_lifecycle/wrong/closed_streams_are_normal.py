"""Takes the errors of closed streams, which a service raises, for the normal end of a service that is stopped.

Breaks: R4
"""

from anyio import ClosedResourceError, EndOfStream


class _Life:
    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                self._scope.deadline = current_time() + start_timeout
                await self.service.run(task_status=self)
        except (ClosedResourceError, EndOfStream):
            if not self._stopping:
                raise
        except Exception as error:
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError(f"{name!r} did not start: {error}") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError(f"{name!r} was not ready within {start_timeout} s, or ended before")
