"""The demonstration: from a signed webhook to restated numbers, through the public addresses only.

What the tests of the whole flow play is this same story, so it cannot drift from the product.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import httpx

from services.demo import zendesk
from shared.business_hours import zone

SECRET = "a demonstration secret, nothing more"
METRICS = (
    "csat", "first_response_time", "first_response_time_business", "first_contact_resolution",
    "resolution_time", "reopen_rate", "quality_score",
)  # fmt: skip

CARD = {
    "mode": "weighted",
    "pass_mark": 80,
    "sections": [
        {
            "id": "handling", "title": "Handling", "kind": "standard",
            "criteria": [
                {"id": "greeting", "title": "Greets by name", "weight": 2, "scale": {"min": 0, "max": 1}},
                {"id": "solution", "title": "Solves the problem", "weight": 5, "scale": {"min": 1, "max": 5}},
                {
                    "id": "privacy", "title": "Keeps data private", "weight": 3,
                    "scale": {"min": 0, "max": 1}, "critical": "review",
                },
            ],
        }
    ],
}  # fmt: skip

TUESDAY, OPENING = 1, time(9)
HOURS: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [],
}

EVERYTHING = """
query Everything($ticket: UUID!, $connection: UUID!) {
  ticket(id: $ticket) {
    externalId subject status
    assignee { name }
    messages { authorKind isPublic body }
    facts { firstResponseS fullResolutionS reopens csatScore }
    audits {
      state probability specialist { name }
      reviews {
        number score passed supersededAt reviewer { name }
        appeals { state reason ruling { outcome text ruledBy { name } } }
      }
    }
  }
  metrics(
    keys: ["csat", "first_response_time", "first_contact_resolution", "resolution_time", "quality_score"]
    filter: {connectionId: $connection}
  ) { metric value n excluded low high tickets }
}
"""


class StoryFailed(RuntimeError):
    """A step of the story was not answered as it should be."""


@dataclass
class Told:
    """What the story found on its way."""

    connection_id: str = ""
    ticket_id: str = ""
    audit: dict[str, Any] = field(default_factory=dict)
    review: dict[str, Any] = field(default_factory=dict)
    appeal: dict[str, Any] = field(default_factory=dict)
    second_review: dict[str, Any] = field(default_factory=dict)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    after: dict[str, dict[str, Any]] = field(default_factory=dict)
    everything: dict[str, Any] = field(default_factory=dict)


class Story:
    """`urls`: service → base address; `token_for`: person id → bearer token; `tell`: one line."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        urls: Mapping[str, str],
        token_for: Callable[[UUID | None], str],
        tell: Callable[[str], None],
        *,
        suffix: str = "",
    ) -> None:
        self.client, self.urls, self.token_for, self.tell = client, urls, token_for, tell
        self.suffix = suffix
        self.told = Told()
        self._posts = itertools.count(1)

    async def play(self) -> Told:
        await self._set_up()
        await self._tickets_come_in()
        await self._an_audit_is_reviewed()
        self.told.before = await self._numbers()
        await self._the_agent_appeals()
        await self._someone_else_rules()
        self.told.after = await self._numbers()
        await self._one_query_shows_all()
        return self.told

    # ---- The chapters -------------------------------------------------------------------------

    async def _set_up(self) -> None:
        self.tell("An administrator sets things up: a vendor, people, a scorecard, a connection.")
        vendor = await self._post(
            "people", "/people/vendors", {"key": f"brightdesk{self.suffix}", "name": "Brightdesk"}
        )
        hours = await self._post(
            "people", "/people/schedules", {"key": f"frontline{self.suffix}", "hours": HOURS}
        )
        self.specialist = await self._person("Mara Vogt", "specialist")
        self.resolver = await self._person("Jonas Eide", "specialist")
        self.team_lead = await self._person("Priya Nair", "team_lead", vendor_id=vendor["id"])
        draft = await self._post(
            "audit", "/audit/scorecards",
            {"key": f"email-quality{self.suffix}", "name": "E-mail quality", "card": CARD},
        )  # fmt: skip
        version = await self._post("audit", f"/audit/scorecard-versions/{draft['id']}/publish")
        connection = await self._post(
            "feedback", "/feedback/connections",
            {
                "key": f"zd-demo{self.suffix}", "name": "Zendesk (demonstration)", "platform": "zendesk",
                "account_id": zendesk.ACCOUNT, "secret": SECRET, "schedule_id": hours["id"],
                "settings": {
                    "groups": {zendesk.GROUP: {"name": "EU Frontline", "vendor_id": vendor["id"]}},
                    "brands": {"360002417811": "Halcyon"}, "bots": [zendesk.BOT],
                    "language_tag_prefix": "lang_", "topic_tag_prefix": "topic_",
                },
            },
        )  # fmt: skip
        self.told.connection_id = connection["id"]
        self.start = opening_time(datetime.fromisoformat(connection["created_at"]))
        plan = await self._post(
            "audit", "/audit/plans",
            {
                "key": f"demo-plan{self.suffix}", "connection_id": connection["id"],
                "scorecard_version_id": version["id"], "rate": 1, "seed": "2026-W07|qa-weekly",
            },
        )  # fmt: skip
        self.plan_id = plan["id"]

    async def _tickets_come_in(self) -> None:
        tickets = zendesk.tickets(self.start)
        bodies = [body for ticket in tickets for body in ticket.bodies]
        self.tell(
            f"Zendesk posts {len(bodies)} signed webhooks about {len(tickets)} tickets; one of them twice."
        )
        for body in [*bodies, bodies[0]]:
            answer = await self.client.post(
                f"{self.urls['feedback']}/feedback/intake/zendesk/zd-demo{self.suffix}",
                content=body,
                headers=zendesk.signed(SECRET, body),
            )
            _expect(answer, 200)
        forged = await self.client.post(
            f"{self.urls['feedback']}/feedback/intake/zendesk/zd-demo{self.suffix}",
            content=bodies[0],
            headers=zendesk.signed("some other secret of a stranger", bodies[0]),
        )
        _expect(forged, 401)
        self.tell("A forged one is refused: " + forged.json()["title"] + ".")
        csat = await self._until(
            "every ticket has its facts",
            lambda: self._metric("csat"),
            lambda value: value["n"] == 2 and value["excluded"].get("not_rated") == 1,
        )
        self.tell(f"The worker has understood them: CSAT {csat['value']:.0f} % of {csat['n']} ratings.")

    async def _an_audit_is_reviewed(self) -> None:
        audits = await self._until(
            "the solved tickets are sampled",
            lambda: self._get("audit", "/audit/audits"),
            lambda page: len([a for a in page["items"] if a["plan_id"] == self.plan_id]) == 3,
        )
        self.tell("The solved tickets were drawn (this plan takes all), each with its probability.")
        ticket = (
            await self._get(
                "feedback",
                f"/feedback/tickets?connection_id={self.told.connection_id}&external_id=48213",
            )
        )["items"][0]
        self.told.ticket_id = ticket["id"]
        mine = next(a for a in audits["items"] if a["ticket_id"] == ticket["id"])
        self.told.audit = await self._post(
            "audit", f"/audit/audits/{mine['id']}/claim", by=self.specialist, status=200
        )
        second = await self._post("audit", f"/audit/audits/{mine['id']}/claim", by=self.resolver, status=409)
        self.tell(f"Mara claims one; Jonas, a moment later, hears: {second['title']}.")
        self.agent = ticket["assignee_id"]
        await self._patch("people", f"/people/people/{self.agent}", {"lead_id": self.team_lead})
        self.told.review = await self._post(
            "audit", f"/audit/audits/{mine['id']}/reviews",
            {
                "answers": [
                    {"criterion": "greeting", "value": 0, "comment": "No name used."},
                    {"criterion": "solution", "value": 4},
                    {"criterion": "privacy", "value": 1},
                ],
                "summary": "Correct and quick, but impersonal.",
            },
            by=self.specialist, status=201,
        )  # fmt: skip
        self.tell(f"Mara reviews it: {self.told.review['score']:.2f} % (pass mark 80), and it is released.")

    async def _the_agent_appeals(self) -> None:
        self.told.appeal = await self._post(
            "appeals", "/appeals",
            {
                "review_id": self.told.review["id"], "reason": "evidence_overlooked",
                "points": [
                    {"criterion": "greeting", "proposed_value": 1, "text": "The ticket has no name to use."}
                ],
            },
            by=self.agent, status=201,
        )  # fmt: skip
        self.tell("Lea, the agent, appeals one criterion.")

    async def _someone_else_rules(self) -> None:
        appeal = f"/appeals/{self.told.appeal['id']}"
        barred = await self._post("appeals", f"{appeal}/take", by=self.specialist, status=403)
        self.tell(f"Mara may not rule on her own review: {barred['detail']}")
        await self._post("appeals", f"{appeal}/take", by=self.resolver, status=200)
        self.told.appeal = await self._post(
            "appeals", f"{appeal}/ruling",
            {
                "outcome": "overturned", "reason": "reviewer_error",
                "text": "No name was known: the greeting was right.",
                "changes": [{"criterion": "greeting", "value": 1}],
            },
            by=self.resolver, status=200,
        )  # fmt: skip
        reviews = await self._until(
            "the review is superseded",
            lambda: self._get("audit", f"/audit/reviews?audit_id={self.told.audit['id']}"),
            lambda page: len(page["items"]) == 2,
        )
        self.told.second_review = next(r for r in reviews["items"] if r["superseded_at"] is None)
        self.tell(
            f"Jonas overturns it: version 2 counts now with {self.told.second_review['score']:.2f} %; "
            "version 1 stays readable."
        )

    async def _one_query_shows_all(self) -> None:
        answer = await self.client.post(
            f"{self.urls['gateway']}/graphql",
            json={
                "query": EVERYTHING,
                "variables": {"ticket": self.told.ticket_id, "connection": self.told.connection_id},
            },
            headers=self._headers(None),
        )
        document = _expect(answer, 200)
        if "errors" in document:
            raise StoryFailed(f"GraphQL: {document['errors']}")
        self.told.everything = document["data"]
        self.tell("One GraphQL query shows ticket, review, appeal and numbers together.")

    # ---- Asking -------------------------------------------------------------------------------

    async def _numbers(self) -> dict[str, dict[str, Any]]:
        return {key: await self._metric(key) for key in METRICS}

    async def _metric(self, key: str) -> dict[str, Any]:
        page = await self._get("kpi", f"/kpi/metrics/{key}?connection_id={self.told.connection_id}")
        return dict(page["values"][0])

    async def _person(self, name: str, role: str, **more: str) -> str:
        person = await self._post("people", "/people/people", {"name": name, "role": role, **more})
        return str(person["id"])

    async def _get(self, service: str, path: str) -> dict[str, Any]:
        answer = await self.client.get(self.urls[service] + path, headers=self._headers(None))
        return _expect(answer, 200)

    async def _post(
        self,
        service: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        status: int | None = None,
    ) -> dict[str, Any]:
        # The same key at every playing: a story that was cut off goes on where it stopped.
        headers = self._headers(by) | {"idempotency-key": f"demo{self.suffix}-{next(self._posts)}"}
        answer = await self.client.post(self.urls[service] + path, json=body, headers=headers)
        return _expect(answer, *((status,) if status else (200, 201)))

    async def _patch(self, service: str, path: str, body: Any) -> dict[str, Any]:
        answer = await self.client.patch(self.urls[service] + path, json=body, headers=self._headers(None))
        return _expect(answer, 200)

    async def _until(self, what: str, ask: Any, fits: Callable[[Any], bool], *, within_s: float = 30) -> Any:
        end = monotonic() + within_s
        while True:
            found = await ask()
            if fits(found):
                return found
            if monotonic() > end:
                raise StoryFailed(f"Waited {within_s:.0f} s in vain until {what}. Last seen: {found}")
            await asyncio.sleep(0.05)

    def _headers(self, person: str | None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token_for(UUID(person) if person else None)}"}


def opening_time(connected_at: datetime) -> datetime:
    """When the first ticket came in: a Tuesday at opening time, at least four weeks ago, so that
    every window has passed and the business-hours figures have something to count."""
    day = connected_at.date() - timedelta(days=28)
    day -= timedelta(days=(day.weekday() - TUESDAY) % 7)
    return datetime.combine(day, OPENING, zone(HOURS["timezone"])).astimezone(UTC)


def _expect(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    if answer.status_code not in statuses:
        request = answer.request
        raise StoryFailed(
            f"{request.method} {request.url.path} answered {answer.status_code}: {answer.text[:500]}"
        )
    return dict(answer.json())
