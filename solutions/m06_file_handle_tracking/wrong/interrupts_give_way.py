"""An exception that is not an `Exception` gives way to the leak; a cancellation goes on.

Base: right/plain
Breaks: G5
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        failed = False
        try:
            yield
        except (Exception, anyio.get_cancelled_exc_class()):
            failed = True
            raise
        finally:
            leaked = [entry.leak.name for entry in self._entries if entry not in before]
            if leaked and not failed:
                raise LeakError(", ".join(leaked))
