"""A day's work of many specialists on one queue, all at once, on connections that are cut and with leases
that lapse under them."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import httpx
from quick_tickets import solved
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from world import World

from services.audit.assignment import service
from shared.ids import new_id
from shared.models.audit import Audit, Evidence
from shared.models.feedback import Ticket
from shared.models.people import Person

ANSWERS = [{"criterion": c, "value": v} for c, v in (("greeting", 0), ("solution", 4), ("privacy", 1))]
LANGUAGES = ("de", "en", "es", "fr", "pt-BR")
WEIGHTS = {"violence": 3, "self_harm": 5}
POLICY = {
    "lease_hours": 1, "pair_limit": 5, "vendors_audit_own": False, "skill_tags": ["billing"],
    "distress_weights": WEIGHTS, "distress_a_day": 30, "distress_a_week": 40,
}  # fmt: skip
TAGS = [["billing"], [], ["violence"], [], [], ["billing", "self_harm"], [], [], []]
LAPSE = "UPDATE assignment SET lease_ends_at = now() WHERE lease_ends_at IS NOT NULL AND random() < 0.1"
CUT = """
    SELECT count(pg_terminate_backend(pid)) FROM (
        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = :login
            AND xact_start IS NOT NULL AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1
    ) one
"""


class Shift:
    def __init__(self, world: World, *, specialists: int, samples: int) -> None:
        self.world, self.count, self.samples = world, specialists, samples
        self.random = random.Random(7)
        self.specialists: list[str] = []
        self.lapsed = self.cut = 0

    async def begin(self) -> None:
        """Agents of the company and of two vendors, in teams; specialists of every make; the samples."""
        world = self.world
        connection = await world.connection()
        await world.plan(connection["id"])
        await world.tell(solved("the one that is copied"))
        lead = await world.person("lead", "Lena")
        await world.patch("/audit/claim-policy", POLICY, by=lead)
        vendors = [None, await world.vendor("first"), await world.vendor("second")]
        team_leads = [await world.person("team_lead", vendor_id=vendor) for vendor in vendors]
        for n in range(self.count):
            of = n % 3 if n % 4 == 0 else 0
            more = {"lead_id": team_leads[of]} if n % 5 == 0 else {}
            self.specialists.append(await world.person("specialist", f"S{n}", vendor_id=vendors[of], **more))
        for n in range(max(12, self.count)):
            of = n % 3
            leads = (team_leads[of], self.specialists[n % self.count] if of == 0 else team_leads[of])
            more = {"vendor_id": vendors[of], "lead_id": leads[n % 2]}
            await world.person("agent", f"A{n}", **more)
        for n, who in enumerate(self.specialists):
            profile = {
                "open_at_once": 1 + n % 3, "claims_a_day": 30 if n % 10 == 1 else None,
                "languages": None if n % 4 == 0 else sorted({LANGUAGES[(n + i) % 5][:2] for i in range(3)}),
                "skills": None if n % 3 else [],
            }  # fmt: skip
            await self._put(f"/audit/specialists/{who}/profile", profile, lead)
            if n % 6 == 5:
                await self._put("/audit/my-distressing", {"takes": False}, who)
        async with world.db.transaction() as session:
            await self._copy(session)

    async def _copy(self, session: AsyncSession) -> None:
        """The one sample again and again, of each agent in turn, in other words and with other tags."""
        agents = list(await session.scalars(select(Person).where(col(Person.role) == "agent")))
        ticket, audit, evidence = [
            one.model_dump()
            for table in (Ticket, Audit, Evidence)
            for one in await session.scalars(select(table))
        ]
        new: dict[Any, list[Any]] = {Ticket: [], Audit: [], Evidence: []}
        for n in range(self.samples - 1):
            agent = agents[n % len(agents)]
            told = {"language": LANGUAGES[n % len(LANGUAGES)], "tags": TAGS[n % len(TAGS)]}
            of = {"ticket_id": new_id(), "audit_id": new_id()}
            who = {"id": of["ticket_id"], "vendor_id": agent.vendor_id, "assignee_id": agent.id}
            new[Ticket].append(ticket | told | who | {"external_id": f"copy {n}"})
            who = {"id": of["audit_id"], "vendor_id": agent.vendor_id, "agent_id": agent.id}
            new[Audit].append(audit | who | {"ticket_id": of["ticket_id"]})
            new[Evidence].append(evidence | of)
        for table, rows in new.items():
            await session.execute(insert(table), rows)
        await session.execute(text("ANALYZE"))

    async def _put(self, path: str, body: Any, by: str) -> None:
        answer = await self.world.client.put(path, json=body, headers=self.world.as_(by))
        assert answer.status_code == 200, answer.text

    # ---- Work -----------------------------------------------------------------------------------

    async def work(self) -> None:
        """All at once, until nobody gets anything any more; then once more in peace, until it is so."""
        trouble = asyncio.create_task(self._trouble())
        await asyncio.gather(*(self._day_of(who, random.Random(who)) for who in self.specialists))
        trouble.cancel()
        await asyncio.gather(trouble, return_exceptions=True)
        while sum([await self._day_of(who, None) for who in self.specialists]):
            pass

    async def _day_of(self, who: str, mood: random.Random | None) -> int:
        """How many they got. In a mood they also skip, decline, release or forget; else they review."""
        mine: list[str] = await self._open_of(who)
        got = 0
        while True:
            if mine and (mood is None or mood.random() < 0.8):
                await self._finish(who, mine.pop(0), mood)
            answer = await self._ask(who, "/audit/audits/claim-next")
            if answer.status_code == 200:
                got += 1
                mine.append(answer.json()["id"])
            elif not mine:
                assert answer.status_code in {404, 409}, answer.text
                return got
            elif answer.status_code == 404 or "at-capacity" in answer.text:
                await self._finish(who, mine.pop(0), mood)

    async def _open_of(self, who: str) -> list[str]:
        claimed = f"/audit/audits?state=claimed&specialist_id={who}&limit=100"
        return [one["id"] for one in (await self._ask(who, claimed, method="GET")).json()["items"]]

    async def _finish(self, who: str, audit: str, mood: random.Random | None) -> None:
        ways: list[tuple[str, Any]] = [
            ("reviews", {"answers": ANSWERS}), ("skip", {"code": "technical"}), ("decline", None),
            ("release", {"reason": "No time."}), ("keep", None),
        ]  # fmt: skip
        way, body = mood.choices(ways, (16, 1, 1, 1, 1))[0] if mood else ways[0]
        answer = await self._ask(who, f"/audit/audits/{audit}/{way}", body)
        # Where its lease had lapsed it is somebody else's by now, or nobody's.
        assert answer.status_code in {200, 201, 403, 409}, answer.text

    async def _ask(self, who: str, path: str, body: Any = None, *, method: str = "POST") -> httpx.Response:
        """Asked again under the same key while the connection is cut under it."""
        headers = self.world.as_(who) | {"idempotency-key": uuid4().hex}
        for _ in range(20):
            answer = await self.world.client.request(method, path, json=body, headers=headers)
            if answer.status_code < 500:
                return answer
        raise AssertionError(answer.text)

    async def _trouble(self) -> None:
        """Leases lapse, the worker gives back what lapsed, and connections are cut in the middle."""
        login = self.world.app.state.db.engine.url.username
        while True:
            await asyncio.sleep(0.1)
            async with self.world.db.engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await alone.execute(text(LAPSE))
                self.cut += (await alone.execute(text(CUT), {"login": login})).scalar_one()
            async with self.world.db.transaction() as session:
                self.lapsed += await service.give_back_idle(session)
