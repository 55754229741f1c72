"""Only an `Exception` of the body goes on; a cancellation or an interrupt gives way to the leak.

Base: right/plain
Breaks: G3
Also: G5
"""


class LeakTracker:
    @contextmanager
    def watch(self):
        before = list(self._entries)
        failed = False
        try:
            yield
        except Exception:
            failed = True
            raise
        finally:
            leaked = [entry.leak.name for entry in self._entries if entry not in before]
            if leaked and not failed:
                raise LeakError(", ".join(leaked))
