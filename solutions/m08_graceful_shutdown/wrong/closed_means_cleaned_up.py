"""Takes the error of a closed resource in a cleanup for a sign that all is clean.

Base: right/plain
Breaks: R4
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout, shield=True):
            await service.cleanup()
    except anyio.ClosedResourceError:
        pass
    except Exception as error:
        errors.append(error)
