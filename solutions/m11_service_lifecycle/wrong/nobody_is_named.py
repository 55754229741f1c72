"""Raises a `StartError` that does not tell which service.

Breaks: R3
Also: G9
"""


class _Life:
    async def _run(self, start_timeout: float) -> None:
        name = self.service.name
        try:
            with self._scope:
                self._scope.deadline = current_time() + start_timeout
                await self.service.run(task_status=self)
        except Exception as error:
            if self.ready.is_set() or self._stopping:
                raise
            raise StartError("a service did not start") from error
        if self._stopping:
            return
        if self.ready.is_set():
            raise RuntimeError(f"{name!r} ended by itself")
        raise StartError("a service did not start")
