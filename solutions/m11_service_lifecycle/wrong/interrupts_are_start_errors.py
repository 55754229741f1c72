"""Makes a `StartError` of everything that a service raises before it is ready.

Breaks: G5
Also: R5 R3 G3 R4
"""


class _Life:
    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                self._scope.deadline = current_time() + start_timeout
                await self.service.run(task_status=self)
        except BaseException as error:
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError(f"{name!r} did not start: {error}") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError(f"{name!r} was not ready within {start_timeout} s, or ended before")
