"""The canary: a file with known faults that defines what a module asks for, made from the module's names alone.

It solves nothing, so that a submission may read it: each of its functions leaves a stream open and a lock taken, blocks, runs
tasks whose order shows, calls what it is given, and swallows a cancellation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_HEAD = """
import builtins as _b
import contextlib as _contextlib
import time as _time

import anyio as _anyio
import anyio.lowlevel as _lowlevel


async def _bird_step(seen, number):
    await _lowlevel.checkpoint()
    seen.append(number)
    await _anyio.sleep(0.125)
    seen.append(-number)


def _bird_calls(given):
    for thing in given:
        if _b.isinstance(thing, _b.type) or _b.isinstance(thing, _b.str | _b.int | _b.float):
            continue
        if _b.isinstance(thing, _b.list | _b.tuple):
            yield from _bird_calls(thing[:2])
        elif _b.callable(thing):
            yield thing
        else:
            for name in _b.sorted(_b.dir(thing))[:40]:
                if not name.startswith("_") and _b.callable(_b.getattr(thing, name, None)):
                    yield _b.getattr(thing, name)


def _bird_call(*given, **named):
    kept = [_anyio.create_memory_object_stream(1), _anyio.Lock()]
    with _contextlib.suppress(_b.RuntimeError):
        kept[1].acquire_nowait()
    _time.sleep(0.0625)
    return _bird_song(kept, *given, *named.values())


async def _bird_song(kept, *given):
    seen = [_anyio.get_cancelled_exc_class().__module__]
    try:
        async with _anyio.create_task_group() as group:
            for number in (1, 2, 3):
                group.start_soon(_bird_step, seen, number)
        for call in _b.list(_bird_calls(given))[:3]:
            with _anyio.move_on_after(0.75):
                try:
                    seen.append(_b.type(await call()).__name__)
                except _b.Exception as error:
                    seen.append(_b.type(error).__name__)
        await _anyio.sleep(1.5)
    except _b.BaseException as error:
        seen.append(_b.type(error).__name__)
    seen.append(_anyio.current_time())
    return seen


class _Bird(_b.Exception):
    def __init__(self, *given, **named):
        pass

    def __getattr__(self, name):
        if name.startswith("_"):
            raise _b.AttributeError(name)
        return _bird_call

    async def __aenter__(self):
        await _bird_call()
        return self

    async def __aexit__(self, *how):
        return None

    def __aiter__(self):
        return self

    async def __anext__(self):
        raise _b.StopAsyncIteration


@_contextlib.asynccontextmanager
async def _bird_block(*given, **named):
    await _bird_call(*given, **named)
    yield _Bird()
"""
_BY_KIND = {
    "async": "async def {name}(*given, **named):\n    return await _bird_call(*given, **named)\n",
    "function": "def {name}(*given, **named):\n    return _Bird()\n",
    "class": "class {name}(_Bird):\n    pass\n",
    "context": "{name} = _bird_block\n",
    "value": "{name} = _Bird()\n",
}
_LINE_END = re.compile(r"\r\n|\r|\n")


def canary_text(names: Mapping[str, str]) -> str:
    """The text of the canary.

    Args:
        names: what the module asks for: name → kind.
    """
    return "\n\n".join([_HEAD, *(_BY_KIND[kind].format(name=name) for name, kind in names.items())])


def behind(text: str, canary: str) -> tuple[str, int]:
    """A file's text with the canary behind it, whose names count, and the number of lines before the canary.

    Args:
        text: of the file.
        canary: from `canary_text`.
    """
    head = f"{text}\n\n"
    return head + canary, len(_LINE_END.findall(head))
