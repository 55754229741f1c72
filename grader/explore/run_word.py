"""One run of an exploration as a short word, such as ``trio:17:cancel:4``, so that it can be asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

BACKENDS = ("asyncio", "trio")
HOW = (
    "write it as a failure shows it: BACKEND:SEED or BACKEND:choices:5=1,9=2, then perhaps :cancel:STEP, "
    ":cancel:BLOCK.STEP or :fails:CALL, such as trio:17:cancel:4"
)


@dataclass(frozen=True)
class ExploredRun:
    """One run of a test.

    Args:
        backend: ``asyncio`` or ``trio``.
        seed: of the order of ready tasks; 0: first in, first out.
        choices: number of a choice and which of the ready tasks it takes, in the place of the seed.
        cancel: number of an `explore.cancelled()` block and of its step after which it is cancelled.
        fails: number of the call of an `explore.fails()` that raises.
    """

    backend: str
    seed: int = 0
    choices: tuple[tuple[int, int], ...] | None = None
    cancel: tuple[int, int] | None = None
    fails: int | None = None

    @property
    def in_order(self) -> bool:
        """Whether each task runs as soon as it is ready."""
        return self.seed == 0 and not self.choices

    @property
    def disturbed(self) -> bool:
        """Whether a block is cancelled or a call fails."""
        return self.cancel is not None or self.fails is not None

    def __str__(self) -> str:
        parts = [self.backend]
        if self.choices:
            parts += ["choices", ",".join(f"{number}={which}" for number, which in self.choices)]
        else:
            parts.append(str(self.seed))
        if self.cancel is not None:
            block, step = self.cancel
            parts += ["cancel", str(step) if block == 1 else f"{block}.{step}"]
        if self.fails is not None:
            parts += ["fails", str(self.fails)]
        return ":".join(parts)

    @classmethod
    def parse(cls, text: str) -> ExploredRun:
        """The run that a word names.

        Raises:
            ValueError: it names none; the text is one line.
        """
        words = iter(text.split(":"))
        try:
            return _read(words)
        except (ValueError, StopIteration):
            raise ValueError(f"{text!r} is not a run: {HOW}") from None


def _read(words: Iterator[str]) -> ExploredRun:
    backend = BACKENDS[BACKENDS.index(next(words))]
    seed, choices = _read_order(next(words, "0"), words)
    run = ExploredRun(backend, seed, choices)
    for kind in words:
        block, _, number = next(words).rpartition(".")
        if ["cancel", "fails"].index(kind):
            run = replace(run, fails=int(number))
        else:
            run = replace(run, cancel=(int(block or 1), int(number)))
    return run


def _read_order(word: str, rest: Iterator[str]) -> tuple[int, tuple[tuple[int, int], ...] | None]:
    if word != "choices":
        return int(word), None
    pairs = [choice.split("=") for choice in next(rest).split(",")]
    return 0, tuple((int(number), int(which)) for number, which in pairs)
