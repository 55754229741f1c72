"""Take both locks without waiting, or neither, and look again soon.

Breaks: G6
Also: R1 R4
"""


async def transfer(
    source: Account,
    target: Account,
    amount: int,
    *,
    audit: Callable[[Account, Account, int], Awaitable[None]],
) -> None:
    """Move `amount` from `source` to `target`; `audit(source, target, amount)` is awaited before anything changes.

    Raises `InsufficientFunds`, or `ValueError` for a negative amount.
    """
    if amount < 0:
        raise ValueError("amount must not be negative")
    while True:
        taken: list[Account] = []
        try:
            for account in sorted({source, target}, key=lambda account: account.id):
                account.lock.acquire_nowait()
                taken.append(account)
            if source.balance < amount:
                raise InsufficientFunds
            await audit(source, target, amount)
            source.balance -= amount
            target.balance += amount
            return
        except anyio.WouldBlock:
            pass
        finally:
            for account in taken:
                account.lock.release()
        await anyio.sleep(0.01)
