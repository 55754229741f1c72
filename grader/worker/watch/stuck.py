"""Tells a step that computes without end, and one whose call blocks, from a run that is only slow."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from ..loops.control import Control

#: Wall seconds between two looks at a run that uses no processor time, and how many of them may find it waiting at one step.
LOOK_SECONDS = 1.25
LOOKS = 2
#: The part of a processor that a call which waits may use.
WAITING = 0.02
#: The main thread alone; the whole process where the system does not tell them apart.
_THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


class StepLooks:
    """Looks at the steps of one run, from a signal handler in the main thread.

    Args:
        control: its progress.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._step: tuple[int, float] | None = None  # the present one, and processor seconds before it
        self._wait: _Wait | None = None

    def seconds_used(self) -> float:
        """Return the processor seconds since the first look at this step."""
        used = _cpu(resource.getrusage(resource.RUSAGE_SELF))
        if self._step is None or self._step[0] != self._control.progress:
            self._step = (self._control.progress, used)
        return used - self._step[1]

    def waits(self) -> bool:
        """Tell whether the main thread has waited for something at one step, at so many looks one after the other.

        A thread that waits gives its processor away: the kernel counts that. One that computes on a machine with too much
        to do is put aside, however long; one whose memory has to be fetched back from the disk gives it away, too.
        """
        usage = resource.getrusage(_THREAD)
        now = _Wait(self._control.progress, usage.ru_nvcsw, usage.ru_majflt, _cpu(usage))
        before, self._wait = self._wait, now
        if before is None or not now.goes_on_after(before) or self._control.outside_work or self._control.threads():
            return False
        now.looks = before.looks + 1
        return now.looks >= LOOKS


@dataclass
class _Wait:
    """What a look sees of the main thread."""

    progress: int
    given_away: int
    fetched: int
    cpu: float
    looks: int = 0

    def goes_on_after(self, before: _Wait) -> bool:
        """Tell whether it waited at the same step from one look to the next, and did nothing else."""
        return (
            self.progress == before.progress
            and self.given_away > before.given_away
            and self.fetched == before.fetched
            and self.cpu - before.cpu < LOOK_SECONDS * WAITING
        )


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime
