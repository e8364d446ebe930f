"""The reference payloads, played through the product, and what its rows then say in their words."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlmodel import SQLModel
from unsealed import Unsealed, unsealed
from world import World

from services.feedback.connections.queries import find_connection
from services.feedback.connections.service import learn_settings
from services.feedback.intake.normalised import Normalised, Told
from services.feedback.intake.service import apply
from services.feedback.intake.sources import freshdesk_rest, salesforce_rest, zendesk_rest
from shared import standard_webhooks
from shared.models.feedback import Connection, HelpDeskAgent, Message, Rating, Refetch, Ticket, TicketEvent
from shared.models.people import Vendor

API = {"base_url": "http://127.0.0.1:9", "user": "nobody", "secret": "12345678"}
"""Where nobody answers: what has to be asked for stays wanted."""
SIGNING = "whsec_" + base64.b64encode(b"the key of a stream of change events").decode()
HISTORY = ("status", "assignee", "group", "priority")


# ---- Connections ----------------------------------------------------------------------------------


async def connect(world: World, key: str, connections: dict[str, Any]) -> None:
    """The connection of that name, as the reference describes it."""
    told = connections[key]
    maps = connections[told["same_maps_as"]] | told if "same_maps_as" in told else told
    body = {
        "zendesk": _zendesk, "salesforce": _salesforce, "freshdesk": _freshdesk,
    }[told["platform"]](maps, await _vendors(world, maps))  # fmt: skip
    common = {"key": key, "name": key, "platform": told["platform"], "api": API}
    await world.post("/feedback/connections", common | body)


async def _vendors(world: World, maps: dict[str, Any]) -> dict[str, str]:
    groups = maps.get("groups", maps.get("queues", {})).values()
    names = sorted({group["vendor"] for group in groups if group["vendor"]})
    made = [
        await world.post("/people/vendors", {"key": name.lower().replace(" ", "-"), "name": name})
        for name in names
    ]
    return {vendor["name"]: vendor["id"] for vendor in made}


def _groups(groups: dict[str, Any], vendors: dict[str, str]) -> dict[str, Any]:
    return {
        key: {"name": group["name"], "vendor_id": vendors.get(group["vendor"] or "")}
        for key, group in groups.items()
    }


def _zendesk(maps: dict[str, Any], vendors: dict[str, str]) -> dict[str, Any]:
    settings = {
        "brands": maps["brands"], "groups": _groups(maps["groups"], vendors),
        "language_tag_prefix": maps["language_tag_prefix"],
    }  # fmt: skip
    return {
        "account_id": maps["account_id"], "secret": maps["signing_secret"],
        "is_test": maps["mode"] == "test", "settings": settings,
    }  # fmt: skip


def _salesforce(maps: dict[str, Any], vendors: dict[str, str]) -> dict[str, Any]:
    same = (
        "declared_fields", "status_map", "priority_map", "record_types", "vendor_field", "language_field",
        "csat_questions",
    )  # fmt: skip
    settings = {name: maps[name] for name in same if name in maps}
    settings |= {"queues": _groups(maps["queues"], vendors), "vendors": vendors}
    proof = {"path_token": maps["path_token"]} if "path_token" in maps else {}
    return {
        "account_id": maps["org_id"], "settings": settings, "secret": maps.get("secret", SIGNING),
    } | proof  # fmt: skip


def _freshdesk(maps: dict[str, Any], vendors: dict[str, str]) -> dict[str, Any]:
    same = ("status_map", "status_names", "priority_names", "sources", "products", "language_field")
    settings = {name: maps[name] for name in same}
    settings |= {"groups": _groups(maps["groups"], vendors), "agents": maps["known_agents"]}
    user, password = maps["basic"]
    return {
        "account_id": maps["domain"], "user": user, "secret": password, "token": maps["token"],
        "settings": settings,
    }  # fmt: skip


# ---- What comes -------------------------------------------------------------------------------------


def address(case: dict[str, Any], connections: dict[str, Any]) -> str:
    told = connections[case["connection"]]
    base = f"/feedback/intake/{told['platform']}/{case['connection']}"
    return f"{base}/{told['path_token']}" if case["surface"] == "outbound_message" else base


def stream_headers(body: bytes, at: datetime) -> dict[str, str]:
    """What the middleware that posts change events signs with."""
    stamp = str(int(at.timestamp()))
    return {
        "content-type": "application/json", standard_webhooks.ID: "stream-1",
        standard_webhooks.TIMESTAMP: stamp,
        standard_webhooks.SIGNATURE: standard_webhooks.sign(SIGNING, "stream-1", stamp, body),
    }  # fmt: skip


def _one(told: Normalised) -> Told:
    return Told((told,))


def answer_of(name: str, found: Any, settings: dict[str, Any], at: datetime) -> Told:
    """What an answer to our own question says."""
    key = name.split("_", 1)[1]
    match key:
        case "incremental_cursor_page":
            return zendesk_rest.read_tickets(found["tickets"], settings, read_at=at)[0]
        case "ticket_audits":
            audits = found["audits"]
            return _one(
                zendesk_rest.read_audits(
                    "48001", audits, settings, staff=None, requester_key="7310455120401", read_at=at
                )
            )
        case "ticket_metric_events":
            return zendesk_rest.read_metric_events(found["ticket_metric_events"])[0]
        case "satisfaction_ratings":
            return zendesk_rest.read_ratings(found["satisfaction_ratings"], settings)[0]
        case "ticket_metrics":
            return zendesk_rest.read_metrics(found["ticket_metrics"])[0]
        case "rest_query_cases":
            return salesforce_rest.read_cases(found["records"], settings, read_at=at)[0]
        case "rest_case_history":
            return salesforce_rest.read_history(found["records"], settings, read_at=at)[0]
        case "rest_case_milestones":
            return salesforce_rest.read_milestones(found["records"])[0]
        case "rest_survey_responses":
            return salesforce_rest.read_survey_answers(found["records"], settings)[0]
        case "rest_ticket_show":
            return _one(freshdesk_rest.read_ticket(found, settings, read_at=at))
        case "rest_ticket_list":
            return freshdesk_rest.read_tickets(found, settings, read_at=at)[0]
        case "rest_conversations":
            told = freshdesk_rest.read_conversations("20877", found, settings, read_at=at, is_complete=True)
            return _one(told)
        case "rest_satisfaction_ratings":
            return freshdesk_rest.read_ratings(found, settings)[0]
        case "rest_surveys_and_fields":
            return freshdesk_rest.read_config(found["surveys"], found["ticket_fields"])
    raise AssertionError(f"nobody asks for {name}")


async def take_answer(world: World, name: str, connection_key: str, found: Any, at: datetime) -> None:
    async with world.db.transaction() as session:
        connection = await find_connection(session, connection_key)
        assert connection is not None
        told = answer_of(name, found, connection.settings, at)
        if told.settings:
            await learn_settings(session, connection, told.settings)
        await apply(session, world.app.state.sealer, connection, told.tickets)


# ---- What the rows say --------------------------------------------------------------------------


async def rows_of(world: World, kind: type[SQLModel]) -> list[Any]:
    async with world.db.transaction() as session:
        return list(await session.scalars(select(kind)))


async def whole_database(world: World) -> str:
    """All text in all tables."""
    async with world.db.transaction() as session:
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        parts = []
        for table in list(tables):
            column = "encode(body, 'escape')" if table == "inbox" else "''"
            rows = await session.scalars(
                text(f'SELECT t::text || {column} FROM "{table}" t')
            )  # a table's name
            parts += list(rows)
    return "\n".join(parts)


async def facts(world: World) -> list[dict[str, Any]]:
    """Every row, as the event of the reference that it stands for."""
    tickets = {ticket.id: ticket for ticket in await rows_of(world, Ticket)}
    sealed = await unsealed(world)
    vendors = {vendor.id: vendor.name for vendor in await rows_of(world, Vendor)}
    agents = {agent.id: agent for agent in await rows_of(world, HelpDeskAgent)}
    found: list[dict[str, Any]] = []
    for ticket in tickets.values():
        found += _ticket(ticket, vendors, agents, sealed)
    for event in await rows_of(world, TicketEvent):
        found += _event(event, tickets[event.ticket_id].external_id)
    hidden = {one["message_id"] for one in found if one.get("op") == "message_made_private"}
    for message in await rows_of(world, Message):
        message.is_public |= message.external_id in hidden  # the reference tells it as it was at first
        found.append({"kind": "message", "message": _message(message, tickets[message.ticket_id], sealed)})
    for rating in await rows_of(world, Rating):
        found.append({"kind": "csat", "csat": _rating(rating, tickets[rating.ticket_id], agents, sealed)})
    for wanted in await rows_of(world, Refetch):
        parts = ["conversations" if part == "messages" else part for part in wanted.parts]
        found.append({"kind": "refetch", "what": parts, "ticket_id": wanted.ticket_key})
    [connection] = await rows_of(world, Connection)
    surveys = {
        key: {str(one): 1 - place / (len(scale) - 1) for place, one in enumerate(scale)}
        for key, scale in connection.settings.get("surveys", {}).items()
    }
    names = connection.settings.get("status_names")
    found.append({"kind": "config", "status_names": names, "survey_scales": surveys})
    return found


def _ticket(
    ticket: Ticket, vendors: dict[Any, str], agents: dict[Any, Any], sealed: Unsealed
) -> list[dict[str, Any]]:
    agent = agents.get(ticket.assignee_id)
    metrics = ticket.stated_metrics or {}
    same = (
        "status", "status_raw", "priority", "priority_raw", "type", "channel", "channel_raw", "language",
        "brand", "tags", "created_at", "updated_at", "closed_at", "solved_at", "display_id",
    )  # fmt: skip
    state = {name: getattr(ticket, name) for name in same} | {
        "id": ticket.external_id, "brand_id": ticket.brand_key, "group_id": ticket.group_key,
        "group": ticket.group_name, "vendor": vendors.get(ticket.vendor_id),
        "assignee_id": ticket.assignee_key, "assignee": ticket.assignee_name or (agent and agent.name),
        "requester_id": ticket.requester_key, "requester": sealed.asks_in(ticket).name,
        "requester_email": sealed.asks_in(ticket).email,
        "subject": sealed.as_sent(ticket, "subject"),
        "custom_fields": sealed.as_sent(ticket, "custom_fields"),
        "organization_id": ticket.organization_key, "description_text": sealed.as_sent(ticket, "description"),
        "first_response_at": ticket.first_replied_at, "public": ticket.is_public,
        "escalated": ticket.is_escalated, "outbound": ticket.is_outbound,
        "provisional": ticket.is_provisional, "merged_into": ticket.merged_into_key,
        "merged": bool(ticket.merged_into_key) or "closed_by_merge" in (ticket.tags or []),
        "reopened_at": moment(metrics["reopened_at"]) if metrics.get("reopened_at") else None,
    }  # fmt: skip
    found: list[dict[str, Any]] = [{"kind": "ticket", "ticket": state}]
    if ticket.stated_metrics:
        found.append({"kind": "metrics", "ticket_id": ticket.external_id} | metrics)
    if ticket.is_deleted:
        found.append({"kind": "lifecycle", "op": "deleted", "ticket_id": ticket.external_id})
    if ticket.merged_into_key:
        merged = {"op": "merged", "ticket_id": ticket.external_id, "into": ticket.merged_into_key}
        found.append({"kind": "lifecycle"} | merged)
    return found


def _event(event: TicketEvent, ticket_key: str) -> list[dict[str, Any]]:
    detail = event.detail or {}
    common = {"ticket_id": ticket_key, "at": event.occurred_at}
    if event.field in HISTORY:
        if event.from_value is None and event.to_value == "new":
            common["is_birth"] = True  # the reference does not count it as a change
        return [
            {
                "kind": "change", "field": event.field, "from": event.from_value, "to": event.to_value,
                "actor_id": event.actor_key, "by_rule": event.actor_key is None, "basis": event.basis,
            }
            | common | detail
        ]  # fmt: skip
    if event.field.startswith("sla:"):
        return [{"kind": "sla", "op": event.to_value, "metric": event.field[4:]} | common | detail]
    op = {
        "redacted": "message_redacted", "attachment_redacted": "attachment_redacted",
        "made_private": "message_made_private",
    }.get(event.field, event.field)  # fmt: skip
    return [{"kind": "lifecycle", "op": op, "message_id": event.to_value} | common | detail]


def _message(message: Message, ticket: Ticket, sealed: Unsealed) -> dict[str, Any]:
    kind = {"requester": "customer"}.get(message.author_kind, message.author_kind)
    directions = {"customer": "inbound"} if message.is_public else {}
    return {
        "id": message.external_id, "ticket_id": ticket.external_id, "author_id": message.author_key,
        "author_kind": kind, "author_name": sealed.wrote(ticket, message), "public": message.is_public,
        "direction": directions.get(kind, "outbound" if message.is_public else "internal"),
        "text": sealed.as_sent(message, "body") or message.body,
        "created_at": message.sent_at, "attachments": message.attachments,
        "channel": message.channel or ticket.channel, "edited_at": message.edited_at,
        "automated": kind == "system",
    }  # fmt: skip


def _rating(rating: Rating, ticket: Ticket, agents: dict[Any, Any], sealed: Unsealed) -> dict[str, Any]:
    agent = agents.get(rating.agent_id)
    score = None if rating.score is None else float(rating.score)
    return {
        "id": rating.external_id, "source_id": rating.external_id, "ticket_id": ticket.external_id,
        "state": "offered" if rating.is_offer else "received", "raw": rating.raw, "score": score,
        "sentiment": _sentiment(score), "comment": sealed.as_sent(rating, "comment"), "reason": rating.reason,
        "agent_id": agent.external_id if agent else None, "group_id": rating.group_key,
        "responded_at": rating.rated_at, "updated_at": rating.rated_at,
        "extra": {name: str(value) for name, value in (sealed.as_sent(rating, "extra") or {}).items()},
    }  # fmt: skip


def _sentiment(score: float | None) -> str | None:
    if score is None:
        return None
    return "positive" if score > 0.5 else "negative" if score < 0.5 else "neutral"


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def load(folder: Path, name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((folder / f"{name}.expect.json").read_text())
    return case
