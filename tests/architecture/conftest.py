"""What the laws may ask for beside the fixtures of all tests: the whole story, played."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from world import World

from services.demo.story import Story
from services.local import ADMIN_ID

SERVICES = ("people", "feedback", "audit", "appeals", "kpi", "gateway")


@pytest.fixture
def play_story(world: World) -> Callable[[], Awaitable[None]]:
    """From an empty database to a superseded review: every service writes something."""

    async def play() -> None:
        working = asyncio.create_task(world.worker.run())
        story = Story(
            world.client,
            dict.fromkeys(SERVICES, "http://assay"),
            lambda person: world.keys.issue(person or ADMIN_ID),
            lambda line: None,
        )
        try:
            await story.play()
        finally:
            world.worker.stop()
            await working

    return play
