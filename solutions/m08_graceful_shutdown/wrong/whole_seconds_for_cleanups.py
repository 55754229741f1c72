"""Rounds `cleanup_timeout` to whole seconds, half a minute at most.

Base: right/plain
Breaks: R3
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(min(round(timeout), 30), shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)
