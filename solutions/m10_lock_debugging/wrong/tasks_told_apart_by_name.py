"""A task is known by its name.

Breaks: R8
Also: R6 R7 R10
"""


class Holdings:
    def mine(self) -> list[str]:
        """Names of the locks that the current task holds, the one taken first at the head."""
        me = anyio.get_current_task()
        return [name for name, task in self._tasks.items() if task.name == me.name]
