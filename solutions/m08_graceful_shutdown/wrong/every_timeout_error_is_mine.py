"""Takes a cleanup's own `TimeoutError` for the timeout, and raises another one.

Base: right/plain
Breaks: R4
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except TimeoutError:
        errors.append(TimeoutError(f"cleanup of {service.name} hung"))
    except Exception as error:
        errors.append(error)
