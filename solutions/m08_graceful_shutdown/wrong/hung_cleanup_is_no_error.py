"""Gives a cleanup that hangs up, and tells nobody.

Base: right/plain
Breaks: R4
Also: R5
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.move_on_after(timeout, shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)
