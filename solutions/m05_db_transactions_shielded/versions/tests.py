"""Pass each right version of `on_air`, and fail each wrong one."""

import anyio
import pytest
from subject import on_air


class Light:
    def __init__(self, takes=1):
        self.takes, self.done, self.switched = takes, [], 0

    async def on(self):
        await anyio.sleep(1)
        self.done.append("on")

    async def off(self):
        self.switched += 1
        await anyio.sleep(self.takes)
        self.done.append("off")

    def report(self):
        self.done.append("report")


@pytest.mark.explore
async def test_it_is_on_while_the_block_runs():
    light = Light()
    async with on_air(light, limit=5):
        assert light.done == ["on"]
    assert light.done == ["on", "off"]


@pytest.mark.explore
async def test_a_block_that_raises_is_followed_by_off():
    light = Light()
    with pytest.raises(KeyError):
        async with on_air(light, limit=5):
            raise KeyError
    assert light.done == ["on", "off"]


@pytest.mark.explore
async def test_whatever_the_moment_of_a_cancellation_it_is_off_again(explore):
    light, worked = Light(), []
    async with explore.cancelled():
        async with on_air(light, limit=5):
            worked.append(anyio.current_time())
            await anyio.sleep(10)
    assert "report" not in light.done
    if "on" in light.done:
        assert light.done == ["on", "off"]


@pytest.mark.explore
async def test_on_and_the_block_can_be_cancelled():
    for seconds in (0.5, 3):
        begun, light = anyio.current_time(), Light()
        with anyio.move_on_after(seconds):
            async with on_air(light, limit=5):
                await anyio.sleep(60)
        assert anyio.current_time() < begun + seconds + 2


@pytest.mark.explore
async def test_off_that_hangs_is_given_up_and_reported():
    light = Light(takes=600)
    begun = anyio.current_time()
    async with on_air(light, limit=5):
        pass
    assert anyio.current_time() == pytest.approx(begun + 6)
    assert light.done == ["on", "report"]


@pytest.mark.explore
async def test_giving_up_hides_nothing():
    light = Light(takes=600)
    with pytest.raises(KeyError):
        async with on_air(light, limit=5):
            raise KeyError
    assert light.done == ["on", "report"]
