"""Built with `start()`, which hands out each service's scope one by one, a task for each cleanup, and checkpoints between the phases."""

import signal

import anyio
from anyio.lowlevel import checkpoint


class Supervisor:
    def __init__(self, services, grace, cleanup_timeout):
        self.services, self.grace, self.cleanup_timeout = services, grace, cleanup_timeout
        self.scopes = {}
        self.told = anyio.Event()
        self.kill = anyio.Event()
        self.errors = []

    async def _run(self, index, service, *, task_status):
        with anyio.CancelScope() as scope:
            self.scopes[index] = scope
            task_status.started()
            if self.kill.is_set():
                scope.cancel()
            try:
                await service.run(self.told)
            except Exception as exc:
                self.errors.append(exc)
                self.told.set()

    async def _terminate(self):
        await self.told.wait()
        with anyio.move_on_after(self.grace):
            await self.kill.wait()
        self.kill.set()
        for scope in self.scopes.values():
            scope.cancel()

    async def __call__(self):
        try:
            async with anyio.create_task_group() as outer:
                outer.start_soon(self._terminate)
                async with anyio.create_task_group() as tg:
                    for index, service in enumerate(self.services):
                        await tg.start(self._run, index, service)
                    await checkpoint()
                outer.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await checkpoint()
                for service in self.services[::-1]:
                    async with anyio.create_task_group() as tg:
                        tg.start_soon(self._cleanup, service)
                await checkpoint()
        return self.errors

    async def _cleanup(self, service):
        try:
            with anyio.fail_after(self.cleanup_timeout):
                await service.cleanup()
        except Exception as exc:
            self.errors.append(exc)


async def run_until(services, stop, *, grace, cleanup_timeout):
    supervisor = Supervisor(services, grace, cleanup_timeout)
    if stop.is_set():
        supervisor.told.set()

    async def link():
        await stop.wait()
        supervisor.told.set()

    async with anyio.create_task_group() as tg:
        tg.start_soon(link)
        errors = await supervisor()
        tg.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("errors", errors)


async def serve(services, *, grace, cleanup_timeout, signals=(signal.SIGTERM, signal.SIGINT)):
    supervisor = Supervisor(services, grace, cleanup_timeout)

    async def link(it):
        async for _ in it:
            if supervisor.told.is_set() and link.count:
                supervisor.kill.set()
            link.count += 1
            supervisor.told.set()

    link.count = 0
    with anyio.open_signal_receiver(*signals) as it:
        async with anyio.create_task_group() as tg:
            tg.start_soon(link, it)
            errors = await supervisor()
            tg.cancel_scope.cancel()
    if errors:
        raise ExceptionGroup("errors", errors)
