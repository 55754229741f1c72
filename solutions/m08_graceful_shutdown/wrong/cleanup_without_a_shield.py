"""Awaits the cleanups in a `finally` block, without a shield.

Base: right/plain
Breaks: R3
Also: R5 G3 R6
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout):
            await service.cleanup()
    except Exception as error:
        errors.append(error)
