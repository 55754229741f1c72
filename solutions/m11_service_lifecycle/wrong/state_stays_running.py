"""Never says `STOPPING`.

Breaks: R4
"""


class _Life:
    async def stop(self) -> None:
        for life in self.dependants:
            await life.ended.wait()
        self._stopping = True
        self._scope.cancel()
