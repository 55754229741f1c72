"""Catches the errors of a cleanup that its author thought of: another one keeps the rest from running.

Base: right/plain
Breaks: R3
Also: R4 R5 G9
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except (OSError, RuntimeError, ValueError, ExceptionGroup) as error:
        errors.append(error)
