"""Shows the last part of a task's name, as if all were names of functions.

Breaks: R9
"""


class Holdings:
    def task_names(self) -> dict[str, str]:
        """Lock name -> name of the task that holds it."""
        return {name: str(task.name).rpartition(".")[2] for name, task in self._tasks.items()}
