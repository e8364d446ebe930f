"""What became of a shift, read again with nothing but lists and dictionaries: `faults` is empty where no rule
was broken, nothing was two people's, and nothing waits that somebody may have."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from shift import POLICY, WEIGHTS
from sqlmodel import select

from shared.db import Database
from shared.models.assignment import Claim, DistressOptOut, SpecialistProfile
from shared.models.audit import Audit, Review
from shared.models.feedback import Ticket
from shared.models.people import Person


class Told:
    """Everything of the shift, as the owner of the database sees it."""

    @classmethod
    async def of(cls, db: Database) -> "Told":
        told = cls()
        async with db.transaction() as session:
            told.audits = list(await session.scalars(select(Audit)))
            told.reviews = Counter(review.audit_id for review in await session.scalars(select(Review)))
            told.people = {one.id: one for one in await session.scalars(select(Person))}
            told.tickets = {one.id: one for one in await session.scalars(select(Ticket))}
            told.profiles = {one.person_id: one for one in await session.scalars(select(SpecialistProfile))}
            told.opted_out = {one.person_id for one in await session.scalars(select(DistressOptOut))}
            turns = sorted(await session.scalars(select(Claim)), key=lambda claim: claim.claimed_at)
        told.by_audit, told.by_specialist = defaultdict(list), defaultdict(list)
        for claim in turns:
            told.by_audit[claim.audit_id].append(claim)
            told.by_specialist[claim.specialist_id].append(claim)
        return told

    audits: list[Audit]
    reviews: Counter[Any]
    people: dict[Any, Person]
    tickets: dict[Any, Ticket]
    profiles: dict[Any, SpecialistProfile]
    opted_out: set[Any]
    by_audit: dict[Any, list[Claim]]
    by_specialist: dict[Any, list[Claim]]

    def weight(self, ticket_id: Any) -> int:
        return sum(WEIGHTS.get(tag, 0) for tag in self.tickets[ticket_id].tags or ())

    def met(self, who: Any) -> Counter[Any]:
        return Counter(c.agent_id for c in self.by_specialist[who] if c.ending in {None, "reviewed"})

    def read(self, who: Any) -> int:
        """The weight of all they had."""
        return sum(self.weight(claim.ticket_id) for claim in self.by_specialist[who])

    def claimed(self, who: Any) -> int:
        """What counts for their share of the day."""
        return sum(claim.ending != "declined" for claim in self.by_specialist[who])

    def passed_on(self, who: Any) -> set[Any]:
        return {c.audit_id for c in self.by_specialist[who] if c.ending in {"skipped", "declined"}}

    def never(self, who: Any, agent_id: Any, ticket_id: Any) -> Iterable[str]:
        """Why it is nothing for them, whatever came before."""
        me, agent, profile = self.people[who], self.people[agent_id], self.profiles[who]
        ticket = self.tickets[ticket_id]
        if agent_id == who or agent.lead_id == who:
            yield "their own"
        if me.lead_id is not None and agent.lead_id == me.lead_id:
            yield "their own team's"
        if me.vendor_id is not None and agent.vendor_id == me.vendor_id:
            yield "their own vendor's"
        if profile.languages is not None and str(ticket.language)[:2] not in profile.languages:
            yield "in a language they do not know"
        if profile.skills is not None and "billing" in (ticket.tags or ()):
            yield "without the skill"
        if who in self.opted_out and self.weight(ticket_id):
            yield "distressing"


def faults(told: Told) -> list[str]:
    found = [fault for audit in told.audits for fault in _of_audit(told, audit)]
    found += [fault for who in told.profiles for fault in _of_specialist(told, who)]
    return found + _left_lying(told)


def _of_audit(told: Told, audit: Audit) -> Iterable[str]:
    turns = told.by_audit[audit.id]
    for one, following in pairwise(turns):
        if one.ended_at is None or one.ended_at > following.claimed_at:
            yield f"{audit.id} was two people's at once"
    reviewed = (sum(one.ending == "reviewed" for one in turns), told.reviews[audit.id])
    if reviewed != ((1, 1) if audit.state == "reviewed" else (0, 0)):
        yield f"{audit.id} is {audit.state}, with {reviewed} turns and reviews"
    if (audit.state == "claimed") != any(one.ended_at is None for one in turns):
        yield f"{audit.id} is {audit.state}, which is not what its turns say"


def _of_specialist(told: Told, who: Any) -> Iterable[str]:
    profile, turns = told.profiles[who], told.by_specialist[who]
    if max(told.met(who).values(), default=0) > POLICY["pair_limit"]:
        yield f"{who} met one agent too often"
    if told.read(who) > POLICY["distress_a_day"]:
        yield f"{who} had to read too much"
    if profile.claims_a_day is not None and told.claimed(who) > profile.claims_a_day:
        yield f"{who} claimed {told.claimed(who)}"
    if _most_open(turns) > (profile.open_at_once or 0):
        yield f"{who} had {_most_open(turns)} open"
    passed = set()
    for turn in turns:
        if turn.audit_id in passed:
            yield f"{who} was offered {turn.audit_id} again"
        if turn.ending in {"skipped", "declined"}:
            passed.add(turn.audit_id)
        for bar in told.never(who, turn.agent_id, turn.ticket_id):
            yield f"{who} had {turn.audit_id}: {bar}"


def _most_open(turns: list[Claim]) -> int:
    changes = [(turn.claimed_at, 1) for turn in turns]
    changes += [(turn.ended_at, -1) for turn in turns if turn.ended_at is not None]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def _left_lying(told: Told) -> list[str]:
    """What still waits although somebody may have it."""
    found = []
    for who, profile in told.profiles.items():
        met, read, passed = told.met(who), told.read(who), told.passed_on(who)
        # A vendor's specialists see that vendor's work alone, which by this policy is not for them.
        if told.people[who].vendor_id is not None:
            continue
        if profile.claims_a_day is not None and told.claimed(who) >= profile.claims_a_day:
            continue
        found += [
            f"{audit.id} waits although {who} may have it"
            for audit in told.audits
            if audit.state == "open"
            and met[audit.agent_id] < POLICY["pair_limit"]
            and not (weight := told.weight(audit.ticket_id)) * (read + weight > POLICY["distress_a_day"])
            and audit.id not in passed
            and not any(told.never(who, audit.agent_id, audit.ticket_id))
        ]
    return found
