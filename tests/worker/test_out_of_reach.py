"""What the learner's code can say of its streams, errors and calls does not count, and what it can reach leads to no record."""

from collections.abc import Callable

import pytest

from grader import Play

Playing = Callable[..., Play]

LEFT_OPEN = """
import anyio

async def main(world):
    send, receive = anyio.create_memory_object_stream(1)
    receive.close()
    {lines}
"""


def test_a_stream_that_only_says_that_it_is_closed_is_left_open(playing: Playing) -> None:
    t = playing(LEFT_OPEN.format(lines="send._closed = True"))()
    assert t.call.left == {"streams": ["MemoryObjectSendStream"]}


@pytest.mark.parametrize("lines", ["send.close()", "await send.aclose()", "with send: pass", "async with send: pass"])
def test_each_way_to_close_a_stream_closes_it(playing: Playing, lines: str) -> None:
    assert not playing(LEFT_OPEN.format(lines=lines))().call.left


@pytest.mark.parametrize(
    ("raised", "names"),
    [
        ("TimeoutError()", ["TimeoutError", "OSError", "Exception"]),
        ("Mine()", ["Mine", "TimeoutError", "OSError", "Exception"]),
        ("type('TimeoutError', (OSError,), {})()", ["subject.TimeoutError", "OSError", "Exception"]),
        ("Says('Late', (Exception,), {})()", ["Late", "Exception"]),
    ],
)
def test_a_class_with_the_name_of_a_builtin_is_not_that_builtin(
    playing: Playing, raised: str, names: list[str]
) -> None:
    subject = f"""
    class Mine(TimeoutError): pass
    class Says(type):
        __mro__ = property(lambda cls: (TimeoutError, *type.mro(cls)))
        __name__ = property(lambda cls: "TimeoutError")
    async def main(world):
        raise {raised}
    """
    error = next(span["error"] for span in playing(subject)().data["spans"] if span["what"] == "main")
    assert [error["error"], *error["is"][1:-1]] == names


def test_what_a_task_carries_along_is_not_a_record(playing: Playing) -> None:
    subject = """
    import contextvars
    async def main(world):
        return sorted({type(value).__module__ for value in contextvars.copy_context().values()})
    """
    assert not [name for name in playing(subject)().call.value if "worker" in name]


def test_warnings_lead_to_functions_alone(playing: Playing) -> None:
    subject = """
    import warnings
    async def main(world):
        warnings.showwarning("a coroutine 'x' was never awaited", RuntimeWarning, "", 1)
        return [type(hook).__name__ for hook in (warnings.showwarning, warnings._warn_unawaited_coroutine)]
    """
    t = playing(subject)()
    assert t.call.value == ["function", "function"]
    assert t.data["probes"]["unawaited"] == ["x"]


def test_a_helper_that_calls_what_it_is_given_is_passed_over(playing: Playing) -> None:
    subject = """
    import outcome
    async def main(world):
        outcome.capture(open, "subject.txt", "w").unwrap().close()
    """
    t = playing(subject)()
    assert [(call["call"], call["line"]) for call in t.data["probes"]["blocking"]] == [("open", 4)]
