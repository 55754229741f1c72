"""Shields the cleanups, and waits for each as long as it takes.

Base: right/plain
Breaks: R3
Also: R4 R5 G2 G4 G6
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.CancelScope(shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)
