"""A calibration to test with: tickets, audits, raters, and short ways to act in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from world import World

GOOD = {"greeting": 1, "solution": 4, "privacy": 1}


def answers(**values: Any) -> list[dict[str, Any]]:
    return [{"criterion": name, "value": value} for name, value in (GOOD | values).items()]


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


class Session:
    """`await Session.of(world)`: audits that nobody has reviewed, and raters who know nothing of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lead = ""
        self.raters: list[str] = []
        self.audits: list[dict[str, Any]] = []
        self.version: dict[str, Any] = {}
        self.id = ""
        self.samples: list[str] = []

    @classmethod
    async def of(cls, world: World, *, samples: int = 1, raters: int = 2, is_open: bool = True) -> "Session":
        made = cls(world)
        connection = await world.connection()
        await world.plan(connection["id"])
        for number in range(samples):
            await world.solved_ticket(str(number + 1))
        made.lead = await world.person("lead", "Lena")
        made.raters = [await world.person("specialist", f"Rater {n}") for n in range(raters)]
        made.audits = (await world.get("/audit/audits"))["items"]
        made.version = await world.scorecard("calibrated")
        await made.prepare()
        if is_open:
            await made.post("open")
        return made

    def new(self, **changed: Any) -> dict[str, Any]:
        return {
            "title": "March", "scorecard_version_id": self.version["id"],
            "audit_ids": [one["id"] for one in self.audits], "rater_ids": self.raters,
            "due_at": in_an_hour(),
        } | changed  # fmt: skip

    async def prepare(self, **changed: Any) -> None:
        made = await self.world.post("/audit/calibrations", self.new(**changed), by=self.lead)
        self.id = made["id"]
        self.samples = [one["id"] for one in (await self.get())["samples"]]

    async def post(self, verb: str, body: Any = None, *, by: str = "", status: int = 200) -> Any:
        path = f"/audit/calibrations/{self.id}/{verb}"
        return await self.world.post(path, body, by=by or self.lead, status=status)

    async def get(self, part: str = "", *, by: str = "", status: int = 200) -> Any:
        return await self.world.get(f"/audit/calibrations/{self.id}{part}", by=by or self.lead, status=status)

    async def rate(self, rater: int, sample: int = 0, *, status: int = 201, **values: Any) -> Any:
        body = {"sample_id": self.samples[sample], "answers": answers(**values)}
        return await self.post("ratings", body, by=self.raters[rater], status=status)

    async def rate_all(self, values: Sequence[Sequence[int]]) -> None:
        """A row a sample, a column a rater: the criterion `solution`, 1 to 5."""
        for sample, row in enumerate(values):
            for rater, value in enumerate(row):
                await self.rate(rater, sample, solution=value)
        await self.world.worker.drain()

    async def pass_deadline(self) -> None:
        """The clock is moved by moving what waits for it."""
        past = "now() - interval '1 second'"
        async with self.world.db.transaction() as session:
            await session.execute(text("SELECT set_config('assay.migrating', 'on', true)"))
            await session.execute(
                text(f"UPDATE calibration SET due_at = {past} WHERE id = :id"), {"id": self.id}
            )
            await session.execute(text(f"UPDATE delivery SET due_at = {past} WHERE state = 'pending'"))

    async def state(self) -> str:
        return str((await self.get())["state"])
