"""A small world to test in: people of every role, a connection, a plan; and short ways to act in it.

Everything is done through the public addresses, as the product's users do it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import httpx
from fastapi import FastAPI

from services.demo import zendesk
from services.demo.story import CARD, HOURS
from services.local import ADMIN_ID, first_admin
from services.run import create_worker
from shared.crypto import key_for
from shared.db import Database
from shared.trail import ENTRIES

SECRET = "a webhook secret for tests"
LONG_AGO = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class World:
    def __init__(self, app: FastAPI) -> None:
        self.app = app
        settings = app.state.settings
        key = key_for(settings, ENTRIES)
        self.db = Database(settings.database_url, trail_key=key)  # as the owner: past all policies
        self.keys = app.state.token_keys
        self.worker = create_worker(app.state.settings)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://assay"
        )

    async def __aenter__(self) -> Self:
        async with self.db.transaction() as session:
            await first_admin(session)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        for close in (*self.app.state.at_the_end, self.worker.db.close, self.db.close):
            await close()

    # ---- Asking -------------------------------------------------------------------------------

    def as_(self, person: str | UUID | None = None) -> dict[str, str]:
        """Headers of a caller; default: the administrator."""
        return {"authorization": f"Bearer {self.keys.issue(UUID(str(person or ADMIN_ID)))}"}

    async def get(self, path: str, *, by: str | None = None, status: int = 200) -> Any:
        return await self._answer("GET", path, None, by, status)

    async def post(
        self, path: str, body: Any = None, *, by: str | None = None, status: int = 201, **headers: str
    ) -> Any:
        return await self._answer("POST", path, body, by, status, headers)

    async def patch(self, path: str, body: Any, *, by: str | None = None, status: int = 200) -> Any:
        return await self._answer("PATCH", path, body, by, status)

    async def _answer(
        self, method: str, path: str, body: Any, by: str | None, status: int, more: Any = None
    ) -> Any:
        answer = await self.client.request(method, path, json=body, headers=self.as_(by) | (more or {}))
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def graphql(self, query: str, *, by: str | None = None, **variables: Any) -> Any:
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.as_(by)
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    # ---- Furnishing ---------------------------------------------------------------------------

    async def person(self, role: str, name: str = "", **more: Any) -> str:
        person = await self.post("/people/people", {"name": name or role, "role": role, **more})
        return str(person["id"])

    async def vendor(self, key: str = "brightdesk") -> str:
        return str((await self.post("/people/vendors", {"key": key, "name": key.title()}))["id"])

    async def connection(self, key: str = "zd", **more: Any) -> dict[str, Any]:
        """A Zendesk connection whose one group belongs to a vendor."""
        vendor = more.pop("vendor_id", None) or await self.vendor(f"vendor-of-{key}")
        hours = await self.post("/people/schedules", {"key": f"hours-{key}", "hours": HOURS})
        made = await self.post(
            "/feedback/connections",
            {
                "key": key, "name": key, "platform": "zendesk", "account_id": zendesk.ACCOUNT,
                "secret": SECRET, "schedule_id": hours["id"],
                "settings": {
                    "groups": {zendesk.GROUP: {"name": "EU Frontline", "vendor_id": vendor}},
                    "bots": [zendesk.BOT], "language_tag_prefix": "lang_", "topic_tag_prefix": "topic_",
                },
            } | more,
        )  # fmt: skip
        return dict(made)

    async def scorecard(self, key: str = "card", card: Any = None) -> dict[str, Any]:
        """A published version."""
        draft = await self.post("/audit/scorecards", {"key": key, "name": key, "card": card or CARD})
        return dict(await self.post(f"/audit/scorecard-versions/{draft['id']}/publish", status=200))

    async def plan(self, connection_id: str, rate: float = 1.0, key: str = "plan") -> dict[str, Any]:
        version = await self.scorecard(f"card-of-{key}")
        return dict(
            await self.post(
                "/audit/plans",
                {
                    "key": key, "connection_id": connection_id, "rate": rate, "seed": "a seed",
                    "scorecard_version_id": version["id"],
                },
            )
        )  # fmt: skip

    # ---- Letting things happen ----------------------------------------------------------------

    async def webhook(self, body: bytes, *, key: str = "zd", secret: str = SECRET) -> httpx.Response:
        return await self.client.post(
            f"/feedback/intake/zendesk/{key}", content=body, headers=zendesk.signed(secret, body)
        )

    async def tell(self, *tickets: zendesk.DemoTicket, key: str = "zd") -> None:
        """Posts the tickets' webhooks, and lets the worker understand them."""
        for ticket in tickets:
            for body in ticket.bodies:
                answer = await self.webhook(body, key=key)
                assert answer.status_code == 200, answer.text
        await self.worker.drain()

    async def solved_ticket(self, number: str = "1", *, key: str = "zd") -> None:
        ticket = zendesk.DemoTicket(number, "A question", LONG_AGO)
        ticket.created()
        ticket.comment(timedelta(0), "How does it work?", by="requester")
        ticket.assign(timedelta(minutes=1))
        ticket.comment(timedelta(minutes=10), "Like this.", by="agent")
        ticket.move(timedelta(minutes=20), "SOLVED")
        await self.tell(ticket, key=key)

    async def reviewed(self, specialist: str, **values: Any) -> dict[str, Any]:
        """Claims the next audit and reviews it; every criterion of the demonstration's card."""
        audit = await self.post("/audit/audits/claim-next", by=specialist, status=200)
        answers = {"greeting": 0, "solution": 4, "privacy": 1} | values
        review = await self.post(
            f"/audit/audits/{audit['id']}/reviews",
            {"answers": [{"criterion": name, "value": value} for name, value in answers.items()]},
            by=specialist,
        )
        return dict(review)
