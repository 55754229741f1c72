"""Puts the timeout around the shield: it cannot reach inside.

Base: right/plain
Breaks: R3
Also: R4 R5 G2 G4 G6
"""


async def clean_up(service: Service, timeout: float, errors: list[Exception]) -> None:
    try:
        with anyio.fail_after(timeout), anyio.CancelScope(shield=True):
            await service.cleanup()
    except Exception as error:
        errors.append(error)
