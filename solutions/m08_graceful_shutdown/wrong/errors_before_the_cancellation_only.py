"""Tells what went wrong before a cancellation came; of what goes wrong in the cleanups after it nobody hears.

Breaks: R4
Base: right/error_free_return_when_cancelled_late
"""


async def all_of_it(services, stop, second, grace, cleanup_timeout):
    errors = []
    cancelled = None
    try:
        await work(services, stop, second, grace, errors)
    except anyio.get_cancelled_exc_class() as error:
        cancelled = error
    except BaseException:
        await finish(services, cleanup_timeout, errors)
        raise
    before = list(errors)
    await finish(services, cleanup_timeout, errors)
    if cancelled is not None:
        errors = before
    if errors:
        raise ExceptionGroup("errors", errors)
    if cancelled is not None:
        raise cancelled
