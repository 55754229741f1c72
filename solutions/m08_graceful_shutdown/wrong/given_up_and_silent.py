"""Drops the error that a cleanup raises as it is given up, and then sees nothing that ran out of time.

Base: right/plain
Breaks: R4
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.move_on_after(timeout, shield=True) as scope:
            await service.cleanup()
    except Exception as error:
        if not scope.cancel_called:
            errors.append(error)
    if scope.cancelled_caught:
        errors.append(TimeoutError(f"cleanup of {service.name} hung"))
