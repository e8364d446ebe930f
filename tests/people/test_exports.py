"""Everything that is held about one person, and the trail: lines that are whole, and noted before they are
shown."""

import json
from collections import Counter
from typing import Any

import pytest
from appeal_cases import a_reviewed_ticket
from sqlalchemy import Uuid
from sqlmodel import SQLModel
from world import World

import shared.models  # noqa: F401 (fills the metadata)
from services.people.exports.rules import HELD, NOT_HELD
from shared.trail_chain import Chain, Keys

PEOPLES_COLUMNS = {
    "acknowledged_by", "actor_id", "agent_id", "agreed_by", "assignee_id", "author_id", "checked_by",
    "checker_id", "created_by", "decided_by", "expert_id", "filed_by", "lead_id", "moved_by", "owner_id",
    "person_id", "placed_by", "published_by", "rater_id", "released_by", "requested_by", "resolver_id",
    "reviewer_id", "ruled_by", "specialist_id",
}  # fmt: skip
"""Columns that name a person, whether or not the database knows."""
OTHER_IDS = {
    "appeal_id", "audit_id", "calibration_id", "connection_id", "entry_id", "event_id", "id", "item_id",
    "notice_id", "plan_id", "replaced_by_id", "requester_id", "review_id", "run_id", "sample_id",
    "scanned_to", "schedule_id", "scorecard_id", "scorecard_version_id", "signed_id", "subject_id",
    "supersedes_id", "ticket_id", "vendor_id",
}  # fmt: skip


async def export(world: World, person: str, *, by: str | None = None, path: str = "") -> list[dict[str, Any]]:
    path = path or f"/people/people/{person}/export"
    answer = await world.client.get(path, headers=world.as_(by))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


# ---- Nothing is forgotten ---------------------------------------------------------------------------


def test_every_column_that_can_name_a_person_is_exported_or_argued_away() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if column.name in PEOPLES_COLUMNS
        or any(key.target_fullname == "person.id" for key in column.foreign_keys)
    }
    held = {f"{table}.{column}" for table, one in HELD.items() for column in one.columns}
    assert named - held - NOT_HELD.keys() == set()
    assert held - named == {"person.id", "help_desk_agent.id"}


def test_every_id_is_known_to_name_a_person_or_something_else() -> None:
    ids = {
        column.name
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Uuid)
    }
    assert ids == PEOPLES_COLUMNS | OTHER_IDS


def test_what_is_left_out_is_there() -> None:
    for table, held in HELD.items():
        named = {*held.columns, *held.without, *held.listed}
        assert named <= set(SQLModel.metadata.tables[table].columns.keys()), table


# ---- What is in it ----------------------------------------------------------------------------------


async def test_an_agent_is_given_what_is_held_about_them(world: World) -> None:
    # given an agent whose work was reviewed, and who appealed
    case = await a_reviewed_ticket(world)
    await case.rule(await case.taken(), "upheld")
    # when they ask for what is held about them
    *lines, last = await export(world, case.agent, by=case.agent)
    # then it is there, and adds up
    assert Counter(line["table"] for line in lines) == Counter(last["summary"])
    assert {
        "person",
        "help_desk_agent",
        "ticket",
        "ticket_fact",
        "audit",
        "review",
        "appeal",
        "trail_entry",
    } <= {line["table"] for line in lines}
    (review,) = (line["row"] for line in lines if line["table"] == "review")
    assert review["id"] == case.review["id"]
    assert float(review["score"]) == pytest.approx(67.5)


async def test_it_says_neither_who_reviewed_nor_what_requesters_wrote(world: World) -> None:
    case = await a_reviewed_ticket(world)
    text = json.dumps(await export(world, case.agent, by=case.agent))
    assert case.reviewer not in text
    assert "subject" not in {name for line in json.loads(text)[:-1] for name in line["row"]} - {"subject_id"}


async def test_a_lead_exports_what_is_held_about_somebody_else(world: World) -> None:
    case = await a_reviewed_ticket(world)
    lead = await world.person("lead")
    *_, last = await export(world, case.reviewer, by=lead)
    assert last["summary"]["review_author"] == 1
    assert last["left_out"] == ["service_token"]


async def test_what_others_did_to_somebody_is_exported_to_leads_and_does_not_tell_on_them(
    world: World,
) -> None:
    # given an agent whose record was changed, and exported, by an administrator
    case = await a_reviewed_ticket(world)
    await case.change(case.agent, name="Another name")
    await export(world, case.agent)
    # then whoever exports for them finds what was done to their record
    actions = [entry["action"] for entry in await trail_of(world, case.agent)]
    assert {"people.update", "people.export"} <= set(actions)
    # and they themselves find what they did, and not who did what to them
    await export(world, case.agent, by=case.agent)
    own = await trail_of(world, case.agent, by=case.agent)
    assert {entry["actor_id"] for entry in own} == {case.agent}


async def trail_of(world: World, person: str, *, by: str | None = None) -> list[dict[str, Any]]:
    *lines, _ = await export(world, person, by=by)
    return [line["row"] for line in lines if line["table"] == "trail_entry"]


async def test_others_export_themselves_only(world: World) -> None:
    # given an agent, the lead of their team, and a stranger of another vendor
    case = await a_reviewed_ticket(world)
    team_lead = await world.person("team_lead", vendor_id=case.review["vendor_id"])
    await case.change(case.agent, lead_id=team_lead)
    stranger = await world.person("agent", vendor_id=await world.vendor("another"))
    path = f"/people/people/{case.agent}/export"
    # then who sees the person is refused, and to whom they are nobody gets what is not there
    await world.get(path, by=team_lead, status=403)
    await world.get(path, by=stranger, status=404)


async def test_an_export_is_noted_with_its_purpose_before_it_is_shown(world: World) -> None:
    case = await a_reviewed_ticket(world)
    headers = world.as_() | {"x-purpose": "asked for by the agent on 4 March"}
    await world.client.get(f"/people/people/{case.agent}/export", headers=headers)
    (entry,) = (await world.get("/people/trail?action=people.export"))["items"]
    assert entry["reads"] == [{"action": "people.export", "ids": [case.agent]}]
    assert entry["purpose"] == "asked for by the agent on 4 March"


@pytest.mark.parametrize("purpose", ["x" * 501, "asked for by jane@example.com"])
async def test_a_purpose_has_an_end_and_names_no_address(world: World, purpose: str) -> None:
    """What is in the trail cannot be taken out of it."""
    answer = await world.client.get("/people/viewer", headers=world.as_() | {"x-purpose": purpose})
    assert answer.status_code == 422
    assert purpose not in answer.text


# ---- The trail ----------------------------------------------------------------------------------------


async def test_the_trail_is_given_as_it_is_chained(world: World) -> None:
    # given a few entries that are chained
    await a_reviewed_ticket(world)
    async with world.worker.db.transaction() as session:
        await Chain(Keys.of(world.app.state.settings)).seal(session)
    # when the trail is asked for
    links = await export(world, "", path="/people/trail/export")
    # then each link has its entry, in order
    assert [link["number"] for link in links] == list(range(1, len(links) + 1))
    assert all(link["entry"]["id"] and len(link["hash"]) == 64 for link in links)
    assert len(links) > 10
