"""The time is that of the event loop of asyncio.

Base: right/plain
Breaks: G1 on trio
Also: G2 G3 G5 R1 R2 R3 R4 R5 R6 R7 G6
"""

import asyncio


class Entry:
    def __init__(self, resource, name):
        self.ref = weakref.ref(resource)
        self.leak = Leak(name, asyncio.get_running_loop().time())
