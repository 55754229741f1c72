"""The name of a class does not make an exception a cancellation."""

import asyncio

import pytest
import trio

from grader.checks.values import Error
from grader.worker.record.spans import RunRecord


class Cancelled(Exception):
    pass


class CancelledError(asyncio.CancelledError):
    pass


class Fault(Exception):
    pass


def cancelled_by_trio():
    """What a task of trio is cancelled by."""

    async def main():
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep_forever()
            except BaseException as error:
                caught.append(error)
                raise

    caught: list[BaseException] = []
    trio.run(main)
    return caught[0]


@pytest.fixture
def record():
    return RunRecord(lambda: 0.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncio.CancelledError(), "CancelledError"),
        (cancelled_by_trio(), "Cancelled"),
        (Cancelled(), f"{__name__}.Cancelled"),
        (CancelledError(), f"{__name__}.CancelledError"),
        (KeyError(), "KeyError"),
        (Fault(), "Fault"),
    ],
)
def test_a_cancellation_is_that_of_a_backend(record, error, kind):
    assert Error(record.encode_error(error)).kind == kind
